import { digestOf } from '../digest.ts';
import type { Field } from '../domain/fields.ts';
import { fold } from '../domain/text.ts';
import type { FieldValues, Snapshot } from '../domain/user.ts';
import { saysNothing } from './nobody.ts';

const separator = '\u001f';

/** What an index can hold of a key, beside the rule's name. */
const mostBytes = 2_000;

/** By what somebody is found. */
export interface Matching {
  /** Correlation rules in order; each is a set of fields that must all be equal and non-empty (spec 4.2). */
  readonly match: readonly (readonly Field[])[];
  /** Words that identify nobody (spec 4.11), folded. */
  readonly placeholders: readonly string[];
}

/** A rule's name in keys and links: its fields, joined. */
export function ruleName(rule: readonly Field[]): string {
  return rule.join('+');
}

/**
 * An account's key for each of its source's rules, in their order; null where a field is empty or not read (spec 4.2), or says
 * nothing (spec 4.11). Two things match by a rule when their keys are equal.
 */
export function accountKeys(
  values: Readonly<Partial<Record<Field, string | null>>>,
  { match, placeholders }: Matching,
): (string | null)[] {
  return match.map((rule) =>
    keyOf(
      rule,
      rule.map((field) => fold(values[field] ?? '')),
      placeholders,
    ),
  );
}

/**
 * Every key under which a user is found: for each rule, each combination of the user's own values and those of the
 * applied snapshots of their current links (spec 4.2). Derived values are no part of it.
 */
export function userKeys(
  own: FieldValues,
  linkedSnapshots: readonly Pick<Snapshot, 'values'>[],
  { match, placeholders }: Matching,
): string[] {
  const voices = [own, ...linkedSnapshots.map((snapshot) => snapshot.values)];
  const keys = new Set<string>();
  for (const rule of match) {
    let combinations: string[][] = [[]];
    for (const field of rule) {
      // Mostly all say the same: each spelling is folded once.
      const spellings = new Set(voices.map((voice) => voice[field] ?? ''));
      const values = new Set([...spellings].map(fold));
      combinations = combinations.flatMap((combination) => [...values].map((value) => [...combination, value]));
    }
    for (const combination of combinations) {
      const key = keyOf(rule, combination, placeholders);
      if (key !== null) keys.add(key);
    }
  }
  return [...keys].sort();
}

function keyOf(rule: readonly Field[], folded: readonly string[], placeholders: readonly string[]): string | null {
  return folded.some((text) => saysNothing(text, placeholders)) ? null : joined(ruleName(rule), folded);
}

/** Of values that are too long together, a digest and how the first one starts: equal values have equal keys. */
function joined(rule: string, folded: readonly string[]): string {
  const values = folded.join(separator);
  // A character takes at most three bytes for each of its code units.
  if (values.length <= mostBytes / 3 || Buffer.byteLength(values) <= mostBytes) return [rule, values].join(separator);
  return [rule, `${values.slice(0, 40).toWellFormed()}… ${digestOf(values)}`].join(separator);
}

/** The key of one field's value, as a rule of this field alone would have it. */
export function fieldKey(field: Field, value: string): string {
  return joined(field, [fold(value)]);
}

/** What a key says: the rule's fields and the folded values. */
export function readKey(key: string): { readonly rule: string; readonly values: readonly string[] } {
  const [rule = '', ...values] = key.split(separator);
  return { rule, values };
}

/** The rules of several sources, each once. All sources have the same words that identify nobody. */
export function distinctRules(sources: readonly Matching[]): Matching {
  const rules = sources.flatMap(({ match }) => match.map((rule) => [ruleName(rule), rule] as const));
  return { match: [...new Map(rules).values()], placeholders: sources[0]?.placeholders ?? [] };
}
