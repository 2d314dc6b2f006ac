import type { Change } from '../domain/change.ts';
import { claimKey, claimsOf, type Claim } from '../domain/claim.ts';
import type { UniqueField } from '../domain/fields.ts';
import { agentRole, emptyValue, noWords, type Snapshot, type UserId } from '../domain/user.ts';
import type { Verdict } from '../reconcile/correlate.ts';
import { decideValues, type Subject, type ValueDecision } from '../reconcile/decide.ts';
import type { Shown, UnlinkedRow } from './ports.ts';
import type { Pass } from './pass.ts';
import { shown } from './shown.ts';

/** What becomes of a user by a link that correlation has found; nothing holds back what it let through. */
export function decideNewLink(
  { account, subject }: { readonly account: UnlinkedRow; readonly subject: Subject },
  pass: Pass,
  lost?: ReadonlySet<UniqueField>,
): ValueDecision {
  const living = { ...account, disabled: false, refusals: new Map<string, string>() };
  return decideValues(subject, living, pass.world, lost);
}

/** A user who is about to be created, as the fold sees them (spec 4.6). A disabled account creates an inactive one. */
export function newSubject(id: UserId, pass: Pass): Subject {
  const slot: Snapshot = {
    source: pass.rules.id,
    values: {},
    silentSince: {},
    roles: [agentRole],
    teams: [],
    supervises: [],
  };
  return {
    user: {
      id,
      origin: pass.rules.id,
      active: true,
      syncEnabled: true,
      syncOffSources: [],
      mergedInto: null,
      value: emptyValue,
    },
    words: noWords,
    snapshots: [slot],
    policy: pass.policy.content,
  };
}

/** Unique names that users give up and take by the values of this run, which come before links and creations (spec 4.8). */
export interface NamesAhead {
  readonly freed: ReadonlySet<string>;
  readonly taken: ReadonlySet<string>;
}

/** Where no values are to come, or they are written already. */
export const namesAsTheyAre: NamesAhead = { freed: new Set(), taken: new Set() };

/** A creation with what the user would look like. */
interface Creation {
  readonly row: UnlinkedRow;
  readonly changes: readonly Change[];
  /** The unique names that users have: with any of them it is a question and creates nobody (spec 4.7). */
  readonly taken: readonly Claim[];
}

/** The creations among some verdicts, and which of them cannot come about. */
export async function foreseeCreations(
  pass: Pass,
  rows: readonly UnlinkedRow[],
  verdicts: ReadonlyMap<number, Verdict>,
  names: NamesAhead,
): Promise<ReadonlyMap<number, Creation>> {
  const creations = rows
    .filter((row) => verdicts.get(row.id)?.kind === 'create')
    .map((row) => {
      const { changes, after } = decideNewLink({ account: row, subject: newSubject(nobody, pass) }, pass);
      return { row, changes, wants: claimsOf(after) };
    });
  if (creations.length === 0) return new Map();
  const holders = await pass.store.read.claimHolders(creations.flatMap(({ wants }) => wants));
  const isTaken = (claim: Claim): boolean => {
    const key = claimKey(claim);
    return names.taken.has(key) || (holders.has(key) && !names.freed.has(key));
  };
  return new Map(creations.map(({ row, changes, wants }) => [row.id, { row, changes, taken: wants.filter(isTaken) }]));
}

/** Stands for a user who has no id yet. */
const nobody: UserId = 0;

/** What would become of accounts that nobody is linked to: whom they link to or create, and what those would look like. */
export async function foresee(
  pass: Pass,
  rows: readonly UnlinkedRow[],
  verdicts: ReadonlyMap<number, Verdict>,
  names: NamesAhead,
): Promise<readonly { readonly row: UnlinkedRow; readonly shown: Shown }[]> {
  const creations = await foreseeCreations(pass, rows, verdicts, names);
  const userIds = [...verdicts.values()].flatMap((verdict) => (verdict.kind === 'link' ? [verdict.userId] : []));
  const users = userIds.length === 0 ? [] : await pass.store.read.users(userIds, false);
  const subjects = new Map(users.map(({ subject }) => [subject.user.id, subject]));
  return rows.flatMap((row) => {
    const verdict = verdicts.get(row.id);
    const { id: accountId, externalId, contentHash } = row;
    const base = { accountId, externalId, contentHash };
    const creation = creations.get(accountId);
    if (creation !== undefined && creation.taken.length > 0) {
      const fields = new Set<Change['field']>(creation.taken.map(({ field }) => field));
      const changes = creation.changes.filter(({ field }) => fields.has(field));
      return [{ row, shown: shown({ ...base, kind: 'question', userId: null, changes, classes: [] }) }];
    }
    if (creation !== undefined) {
      const { changes } = creation;
      return [{ row, shown: shown({ ...base, kind: 'create', userId: null, changes, classes: ['created'] }) }];
    }
    const subject = verdict?.kind === 'link' ? subjects.get(verdict.userId) : undefined;
    if (subject !== undefined) {
      const { changes } = decideNewLink({ account: row, subject }, pass);
      const userId = subject.user.id;
      return [{ row, shown: shown({ ...base, kind: 'link', userId, changes, classes: ['linked'] }) }];
    }
    if (verdict?.kind !== 'unmatched') return [];
    return [{ row, shown: shown({ ...base, kind: 'unmatched', userId: null, changes: [], classes: [] }) }];
  });
}
