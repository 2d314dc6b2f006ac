import type { JsonObject } from '../../src/connector-kit/http/json.ts';
import { isJsonObject } from '../../src/connector-kit/http/json.ts';

/** What a user has in one text, by the names that `mapping` uses; on the wire without case. */
export const scalarFields = [
  'id',
  'userName',
  'firstName',
  'lastName',
  'eMail',
  'mobilePhone',
  'languageId',
  'groupId',
  'userGroupName',
  'profileName',
] as const;

/** Put together from several elements. */
export const skillsField = 'skills';

/** Where the type of a user may stand: the vendor's pages show the types, and no answer with one. */
export const typeFields = ['userType', 'userTypeName', 'type', 'typeName'] as const;

/** Names in lower case, of objects in which a name was not found as it is written. */
const withoutCase = new WeakMap<JsonObject, ReadonlyMap<string, unknown>>();

/** The value of a name, without case; undefined where there is none. */
export function member(object: JsonObject | undefined, name: string): unknown {
  if (object === undefined) return undefined;
  if (Object.hasOwn(object, name)) return object[name];
  let names = withoutCase.get(object);
  if (names === undefined) {
    names = new Map(Object.entries(object).map(([key, value]) => [key.toLowerCase(), value]));
    withoutCase.set(object, names);
  }
  return names.get(name.toLowerCase());
}

/**
 * The text of a value; '' for null, undefined for what is no single value. A number that JSON cannot hold exactly becomes U+FFFD,
 * which no value may have, so that it is not mistaken for another.
 */
export function textOf(value: unknown): string | undefined {
  if (value === null) return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  if (typeof value !== 'number') return undefined;
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? '\ufffd' : String(value);
}

/** A numeric id as text; undefined where it is none. */
export function idOf(value: unknown): string | undefined {
  const text = textOf(value)?.trim() ?? '';
  return /^\d{1,19}$/.test(text) ? text.replace(/^0+(?=\d)/, '') : undefined;
}

/** A whole number; undefined where it is none. */
export function countOf(value: unknown): number | undefined {
  const text = textOf(value)?.trim() ?? '';
  return /^-?\d{1,9}$/.test(text) ? Number(text) : undefined;
}

/** The objects of a list; undefined where it is no list. What is no object in it becomes an empty one, and is told as such. */
export function objectsOf(value: unknown): readonly JsonObject[] | undefined {
  return Array.isArray(value) ? value.map((each: unknown) => (isJsonObject(each) ? each : {})) : undefined;
}
