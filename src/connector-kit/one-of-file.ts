import type { OneRead, Read } from './contract.ts';

/**
 * Picks one account from a read of a whole file (spec 2.8). That a file does not have it is no evidence by itself: a half export
 * looks the same, which only an import of the whole can tell (spec 3.1, 3.3).
 */
export async function readOneOf(read: Read, externalId: string): Promise<OneRead> {
  for await (const { records, rejected } of read) {
    const record = records.find((each) => each.externalId === externalId);
    if (record !== undefined) return { record };
    const refused = rejected.find((each) => each.externalId === externalId);
    if (refused !== undefined) return { rejected: refused };
  }
  return { unsupported: 'the file does not have it, from which only a sync of the whole file can conclude' };
}
