import { fold } from '../domain/fold.ts';
import {
  agentRole,
  emptyValue,
  noWords,
  type Policy,
  type RoleName,
  type SourceId,
  type UserId,
} from '../domain/user.ts';
import type { Subject } from '../reconcile/decide.ts';
import type { Asker } from '../domain/permissions.ts';
import type { ColumnName } from './columns.ts';
import { planWorld, type PlanWorld } from './plan-world.ts';
import type { ImportTx } from './ports.ts';
import type { RowSubject } from './row-plan.ts';

/** The world as one transaction sees it. */
export async function worldOf(
  tx: ImportTx,
  asker: Asker,
  missing: readonly ColumnName[],
  roleCatalogue: readonly RoleName[],
): Promise<PlanWorld> {
  return planWorld({
    teams: await tx.teams(),
    tree: await tx.groupTree(),
    scope: await tx.operatorScope(asker.operator),
    today: (await tx.now()).slice(0, 10),
    ...{ asker, missing, roleCatalogue },
  });
}

/** A user as rows are decided on them. */
export function rowSubject(
  { subject, linkedSources }: { readonly subject: Subject; readonly linkedSources: readonly SourceId[] },
  dates: Awaited<ReturnType<ImportTx['datesOf']>>,
): RowSubject {
  const { id, origin } = subject.user;
  return {
    ...{ subject, linkedSources, creates: false },
    activated: dates.get(id)?.activated ?? null,
    deactivated: dates.get(id)?.deactivated ?? null,
    usernameOf: linkedSources.includes(origin) ? origin : null,
  };
}

/** The users of these ids, read in a fixed number of statements; those whom the operator does not see are not there. */
export async function rowSubjects(
  tx: ImportTx,
  operator: string,
  ids: readonly UserId[],
): Promise<ReadonlyMap<UserId, RowSubject>> {
  const seen = await tx.seenUsers(operator, ids);
  const known = ids.filter((id) => seen.has(id));
  if (known.length === 0) return new Map();
  const dates = await tx.datesOf(known);
  const rows = await tx.users(known, false);
  return new Map(rows.map((row) => [row.subject.user.id, rowSubject(row, dates)]));
}

/** Whom a row with User ID 0 would create: inactive, with the agent role (spec 4.6, 10.4). */
export function newSubject(policy: Policy, { teamNames }: Pick<PlanWorld, 'teamNames'>): RowSubject {
  const words = { ...noWords, rolesGiven: [agentRole] };
  const value = fold({ origin: 'local', words, snapshots: [], policy, teamNames, present: emptyValue });
  return {
    subject: {
      user: { id: 0, origin: 'local', active: false, syncEnabled: true, syncOffSources: [], mergedInto: null, value },
      ...{ words, snapshots: [], policy },
    },
    ...{ linkedSources: [], creates: true, activated: null, deactivated: null, usernameOf: null },
  };
}
