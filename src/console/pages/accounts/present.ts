import { z } from 'zod';
import type { AccountFilter } from '../../../api/dependencies.ts';
import { after, optionalOf, optionalText } from '../../fields.ts';

export const accountTabs = ['not-matched', 'matched', 'ignored', 'unlinked', 'all'] as const;
export type AccountTab = (typeof accountTabs)[number];
/** Why an account is nobody's. */
export const whyNot = ['new', 'unmatched', 'waiting', 'question'] as const;

/** Filters of the list of accounts, as they stand in its address. */
export const accountQuery = z.object({
  tab: optionalOf(accountTabs),
  source: optionalText(64),
  state: optionalOf(['present', 'disabled', 'gone']),
  why: optionalOf(whyNot),
  after,
});
export type AccountQuery = z.output<typeof accountQuery>;

export function tabOf({ tab }: AccountQuery): AccountTab {
  return tab ?? 'not-matched';
}

/** Which accounts these filters are about. */
export function accountFilterOf(query: AccountQuery): Pick<AccountFilter, 'source' | 'state' | 'match' | 'matched'> {
  const { source, state, why } = query;
  const tab = tabOf(query);
  if (tab === 'not-matched') return { source, state, ...(why === undefined ? { matched: false } : { match: why }) };
  if (tab === 'all') return { source, state };
  return { source, state, match: tab === 'matched' ? 'linked' : tab };
}

/** The same list, whole, for programs and spreadsheets. */
export function exportAddress(query: AccountQuery, format: 'csv' | 'ndjson'): string {
  const { source, state, match, matched } = accountFilterOf(query);
  const given = Object.entries({ format, source, state, match, matched }).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as [string, string]],
  );
  return `/api/v1/accounts/export?${new URLSearchParams(given).toString()}`;
}
