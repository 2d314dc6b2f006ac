import type { Page, Read, ReadEnd } from '../../../src/connector-kit/contract.ts';
import type { AccountRecord, RejectedRecord } from '../../../src/domain/account.ts';

export const complete: ReadEnd = { whole: true, cursor: 'next' };

/** A record as a connector reports it. */
export function record(externalId: string, more: Partial<AccountRecord> = {}): AccountRecord {
  return { externalId, values: {}, ...more };
}

export function page(records: readonly AccountRecord[], more: Partial<Page> = {}): Page {
  return { records, gone: [], rejected: [], ...more };
}

export function rejection(externalId?: string): RejectedRecord {
  return { ...(externalId === undefined ? {} : { externalId }), position: 'line 7', reason: 'it is broken' };
}

/** A read that gives these pages and then ends, or fails. */
export async function* read(pages: readonly Page[], end: ReadEnd | Error = complete): Read {
  for (const each of pages) yield await Promise.resolve(each);
  if (end instanceof Error) throw end;
  return end;
}

/** Tombstones. */
export function deleted(...externalIds: readonly string[]): Page['gone'] {
  return externalIds.map((externalId) => ({ externalId, how: 'deleted' }));
}
