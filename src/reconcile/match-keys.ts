import type { Field } from '../domain/fields.ts';
import { fold } from '../domain/text.ts';
import type { FieldValues, Snapshot } from '../domain/user.ts';

const separator = '\u001f';

/** A rule's name in keys and links: its fields, joined. */
export function ruleName(rule: readonly Field[]): string {
  return rule.join('+');
}

/**
 * An account's key for each of its source's rules, in their order; null where a field is empty or not read (spec 4.2).
 * Two things match by a rule when their keys are equal.
 */
export function accountKeys(
  values: Readonly<Partial<Record<Field, string | null>>>,
  match: readonly (readonly Field[])[],
): (string | null)[] {
  return match.map((rule) =>
    keyOf(
      rule,
      rule.map((field) => fold(values[field] ?? '')),
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
  rules: readonly (readonly Field[])[],
): string[] {
  const voices = [own, ...linkedSnapshots.map((snapshot) => snapshot.values)];
  const keys = new Set<string>();
  for (const rule of rules) {
    let combinations: string[][] = [[]];
    for (const field of rule) {
      // Mostly all say the same: each spelling is folded once.
      const spellings = new Set(voices.map((voice) => voice[field] ?? ''));
      const values = new Set([...spellings].map(fold));
      combinations = combinations.flatMap((combination) => [...values].map((value) => [...combination, value]));
    }
    for (const combination of combinations) {
      const key = keyOf(rule, combination);
      if (key !== null) keys.add(key);
    }
  }
  return [...keys].sort();
}

function keyOf(rule: readonly Field[], folded: readonly string[]): string | null {
  return folded.includes('') ? null : [ruleName(rule), ...folded].join(separator);
}

/** The rules of several sources, each once. */
export function distinctRules(matches: readonly (readonly (readonly Field[])[])[]): (readonly Field[])[] {
  return [...new Map(matches.flat().map((rule) => [ruleName(rule), rule])).values()];
}
