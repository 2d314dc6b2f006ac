import { z } from 'zod';
import type { UserSelection } from '../../../api/schemas/users.ts';
import { after, optionalOf, optionalText } from '../../fields.ts';

/** Filters of the list of users, as they stand in its address. */
export const userQuery = z.object({
  q: optionalText(200),
  sync: optionalOf(['on', 'off']),
  active: optionalOf(['all', 'inactive']),
  team: optionalText(256),
  role: optionalText(256),
  source: optionalText(64),
  linked: optionalOf(['yes', 'no']),
  account: optionalOf(['present', 'disabled', 'gone']),
  after,
});
export type UserQuery = z.output<typeof userQuery>;

/** Whom these filters are about. */
export function selectionOf({ q, active, sync, team, role, source, linked, account }: UserQuery): UserSelection {
  return {
    ...{ search: q, sync, role, source, linked, account },
    team: team?.trim(),
    all: active === 'all',
    state: active === 'inactive' ? 'inactive' : undefined,
  };
}

/** The filters that are not shown at once. */
export function hasMoreFilters({ team, role, source, linked, account }: UserQuery): boolean {
  return [team, role, source, linked, account].some((each) => each !== undefined);
}

/** Whether anybody is left out by them. */
export function isFiltered(query: UserQuery): boolean {
  return hasMoreFilters(query) || [query.q, query.sync, query.active].some((each) => each !== undefined);
}
