import { z } from 'zod';
import { seenText } from '../api/schemas/common.ts';

/** What forms and addresses are read with: a field that was left empty says nothing. */
const emptyIsNothing = (given: unknown): unknown =>
  typeof given === 'string' && given.trim() === '' ? undefined : given;

/** A text that may be left out. */
export function optionalText(most: number) {
  return z.preprocess(emptyIsNothing, z.string().max(most).optional());
}

/** One of some words, or nothing. */
export function optionalOf<const Words extends readonly string[]>(words: Words) {
  return z.preprocess(emptyIsNothing, z.enum(words).optional());
}

/** Why a person does it; kept in the history. */
export const optionalReason = z.preprocess(emptyIsNothing, seenText.trim().max(1_000).optional());

/** Where a form comes back to; what is no path of ours is not followed (`localPath`). */
export const back = z.string().max(2_000).optional();

/** Beside its own fields every form carries the proof that it is ours. */
export const formBase = { csrf: z.string().max(200).optional(), back } as const;

/** A day as browsers send it; the end of that day in the zone of the console is meant. */
export const optionalDay = z.preprocess(emptyIsNothing, z.iso.date().optional());

export const idInPath = z
  .string()
  .regex(/^[1-9]\d{0,9}$/)
  .transform(Number)
  .pipe(z.int().max(2_147_483_647));

/** The key that the page before ended with. */
export const after = optionalText(2_000);
