import { z } from 'zod';
import type { BulkAction } from '../../../users/bulk.ts';
import { selectionOf, userQuery } from '../users/query.ts';
import type { UserSelection } from '../../../api/schemas/users.ts';

/** Above this a word has to be typed. */
export const mostWithoutWord = 100;

/** What an action has to know beside whom it is about. */
export function needsOf(action: BulkAction): 'team' | 'role' | 'field' | null {
  if (action === 'withdraw-main-team') return null;
  if (action === 'withdraw-field') return 'field';
  if (action.endsWith('-role')) return 'role';
  return /-(team|supervisor)$/.test(action) ? 'team' : null;
}

/** The list that somebody chose from. */
type Origin = { readonly of: 'users'; readonly filter: UserSelection } | { readonly of: 'worklist' };

/** Reads the address of a list; null where it is none that users can be chosen from. */
export function originOf(address: string): Origin | null {
  const { pathname, searchParams } = new URL(address, 'http://here');
  if (pathname === '/worklist') return { of: 'worklist' };
  if (pathname !== '/users') return null;
  const query = userQuery.safeParse(Object.fromEntries(searchParams));
  return query.success ? { of: 'users', filter: selectionOf(query.data) } : null;
}

/** The filters in an address, for people: what stood in which field. */
export function filtersOf(address: string): readonly (readonly [name: string, value: string])[] {
  const { searchParams } = new URL(address, 'http://here');
  return [...searchParams].filter(([name, value]) => name !== 'after' && value.trim() !== '');
}

/** The word for many users, whatever case and space somebody types around it. */
export function isConfirmed(count: number, typed: string | undefined, word: string): boolean {
  return count <= mostWithoutWord || (typed ?? '').trim().toLocaleLowerCase() === word;
}

/** Ids of ticked rows, one or several. */
export const tickedIds = z.preprocess(
  (given) => (given === undefined ? [] : [given].flat()),
  z
    .array(z.string().regex(/^[1-9]\d{0,9}$/))
    .max(1_000)
    .transform((ids) => ids.map(Number).filter((id) => id <= 2_147_483_647)),
);
