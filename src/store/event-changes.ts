/** A change of a user as people and programs are told of it. */
export interface ToldChange {
  readonly field: string;
  readonly before: string | readonly string[] | null;
  readonly after: string | readonly string[] | null;
}

/** A change as an event keeps it: a created user has a dozen, and names in each would weigh as much as what they name. */
export type KeptChange<Told extends ToldChange> = readonly [
  field: Told['field'],
  before: Told['before'],
  after: Told['after'],
];

export function toKept<Told extends ToldChange>(changes: readonly Told[]): KeptChange<Told>[] {
  return changes.map(({ field, before, after }) => [field, before, after]);
}

export function fromKept<Told extends ToldChange>(
  changes: readonly KeptChange<Told>[],
): Pick<Told, keyof ToldChange>[] {
  return changes.map(([field, before, after]) => ({ field, before, after }));
}
