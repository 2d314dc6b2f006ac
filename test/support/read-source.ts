import type { AccountRecord, RejectedRecord } from '../../src/domain/account.ts';
import type { Kit, Read, ReadEnd } from '../../src/connector-kit/contract.ts';

/** Everything that a read brought. */
export type WholeRead = {
  readonly records: AccountRecord[];
  readonly rejected: RejectedRecord[];
  readonly pages: number;
  readonly end: ReadEnd;
};

/** Reads to the end. */
export async function readWhole(read: Read): Promise<WholeRead> {
  const records: AccountRecord[] = [];
  const rejected: RejectedRecord[] = [];
  for (let pages = 0; ; pages += 1) {
    const step = await read.next();
    if (step.done === true) return { records, rejected, pages, end: step.value };
    records.push(...step.value.records);
    rejected.push(...step.value.rejected);
  }
}

/** What the sync would hand to a connector. */
export function testKit(overrides: Partial<Kit> = {}): Kit {
  const log = { debug: () => undefined, warn: () => undefined };
  return { sourceId: 'test', mapping: {}, roleGroups: [], signal: new AbortController().signal, log, ...overrides };
}
