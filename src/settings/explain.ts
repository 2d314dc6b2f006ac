import type { $ZodIssue, $ZodIssueInvalidKey, $ZodType } from 'zod/v4/core';
import type { ConfigurationProblem } from './errors.ts';
import { isMapping, keyPath, valueAt } from './key-path.ts';
import { allowedKeys, description, isScalarPlace, schemaAt } from './schema-walk.ts';

/** What is needed to say where a value came from and what would be right there. */
export interface Judged {
  readonly schema: $ZodType;
  /** The value that the schema judged. */
  readonly input: unknown;
  /** Where that value stands in the configuration. */
  readonly at: readonly PropertyKey[];
  readonly origins: ReadonlyMap<string, string>;
  /** Keys allowed at the top of the value beside those of the schema. */
  readonly furtherKeys?: readonly string[];
}

/** Turns what zod found into problems that name key, origin, what was found (never a secret) and what is allowed. */
export function explainIssues(issues: readonly $ZodIssue[], judged: Judged): ConfigurationProblem[] {
  return issues.flatMap((issue) => explainIssue(issue, judged));
}

function explainIssue(issue: $ZodIssue, judged: Judged): ConfigurationProblem[] {
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey([...issue.path, key], judged));
    case 'invalid_key':
      return [refusedKey(issue, judged)];
    case 'invalid_union':
      return explainUnion(issue.errors, issue, judged);
    default:
      return [wrongValue(issue, judged)];
  }
}

/** Of several shapes the one that fits best speaks: the one with the fewest complaints. */
function explainUnion(
  branches: readonly (readonly $ZodIssue[])[],
  issue: $ZodIssue,
  judged: Judged,
): ConfigurationProblem[] {
  const [best] = branches.toSorted((a, b) => a.length - b.length);
  if (best === undefined || best.length === 0) return [wrongValue(issue, judged)];
  return best.flatMap((each) => explainIssue({ ...each, path: [...issue.path, ...each.path] }, judged));
}

function refusedKey(issue: $ZodIssueInvalidKey, judged: Judged): ConfigurationProblem {
  const outOfScope = issue.issues.find((each) => each.code === 'custom' && each.params?.['outOfScope'] === true);
  return outOfScope === undefined ? unknownKey(issue.path, judged) : problemAt(issue.path, judged, outOfScope.message);
}

function unknownKey(path: readonly PropertyKey[], judged: Judged): ConfigurationProblem {
  const key = String(path.at(-1));
  const parent = path.slice(0, -1);
  const place = schemaAt(judged.schema, parent);
  const further = parent.length === 0 ? (judged.furtherKeys ?? []) : [];
  const allowed = [...further, ...((place && allowedKeys(place)) ?? [])];
  return problemAt(path, judged, `is not a known key${suggestion(key, allowed)}; allowed are ${allowed.join(', ')}`);
}

function wrongValue(issue: $ZodIssue, judged: Judged): ConfigurationProblem {
  const value = valueAt(judged.input, issue.path);
  const place = schemaAt(judged.schema, issue.path);
  const secret = issue.code === 'custom' && issue.params?.['secret'] === true;
  const found = describeFound(value, !secret && place !== undefined && isScalarPlace(place), issue.path);
  return problemAt(issue.path, judged, `${found}; ${whatIsAllowed(issue, value, place, judged)}`);
}

function whatIsAllowed(issue: $ZodIssue, value: unknown, place: $ZodType | undefined, judged: Judged): string {
  if (issue.code === 'custom') return issue.message;
  if (issue.code === 'invalid_value') {
    const values = issue.values.map(String);
    return `allowed: ${values.join(', ')}${typeof value === 'string' ? suggestion(value, values) : ''}`;
  }
  const said = place && description(place);
  if (said !== undefined) return `must be ${said}`;
  if (issue.code === 'invalid_type') return `must be ${typeName(issue.expected, place, issue.path, judged)}`;
  if (issue.code === 'too_small' && issue.minimum === 1 && issue.origin !== 'number') return 'must not be empty';
  if (issue.code === 'too_small') return `must be at least ${issue.minimum}${unit(issue.origin)}`;
  if (issue.code === 'too_big') return `must be at most ${issue.maximum}${unit(issue.origin)}`;
  return issue.message;
}

function unit(origin: string): string {
  if (origin === 'array') return ' entries';
  return origin === 'string' ? ' characters' : '';
}

