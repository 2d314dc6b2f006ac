/** A list is read in pages by key: `after` is the `next` of the page before. */
export interface PageRequest {
  readonly after?: string | undefined;
  readonly limit: number;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  /** Where the next page starts; null on the last one. */
  readonly next: string | null;
}

/** An `after` that no page has given. */
export class CursorError extends Error {
  readonly code = 'cursor-invalid';

  constructor(cursor: string) {
    super(`"${cursor.slice(0, 80)}" is not the "next" of a page of this list; start again without "after"`);
    this.name = 'CursorError';
  }
}

/** Of an integer column. */
const largestId = 2_147_483_647;

/** The id that an `after` stands for; 0 where the list starts. @throws CursorError */
export function idAfter(after: string | undefined, fallback = 0): number {
  if (after === undefined) return fallback;
  if (!/^\d{1,10}$/.test(after) || Number(after) > largestId) throw new CursorError(after);
  return Number(after);
}

/** Cuts the row that was read beyond the limit only to know whether there is another page. */
export function pageOf<Row>(
  rows: readonly Row[],
  limit: number,
  cursorOf: (row: Row) => string,
): { readonly rows: readonly Row[]; readonly next: string | null } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { rows: page, next: rows.length > limit && last !== undefined ? cursorOf(last) : null };
}
