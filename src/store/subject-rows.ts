import { noWords, type Policy, type Snapshot, type UserId, type Words } from '../domain/user.ts';
import type { Subject } from '../reconcile/decide.ts';
import { query, type Db } from './sql.ts';
import { toUserState, type UserRow } from './user-rows.ts';

interface SlotRow {
  user_id: number;
  source_id: string;
  results: Omit<Snapshot, 'source'>;
}
/** A word of people as stored: `override` in a table of its own, everything else in `word`. */
export interface WordRow {
  kind: string;
  /** The field, the role's name, the id of the team or group; of the full scope `*`. */
  ref: string;
  /** Of overrides and local values. */
  value: string | null;
}

/** Everything that the values of some users depend on: their state, words, slots and policies, in four statements. */
export async function loadSubjects(
  db: Db,
  userIds: readonly UserId[],
  lock: boolean,
): Promise<{ subject: Subject; linkedSources: string[] }[]> {
  if (userIds.length === 0) return [];
  const ids = [[...userIds]];
  const users = await query<UserRow>(
    db,
    `select * from "user" where id = any(?) order by id${lock ? ' for update' : ''}`,
    ids,
  );
  const slots = await query<SlotRow>(
    db,
    'select user_id, source_id, results from snapshot where user_id = any(?)',
    ids,
  );
  const words = await query<WordRow & { user_id: number }>(
    db,
    `select user_id, 'override' as kind, field as ref, value from override where user_id = any(?)
     union all select user_id, kind, ref, value from word where user_id = any(?)`,
    [[...userIds], [...userIds]],
  );
  const links = await query<{ user_id: number; source_id: string }>(
    db,
    'select user_id, source_id from link where user_id = any(?) and until is null',
    ids,
  );
  const policies = await loadPolicies(db, new Set(users.map((user) => user.policy_id)));
  const slotsOf = Map.groupBy(slots, (row) => row.user_id);
  const wordsOf = Map.groupBy(words, (row) => row.user_id);
  const linksOf = Map.groupBy(links, (row) => row.user_id);
  return users.map((row) => ({
    subject: {
      user: toUserState(row),
      words: toWords(wordsOf.get(row.id) ?? []),
      snapshots: (slotsOf.get(row.id) ?? []).map((slot) => ({ source: slot.source_id, ...slot.results })),
      policy: policyOf(policies, row.policy_id),
    },
    linkedSources: (linksOf.get(row.id) ?? []).map((link) => link.source_id),
  }));
}

async function loadPolicies(db: Db, ids: ReadonlySet<number>): Promise<Map<number, Policy>> {
  const rows = await query<{ id: number; content: Policy }>(db, 'select id, content from policy where id = any(?)', [
    [...ids],
  ]);
  return new Map(rows.map((row) => [row.id, row.content]));
}

function policyOf(policies: ReadonlyMap<number, Policy>, id: number): Policy {
  const policy = policies.get(id);
  if (policy === undefined) throw new Error(`policy ${String(id)} is missing from the store`);
  return policy;
}

/** People's words as the fold takes them. */
function toWords(rows: readonly WordRow[]): Words {
  if (rows.length === 0) return noWords;
  const refs = (kind: string): string[] => rows.filter((row) => row.kind === kind).map((row) => row.ref);
  const values = (kind: string): Record<string, string> =>
    Object.fromEntries(rows.filter((row) => row.kind === kind).map((row) => [row.ref, row.value ?? '']));
  return {
    overrides: values('override'),
    localValues: values('local-value'),
    rolesGiven: refs('role-given'),
    rolesTaken: refs('role-taken'),
    teamsGiven: refs('team-given').map(Number),
    teamsTaken: refs('team-taken').map(Number),
    supervisesGiven: refs('supervises-given').map(Number),
    supervisesTaken: refs('supervises-taken').map(Number),
    mainTeam: refs('main-team').map(Number)[0] ?? null,
    memberGroup: refs('member-group').map(Number)[0] ?? null,
    fullScope: refs('scope-full').length > 0,
    scopeGroups: refs('scope-group').map(Number),
    scopeTeams: refs('scope-team').map(Number),
  };
}

/** The rows of people's words; the reverse of what `loadSubjects` reads. */
export function wordRows(words: Words): WordRow[] {
  const values = (kind: string, said: Words['overrides']): WordRow[] =>
    (Object.entries(said) as [string, string][]).map(([ref, value]) => ({ kind, ref, value }));
  const refs = (kind: string, said: readonly (string | number)[]): WordRow[] =>
    said.map((ref) => ({ kind, ref: String(ref), value: null }));
  return [
    ...values('override', words.overrides),
    ...values('local-value', words.localValues),
    ...refs('role-given', words.rolesGiven),
    ...refs('role-taken', words.rolesTaken),
    ...refs('team-given', words.teamsGiven),
    ...refs('team-taken', words.teamsTaken),
    ...refs('supervises-given', words.supervisesGiven),
    ...refs('supervises-taken', words.supervisesTaken),
    ...refs('main-team', words.mainTeam === null ? [] : [words.mainTeam]),
    ...refs('member-group', words.memberGroup === null ? [] : [words.memberGroup]),
    ...refs('scope-full', words.fullScope ? ['*'] : []),
    ...refs('scope-group', words.scopeGroups),
    ...refs('scope-team', words.scopeTeams),
  ];
}
