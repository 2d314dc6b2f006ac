import type { Field } from './fields.ts';
import type { Snapshot, Words } from './user.ts';

/** By a snapshot of any link, current or ended (spec 5.4). */
export function isSupplied(snapshots: readonly Pick<Snapshot, 'values'>[], field: Field): boolean {
  return snapshots.some((snapshot) => snapshot.values[field] !== undefined);
}

/** Where a person's value of a field is kept: as an override where a source supplies the field (spec 5.4). */
export function placeOfValue(
  words: Words,
  snapshots: readonly Pick<Snapshot, 'values'>[],
  field: Field,
): 'overrides' | 'localValues' {
  // An attribute that a person has set is never overwritten, also not by a source that begins to supply it (spec 12.1).
  const pinned = isSupplied(snapshots, field) || words.overrides[field] !== undefined || field.startsWith('attribute.');
  return pinned ? 'overrides' : 'localValues';
}