function typeName(expected: string, place: $ZodType | undefined, path: readonly PropertyKey[], judged: Judged): string {
  const names: Readonly<Record<string, string>> = {
    string: 'text',
    number: 'a number',
    int: 'a whole number',
    boolean: 'true or false',
    array: 'a list',
  };
  const name = names[expected];
  if (name !== undefined) return name;
  const keys = [...(path.length === 0 ? (judged.furtherKeys ?? []) : []), ...((place && allowedKeys(place)) ?? [])];
  return keys.length === 0 ? 'a mapping' : `a mapping with the keys ${keys.join(', ')}`;
}

/** A problem of the value at `path` below the judged value, with the origin of the nearest thing that is written. */
export function problemAt(
  path: readonly PropertyKey[],
  judged: Pick<Judged, 'at' | 'origins'>,
  message: string,
): ConfigurationProblem {
  const whole = [...judged.at, ...path];
  return { key: keyPath(shownPath(whole)), origin: nearestOrigin(whole, judged.origins), message };
}

function nearestOrigin(path: readonly PropertyKey[], origins: ReadonlyMap<string, string>): string {
  for (let length = path.length; length >= 0; length -= 1) {
    const origin = origins.get(keyPath(path.slice(0, length)));
    if (origin !== undefined) return origin;
  }
  return 'default';
}

const telling = /pass|secret|token|credential|pwd|(^|[a-z])key$/i;

/** The path as it is printed: a key that stands where a secret belongs, or looks like one, may be it. */
function shownPath(path: readonly PropertyKey[]): readonly PropertyKey[] {
  const secretAt = path.findIndex((part) => typeof part === 'string' && telling.test(part));
  return path.map((part, index) => {
    if (typeof part !== 'string' || secretKeys.includes(part)) return part;
    return (secretAt >= 0 && index > secretAt) || resemblesSecret(part) ? '(key not shown)' : part;
  });
}

/** What stands below a secret's key by rights. */
const secretKeys: readonly string[] = ['env', 'file'];

/**
 * Text that may hold a password beside what it should be: pairs of name and value, log-in and password with a colon, or
 * anything before an `@`. An address without these is shown.
 */
function resemblesSecret(text: string): boolean {
  const withoutAddress = text.replace(/^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@:]*(:\d{1,5})?(?=[/?#]|$)/i, '');
  // A colon between digits is a time of day.
  return /[=@]|(?<!\d):(?!\s)|:(?![\d\s])/.test(withoutAddress);
}

/** What stands there, in a few words. Text is shown only where a plain value belongs and its key does not sound like a secret. */
function describeFound(value: unknown, mayShow: boolean, path: readonly PropertyKey[]): string {
  if (value === undefined) return 'is missing';
  if (value === null) return 'has no value';
  if (Array.isArray(value)) return 'is a list';
  if (isMapping(value)) return 'is a mapping';
  const secret = path.some((part) => typeof part === 'string' && telling.test(part));
  if (!mayShow || secret || (typeof value === 'string' && resemblesSecret(value)))
    return `is ${kindOfScalar(value)} (not shown)`;
  return `is ${show(value)}`;
}

function kindOfScalar(value: unknown): string {
  if (typeof value === 'string') return 'text';
  return typeof value === 'boolean' ? 'true or false' : 'a number';
}

/** A value as it is printed: quoted, without control characters, cut, and never with what stands before an @ in an address. */
export function show(value: unknown): string {
  if (typeof value !== 'string') return String(value);
  const masked = value.replace(/:\/\/.*@/s, '://*****@');
  return JSON.stringify(masked.length > 80 ? `${masked.slice(0, 77)}...` : masked);
}

/** ` (did you mean X?)` where one of the allowed words is near or begins like this one. */
export function suggestion(word: string, allowed: readonly string[]): string {
  const near = Math.floor(word.length / 3);
  const [best] = allowed
    .map((candidate) => ({ candidate, distance: distanceBetween(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ distance }) => distance <= near)
    .toSorted((a, b) => a.distance - b.distance);
  return best === undefined ? '' : ` (did you mean ${best.candidate}?)`;
}

function distanceBetween(word: string, candidate: string): number {
  return word.length >= 3 && candidate.startsWith(word) ? 1 : editDistance(word, candidate);
}

/** Insertions, deletions, substitutions, and swaps of neighbours (optimal string alignment). */
function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  const at = (row: number, column: number): number => rows[row]?.[column] ?? 0;
  for (let row = 1; row <= a.length; row += 1) {
    rows.push([row]);
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1] ? 0 : 1;
      let best = Math.min(at(row - 1, column) + 1, at(row, column - 1) + 1, at(row - 1, column - 1) + same);
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) best = Math.min(best, at(row - 2, column - 2) + 1);
      rows[row]?.push(best);
    }
  }
  return at(a.length, b.length);
}
