import { fold } from './text.ts';
import type { FieldValues } from './user.ts';

/** Changes with what is derived of a user for finding them, so that what is stored is derived anew. */
export const searchTextVersion = 2;

/** Letters that are no letter with a mark, as people type them who do not have them. */
const letters: Readonly<Record<string, string>> = {
  ø: 'o',
  đ: 'd',
  ð: 'd',
  ł: 'l',
  æ: 'ae',
  œ: 'oe',
  ı: 'i',
  þ: 'th',
  ħ: 'h',
};

const plain = /^[ -~]*$/;

/** Text as it is searched: folded, without accents (spec 15.2). */
export function searchable(text: string): string {
  const folded = fold(text);
  if (plain.test(folded)) return folded;
  const bare = folded.normalize('NFD').replace(/\p{M}/gu, '').normalize('NFC');
  return bare.replace(/[øđðłæœıþħ]/g, (letter) => letters[letter] ?? letter);
}

/** What a user is found by: every name, login, id and address. */
export function searchTextOf(fields: FieldValues): string {
  const { username, firstName, lastName, displayName, email, windowsLogin, employeeId, acdId, numericId } = fields;
  const texts = [firstName, lastName, displayName, username, email, windowsLogin, employeeId, acdId, numericId]
    .filter((text) => text !== undefined)
    .map(searchable);
  return [...new Set(texts)].join(' ');
}
