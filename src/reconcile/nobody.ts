import { fold } from '../domain/text.ts';

const signsOrZeros = /^[\p{P}\p{S}\s0]*$/u;

/** Whether a folded text says *nothing*, and so identifies nobody (spec 4.11). `placeholders` are folded. Pure. */
export function saysNothing(folded: string, placeholders: readonly string[]): boolean {
  return signsOrZeros.test(folded) || placeholders.includes(folded);
}

/** The configured words as they are compared. */
export function foldedPlaceholders(words: readonly string[]): readonly string[] {
  return [...new Set(words.map(fold))].sort();
}
