import type { Change } from '../domain/change.ts';
import type { UserId } from '../domain/user.ts';
import { ruleName } from '../reconcile/match-keys.ts';
import type { ValueDecision } from '../reconcile/decide.ts';
import { bidderOf, keysAfter, keysNotApplied, namesSeenNow, standingReason } from './decisions.ts';
import type { Correlated } from './due-batches.ts';
import { decideNewLink, newSubject } from './new-links.ts';
import type { Pass } from './pass.ts';
import type { NamesMoved, PlannedCreation, PlannedLink, UnlinkedRow } from './ports.ts';
import { worldNow } from './teams.ts';

/** What a batch of accounts comes to: links and creations, and accounts that would make a user without a name to sign in with. */
export interface DecidedBatch {
  readonly creations: readonly PlannedCreation[];
  readonly links: readonly DecidedLink[];
  readonly nameless: readonly UnlinkedRow[];
}

/** A link with what it would change of the user. */
interface DecidedLink extends PlannedLink, NamesMoved {
  readonly changes: readonly Change[];
}

/**
 * Decides on the links and creations that correlation has found. What they rest on is noted with them, so that they are carried out
 * as decided or not at all (architecture 1). `ids`: users who are created get one, or none where they are only counted or shown.
 */
export async function decideBatch(
  pass: Pass,
  { rows, verdicts }: Pick<Correlated, 'rows' | 'verdicts'>,
  ids: 'allocated' | 'none',
): Promise<DecidedBatch> {
  const creating = rows.filter((row) => verdicts.get(row.id)?.kind === 'create');
  const linking = rows.flatMap((row) => {
    const verdict = verdicts.get(row.id);
    return verdict?.kind === 'link' ? [{ row, verdict }] : [];
  });
  if (creating.length + linking.length === 0) return { creations: [], links: [], nameless: [] };
  const { read } = pass.store;
  const now = ids === 'allocated' ? { ...pass, world: await worldNow(read, pass.world) } : pass;
  const userIds = ids === 'allocated' ? await read.allocateUserIds(creating.length) : [];
  const found =
    linking.length === 0 ? [] : await read.users([...new Set(linking.map((each) => each.verdict.userId))], false);
  const subjects = new Map(found.map(({ subject }) => [subject.user.id, subject]));
  const decided = creating.map((row, index) => creationOf(now, row, userIds[index] ?? nobody));
  return {
    creations: decided.filter((creation) => creation !== null),
    nameless: creating.filter((_, index) => decided[index] === null),
    links: linking.flatMap(({ row, verdict }): DecidedLink[] => {
      const subject = subjects.get(verdict.userId);
      if (subject === undefined) return [];
      const { after, changes } = decideNewLink({ account: row, subject }, now);
      const { wants, gives } = bidderOf(row, verdict.userId, subject.user.value, after);
      const rule = ruleName(pass.rules.match[verdict.rule] ?? []);
      return [{ ...groundsOf(row), kind: 'link', userId: verdict.userId, rule, lost: [], wants, gives, changes }];
    }),
  };
}

/** Stands for a user who is not to be stored. */
const nobody: UserId = 0;

/** Null where nothing gives the user a name to sign in with. */
function creationOf(pass: Pass, row: UnlinkedRow, userId: number): PlannedCreation | null {
  const subject = newSubject(userId, pass);
  const decision = decideNewLink({ account: row, subject }, pass);
  const { snapshot, after } = decision;
  if (snapshot === null || after.fields.username === undefined) return null;
  const own = row.keys.filter((key) => key !== null);
  return {
    ...groundsOf(row),
    kind: 'create',
    userId,
    wants: bidderOf(row, userId, subject.user.value, after, true).wants,
    active: pass.rules.newUsersActive && !row.disabled,
    value: after,
    snapshot,
    namesSeen: namesSeenNow(row),
    userKeys: keysAfter(subject, decision, [pass.rules.id], pass),
    accountKeys: keysNotApplied(own, snapshot, pass),
    changes: decision.changes,
    standingReason: standingReason(decision, []),
    unknownRoles: unknownRolesOf(decision),
  };
}

function unknownRolesOf({ projection }: ValueDecision): readonly string[] {
  return [...new Set(projection.unknownRoles)];
}

function groundsOf(row: UnlinkedRow): Pick<PlannedLink, 'accountId' | 'externalId' | 'contentHash' | 'wakes'> {
  return { accountId: row.id, externalId: row.externalId, contentHash: row.contentHash, wakes: row.wakes };
}
