import { z } from 'zod';
import type { SourceTeam } from '../domain/account.ts';
import { fold, normalise } from '../domain/text.ts';

/** No identity value of a directory or an ACD is longer; in UTF-16 code units. */
const longestValue = 4096;

// NUL and halves of surrogate pairs cannot be stored, control characters hide in a name, and U+FFFD stands where bytes were
// not in the encoding that was read: with any of them a value would be kept and matched that the source never said.
// eslint-disable-next-line no-control-regex -- they are what is looked for
const unusable = /[\u0000-\u001f\u007f-\u009f\ufffd]/;

/** One text value at the edge (spec 2.2). Its messages hold nothing of the value. */
export const valueSchema = z
  .string()
  .max(longestValue, `is longer than ${String(longestValue)} characters`)
  .refine((text) => !text.includes('\ufffd'), 'holds bytes that are not in the encoding that was read')
  .refine((text) => !unusable.test(text), 'holds control characters')
  .refine((text) => text.isWellFormed(), 'holds half a character');

/** Why a text cannot be used as a value, or undefined where it can. */
export function valueProblem(text: string): string | undefined {
  // A file has millions of values, of which next to none is bad: only those are worth a schema's report.
  if (text.length <= longestValue && !unusable.test(text) && text.isWellFormed()) return undefined;
  return valueSchema.safeParse(text).error?.issues[0]?.message;
}

/** Text as an account holds it: normalised, and null where nothing is left (*empty*, spec 2.3). */
export function valueOrEmpty(text: string): string | null {
  const value = normalise(text);
  return value === '' ? null : value;
}

/** Text for looking something up by name, without case (spec 2.4). */
export function nameKey(name: string): string {
  return fold(name);
}

/** The names of a list such as `Sales; Support`, without empty ones. */
export function splitList(text: string): string[] {
  return text
    .split(';')
    .map((part) => normalise(part))
    .filter((part) => part !== '');
}

/** Teams of a source that knows them by name only (spec 11.1); one that is named twice counts once. */
export function teamsNamed(names: readonly string[]): SourceTeam[] {
  return [...new Map(names.map((name) => [fold(name), { id: fold(name), name }])).values()];
}

/** Words that say whether somebody is disabled, as exports and directories write them (inetUserStatus and the like). */
const states: ReadonlyMap<string, boolean> = new Map([
  ...['disabled', 'inactive', 'deactivated', 'locked', 'suspended', 'deleted', 'terminated'].map(
    (word) => [word, true] as const,
  ),
  ...['enabled', 'active', 'activated'].map((word) => [word, false] as const),
]);

/** Whether a word says that somebody is disabled; undefined where it says nothing of it. */
export function readState(text: string): boolean | undefined {
  return states.get(text.trim().toLowerCase());
}

const yes: ReadonlySet<string> = new Set(['true', 'yes', 'y', '1', 'x', 'on']);
const no: ReadonlySet<string> = new Set(['false', 'no', 'n', '0', '', 'off']);

/** A yes or no as exports write it, in any case, empty being no; undefined where it is neither. */
export function readFlag(text: string): boolean | undefined {
  const word = text.trim().toLowerCase();
  return yes.has(word) ? true : no.has(word) ? false : undefined;
}
