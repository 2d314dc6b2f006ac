/** A change of a user as people and programs are told of it. */
export interface ToldChange {
  readonly field: string;
  readonly before: string | readonly string[] | null;
  readonly after: string | readonly string[] | null;
}

/**
 * Changes as an event keeps them: each is three items of one list, its field, before and after. A created user has a dozen;
 * names in each, or a list around each, would weigh as much as what they hold.
 */
export type KeptChanges = readonly (string | readonly string[] | null)[];

export function toKept(changes: readonly ToldChange[]): KeptChanges {
  return changes.flatMap(({ field, before, after }) => [field, before, after]);
}

export function fromKept<Told extends ToldChange>(kept: KeptChanges): Pick<Told, keyof ToldChange>[] {
  return kept.flatMap((field, at) =>
    at % 3 === 0 ? [{ field: field as Told['field'], before: kept[at + 1] ?? null, after: kept[at + 2] ?? null }] : [],
  );
}

/** In a statement: a table `c` of the fields that kept changes name. */
export function fieldsOfKept(changes: string): string {
  return `(select value #>> '{}' as field from ${items(changes)} where place % 3 = 1) as c`;
}

/** In a statement: kept changes with the fields that they name, and nothing of what those were and became. */
export function withoutValues(changes: string): string {
  return `coalesce((select jsonb_agg(case when place % 3 = 1 then value else 'null' end order by place) from ${items(changes)}), '[]')`;
}

function items(changes: string): string {
  return `jsonb_array_elements(${changes}) with ordinality as items(value, place)`;
}
