import type { Knex } from 'knex';

/** Values by name, as `:name` in the text; an array is one array value. */
export type Bindings = Readonly<Record<string, unknown>>;

/** Runs one statement and gives its rows. The caller states what they look like. */

export async function sqlRows<Row extends object>(knex: Knex, text: string, bindings: Bindings = {}): Promise<Row[]> {
  const result = await knex.raw<{ rows: Row[] }>(text, bindings as Record<string, Knex.RawBinding>);
  return result.rows;
}

/** The first row, or null. */

export async function sqlRow<Row extends object>(
  knex: Knex,
  text: string,
  bindings: Bindings = {},
): Promise<Row | null> {
  const [row] = await sqlRows<Row>(knex, text, bindings);
  return row ?? null;
}

/** The conditions that apply, joined; `true` where there is none. */
export function allOf(conditions: readonly (string | false | undefined)[]): string {
  const given = conditions.filter((condition) => typeof condition === 'string');
  return given.length === 0 ? 'true' : given.join(' and ');
}

/** Text as a part of a LIKE pattern that stands for itself. */
export function likeLiteral(text: string): string {
  return text.replace(/[\\%_]/g, (character) => `\\${character}`);
}

/** ISO 8601 in UTC with milliseconds. */
export function iso(at: Date): string;
export function iso(at: Date | null): string | null;
export function iso(at: Date | null): string | null {
  return at === null ? null : at.toISOString();
}
