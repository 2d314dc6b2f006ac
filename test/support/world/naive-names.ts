import type { WorldConfig } from './config.ts';
import { sourceOf, type NaiveAccount, type NaiveState } from './naive-state.ts';

/** The same given names, written in different ways or short; a world has no others. */
const sameGiven = [
  ['Jan', 'Honza'],
  ['Zo\u00eb', 'Zoe\u0308'],
];

/** Whether a linked account seems to be another person's than the one whose names were applied (spec 8.3). */
export function seemsAnother(config: WorldConfig, state: NaiveState, account: NaiveAccount): boolean {
  const { seen, source } = account;
  if (!sourceOf(config, source).reusableIds || account.ignored) return false;
  if (seen?.read !== true || !state.readOnce.includes(source)) return false;
  const [first, last] = namesOf(account);
  const newFamily = last !== null && seen.last !== null && last.trim() !== seen.last.trim();
  if (first === null || seen.first === null || first === seen.first) return newFamily && seen.gone;
  if (sameGiven.every((names) => !names.includes(first) || !names.includes(seen.first ?? ''))) return true;
  const written = [first, seen.first].every((name) => name.startsWith('Z'));
  return newFamily && (seen.gone || !written);
}

/** Remembers what the account is called, where that was applied; one that is held back only proves to be there. */
export function noteNames(state: NaiveState, account: NaiveAccount, applied: boolean): void {
  const before = account.seen;
  const read = state.readOnce.includes(account.source);
  if (account.absent) return;
  const [first, last] = namesOf(account);
  if (before !== null && !applied && before.read === read) before.gone = false;
  else account.seen = { first: first ?? before?.first ?? null, last: last ?? before?.last ?? null, gone: false, read };
}

function namesOf({ content }: NaiveAccount): [string | null, string | null] {
  return [content.values.firstName ?? null, content.values.lastName ?? null];
}

/** Whether two people's first and last names, all of them said, have nothing in common (spec 4.12). */
export function nothingAlike(a: readonly string[], b: readonly string[]): boolean {
  const plain = (name: string): string => name.normalize('NFC').trim().toLowerCase();
  const [ofA, ofB] = [a.map(plain), b.map(plain)];
  if ([...ofA, ...ofB].includes('')) return false;
  const isSame = (one: string, other: string): boolean =>
    one === other || sameGiven.some((names) => [one, other].every((name) => names.map(plain).includes(name)));
  return !ofA.some((one) => ofB.some((other) => isSame(one, other)));
}
