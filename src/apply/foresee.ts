import type { Change } from '../domain/change.ts';
import { claimKey, type Claim } from '../domain/claim.ts';
import type { Correlated } from './due-batches.ts';
import type { Pass } from './pass.ts';
import type { DecidedBatch } from './plan-rows.ts';
import type { PlannedCreation, Shown, UnlinkedRow } from './ports.ts';
import { shown } from './shown.ts';

/** Unique names that users give up and take by the values of this run, which come before links and creations (spec 4.8). */
export interface NamesAhead {
  readonly freed: ReadonlySet<string>;
  readonly taken: ReadonlySet<string>;
}

/** Where no values are to come, or they are written already. */
export const namesAsTheyAre: NamesAhead = { freed: new Set(), taken: new Set() };

/** An account with what people are shown of its decision. */
export interface Foreseen {
  readonly row: UnlinkedRow;
  readonly shown: Shown;
}

/** What would become of accounts that nobody is linked to: whom they link to or create, and what those would look like. */
export async function foresee(
  pass: Pass,
  { rows, verdicts }: Pick<Correlated, 'rows' | 'verdicts'>,
  decided: DecidedBatch,
  names: NamesAhead,
): Promise<readonly Foreseen[]> {
  const taken = await takenNames(pass, decided.creations, names);
  const creations = new Map(decided.creations.map((creation) => [creation.accountId, creation]));
  const links = new Map(decided.links.map((link) => [link.accountId, link]));
  return rows.flatMap((row): Foreseen[] => {
    const { id: accountId, externalId, contentHash } = row;
    const show = (kind: Shown['kind'], more: Partial<Pick<Shown, 'userId' | 'changes' | 'classes'>>): Foreseen[] => {
      const none = { userId: null, changes: [], classes: [] };
      return [{ row, shown: shown({ accountId, externalId, contentHash, kind, ...none, ...more }) }];
    };
    const [creation, link] = [creations.get(accountId), links.get(accountId)];
    if (creation !== undefined) {
      const fields = new Set<Change['field']>(taken.get(creation)?.map(({ field }) => field));
      if (fields.size === 0) return show('create', { changes: creation.changes, classes: ['created'] });
      return show('question', { changes: creation.changes.filter(({ field }) => fields.has(field)) });
    }
    if (link !== undefined) return show('link', { userId: link.userId, changes: link.changes, classes: ['linked'] });
    return verdicts.get(accountId)?.kind === 'unmatched' ? show('unmatched', {}) : [];
  });
}

/** The unique names of creations that users have: with any of them it is a question and creates nobody (spec 4.7). */
async function takenNames(
  pass: Pass,
  creations: readonly PlannedCreation[],
  names: NamesAhead,
): Promise<ReadonlyMap<PlannedCreation, readonly Claim[]>> {
  const wanted = creations.flatMap(({ wants }) => wants);
  const holders = wanted.length === 0 ? new Map() : await pass.store.read.claimHolders(wanted);
  const isTaken = (claim: Claim): boolean => {
    const key = claimKey(claim);
    return names.taken.has(key) || (holders.has(key) && !names.freed.has(key));
  };
  return new Map(creations.map((creation) => [creation, creation.wants.filter(isTaken)]));
}
