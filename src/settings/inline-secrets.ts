import type { ConfigurationProblem } from './errors.ts';
import { problemAt } from './explain.ts';

/** Finds addresses that hold a password (`scheme://user:password@host`, `?password=`) anywhere in the file. */
export function findInlinePasswords(
  value: unknown,
  origins: ReadonlyMap<string, string>,
  path: readonly PropertyKey[] = [],
): ConfigurationProblem[] {
  if (typeof value === 'string') {
    const found = holdsPassword(value) || (isStoreAddress(path) && resemblesPassword(value));
    return found ? [inlinePassword(path, origins)] : [];
  }
  if (Array.isArray(value)) return value.flatMap((each, index) => findInlinePasswords(each, origins, [...path, index]));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) => findInlinePasswords(each, origins, [...path, key]));
}

function inlinePassword(path: readonly PropertyKey[], origins: ReadonlyMap<string, string>): ConfigurationProblem {
  const whole = isStoreAddress(path);
  const remedy = whole
    ? 'put the whole address into a variable or a file and write {env: NAME} or {file: PATH}'
    : 'take it out of the address and use the key for the password, with {env: NAME} or {file: PATH}';
  return problemAt(path, { at: [], origins }, `is an address that holds a password (not shown); ${remedy}`);
}

function isStoreAddress(path: readonly PropertyKey[]): boolean {
  return path.length === 1 && (path[0] === 'database' || path[0] === 'queue');
}

function holdsPassword(value: string): boolean {
  return (
    /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*:[^/?#]*@/i.test(value) ||
    // `sslpassword` and the like are no better than `password`.
    /^[a-z][a-z0-9+.-]*:\/\/.*[?&][^=&#]*(pass|pwd|secret|token)[^=&#]*=./i.test(value)
  );
}

/** What people write in place of an address: a connection string, or an address without its scheme. */
function resemblesPassword(value: string): boolean {
  return /(pass\w*|pwd)\s*=\s*\S/i.test(value) || /:[^/?#@]*@/.test(value);
}
