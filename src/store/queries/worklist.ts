import type { Sight } from '../../domain/scope.ts';
import { seesUser } from '../sight.ts';
import type { Knex } from 'knex';
import { fold } from '../../domain/text.ts';
import { managePrivilege } from '../../domain/privileges.ts';
import {
  evidence,
  evidenceDigest,
  evidenceList,
  lacksPrivileges,
  noLongerAgent,
  type WorklistRules,
} from '../worklist-evidence.ts';
import { idAfter, pageOf, type Page, type PageRequest } from './paging.ts';
import { allOf, iso, sqlRows } from './sql.ts';
import type {
  Acknowledged,
  WorklistEntryJson,
  WorklistEvidence,
  WorklistReason,
  WorklistSelection,
} from './worklist-entry.ts';

interface EntryRow {
  readonly id: number;
  readonly username: string | null;
  readonly first_name: string | null;
  readonly last_name: string | null;
  readonly display_name: string | null;
  readonly active: boolean;
  readonly acd_source: string | null;
  readonly no_longer_agent: boolean;
  readonly lacks_privileges: boolean;
  /** Null where no account speaks for the entry. */
  readonly evidence: readonly Omit<WorklistEvidence, 'state'>[] | null;
  readonly ack_by: string | null;
  readonly ack_at: Date | null;
  readonly ack_until: Date | null;
  readonly ack_note: string | null;
}

export interface WorklistQueries {
  /** By user id; `all`: those that were acknowledged, too. */
  list(
    filter: PageRequest & WorklistSelection & { readonly all?: boolean | undefined },
  ): Promise<Page<WorklistEntryJson>>;
  /** The users of these entries, but for those that were acknowledged. */
  userIds(selection: WorklistSelection): Promise<number[]>;
}

/** Users that a person should look at. */
export function createWorklistQueries(knex: Knex, rules: WorklistRules, sight: Sight | null): WorklistQueries {
  return {
    async list({ after, limit, all = false, ...selection }) {
      const { sql, bindings } = worklistSql(all, sight, selection, isTogether(selection));
      const rows = await sqlRows<EntryRow>(knex, sql, {
        ...{ after: idAfter(after), limit: limit + 1 },
        ...{ ...rules, ...bindings },
      });
      const page = pageOf(rows, limit, (row) => String(row.id));
      // Those of many come first; there are few, one per act of a person and per change of a source.
      const first = after === undefined;
      const without =
        first && sight === null && isOfAccounts(selection) ? await agentsWithoutUser(knex, rules, selection) : [];
      const renamed =
        first && isTogether(selection) ? await renamedTogether(knex, sight, rules, { ...selection, all }) : [];
      return { items: [...without, ...renamed, ...page.rows.map((row) => toJson(row, rules))], next: page.next };
    },
    async userIds(selection) {
      const { sql, bindings } = worklistSql(false, sight, selection);
      const rows = await sqlRows<EntryRow>(knex, sql, { after: 0, limit: null, ...rules, ...bindings });
      return rows.map(({ id }) => id);
    },
  };
}

/** Accounts of which one run has renamed more than so many are one entry (issue 11): the names of a source have changed, not people's. */
const manyRenamed = 20;

/** What a run renamed is taken apart where somebody asks for the run or the user. */
function isTogether({ why, run, user }: WorklistSelection): boolean {
  return run === undefined && user === undefined && (why === undefined || why === 'account-renamed');
}

function isOfAccounts({ user, team }: WorklistSelection): boolean {
  return user === undefined && team === undefined;
}

/** The sources and runs that have renamed many; binds nothing. */
const crowded = `crowded as materialized (
  select a.source_id, n.run_id from account_notice n join account a on a.id = n.account_id
    join link l on l.account_id = a.id and l.until is null
   where n.kind = 'renamed' and n.run_id is not null and a.ignored_at is null
     and a.source_id in (select source_id from source_state where retired_at is null)
   group by a.source_id, n.run_id having count(*) > ${String(manyRenamed)})`;

const isCrowded = `(e.reason = 'account-renamed' and exists
  (select from crowded c where c.source_id = a.source_id and c.run_id = e.run_id))`;

interface RenamedRow {
  readonly source_id: string;
  readonly run_id: number;
  readonly count: number;
  readonly first: readonly {
    readonly externalId: string;
    readonly since: string;
    readonly proof: string | null;
    readonly changes: WorklistEvidence['changes'];
  }[];
}

/** What one run has renamed of one source, where that is many: an entry each, for those whom nobody has seen. */
async function renamedTogether(
  knex: Knex,
  sight: Sight | null,
  rules: WorklistRules,
  { all, ...selection }: WorklistSelection & { readonly all: boolean },
): Promise<WorklistEntryJson[]> {
  const { source, team } = selection;
  const rows = await sqlRows<RenamedRow>(
    knex,
    `with ${crowded}
     select r.source_id, r.run_id, count(*)::int as count,
            json_agg(json_build_object('externalId', r.external_id, 'since', r.since, 'proof', r.proof, 'changes', r.changes)
              order by r.external_id) filter (where r.place <= 20) as first
       from (select own.*, row_number() over (partition by own.source_id, own.run_id order by own.external_id) as place
               from "user" u cross join lateral (
                 select a.source_id, a.external_id, e.run_id, e.since, e.proof, e.changes from ${evidence} and ${isCrowded}) own
              where u.id in (select l.user_id from account_notice n join link l on l.account_id = n.account_id and l.until is null)
                and ${allOf([
                  seesUser(sight, 'u'),
                  !all && `not exists (select from worklist_ack k where ${acknowledged})`,
                  source !== undefined && 'own.source_id = :source',
                  team !== undefined && isOfTeam,
                ])}) r
      group by r.source_id, r.run_id order by r.source_id, r.run_id`,
    { ...rules, ...bindingsOf(selection) },
  );
  return rows.map(({ source_id, run_id, count, first }) => ({
    ...{ userId: null, username: null, displayName: null, active: true, count, acknowledged: null },
    reasons: ['account-renamed' as const],
    evidence: first.map(({ since, ...account }) => ({
      ...{
        ...account,
        source: source_id,
        reason: 'account-renamed' as const,
        state: 'present' as const,
        runId: run_id,
      },
      since: iso(new Date(since)),
    })),
    suggestions: [
      `see each of them: rosterd worklist --run ${String(run_id)} --why account-renamed`,
      `seen: rosterd worklist ack --run ${String(run_id)} --why account-renamed --reason NOTE`,
    ],
  }));
}

/** Members of a team, by its folded name. */
const isOfTeam = `u.team_ids && array(select id from team where folded_name = :team)`;

function bindingsOf({ why, source, run, user, team }: WorklistSelection): Readonly<Record<string, unknown>> {
  return {
    ...(why === undefined || ofUsers.has(why) ? {} : { why }),
    ...(source === undefined ? {} : { source }),
    ...(run === undefined ? {} : { run }),
    ...(user === undefined ? {} : { user }),
    ...(team === undefined ? {} : { team: fold(team) }),
  };
}

interface WithoutUserRow {
  readonly cause: string;
  readonly run_id: number | null;
  readonly undone: boolean;
  readonly count: number;
  readonly first: readonly { readonly source: string; readonly externalId: string; readonly since: string }[];
}

/** Living agents without a user because of a person's discard or undo, by what that was (spec 8.4). */
async function agentsWithoutUser(
  knex: Knex,
  { acds }: WorklistRules,
  { why, source, run }: WorklistSelection,
): Promise<WorklistEntryJson[]> {
  if (why !== undefined && why !== 'agent-without-user') return [];
  const rows = await sqlRows<WithoutUserRow>(
    knex,
    `select r.cause, r.run_id, r.undone, count(*)::int as count,
            json_agg(json_build_object('source', r.source_id, 'externalId', r.external_id, 'since', r.at)
              order by r.source_id, r.external_id) filter (where r.place <= 20) as first
       from (select h.*, a.source_id, a.external_id,
                    row_number() over (partition by h.cause, h.undone order by a.source_id, a.external_id) as place
               from (select account_id, cause, run_id, at, false as undone from refusal where part = 'identity'
                     union all
                     select account_id, cause, run_id, at, true from bar where kind = 'wait' and cause is not null) h
                    join account a on a.id = h.account_id
              where a.source_id = any (cast(:acds as text[])) and a.absent_since is null and a.gone_since is null
                and not a.disabled and a.ignored_at is null
                and a.source_id in (select source_id from source_state where retired_at is null)
                and not exists (select from link l where l.account_id = a.id and l.until is null)
                and ${allOf([source !== undefined && 'a.source_id = :source', run !== undefined && 'h.run_id = :run'])}) r
      group by r.cause, r.run_id, r.undone order by min(r.at), r.cause`,
    { acds, ...(source === undefined ? {} : { source }), ...(run === undefined ? {} : { run }) },
  );
  return rows.map(({ cause, run_id, undone, count, first }) => ({
    ...{ userId: null, username: null, displayName: null, active: false, count, acknowledged: null },
    reasons: ['agent-without-user' as const],
    evidence: first.map(({ since, ...account }) => ({
      ...{ ...account, reason: 'agent-without-user' as const, state: 'present' as const, changes: [] },
      ...{ since: iso(new Date(since)), proof: cause, runId: run_id },
    })),
    suggestions: [backSuggestion(run_id, undone, first[0])],
  }));
}

/** The one command that brings all of them. */
function backSuggestion(
  run: number | null,
  undone: boolean,
  first: WithoutUserRow['first'][number] | undefined,
): string {
  const what = undone ? 'bring them back' : 'let them be created';
  if (run !== null) return `${what}: rosterd refusal lift --run ${String(run)}`;
  return `${what}: rosterd refusal lift --source ${first?.source ?? ''} --field ${undone ? 'link' : 'identity'}`;
}

/** An acknowledgement `k` of user `u` that still holds. */
const acknowledged = `k.user_id = u.id and (k.until is null or k.until > now()) and k.evidence_digest = (${evidenceDigest})`;

/** First the users of the page, then their evidence: a page costs what it shows, and a walk over unwell accounts. */
function worklistSql(
  all: boolean,
  sight: Sight | null,
  selection: WorklistSelection,
  together = false,
): { readonly sql: string; readonly bindings: Readonly<Record<string, unknown>> } {
  const { why, source, run, user, team } = selection;
  const bySpeaker = source !== undefined || run !== undefined || (why !== undefined && !ofUsers.has(why));
  const listed = allOf([
    seesUser(sight, 'u'),
    user !== undefined && 'u.id = :user',
    team !== undefined && isOfTeam,
    together &&
      !bySpeaker &&
      why === undefined &&
      `(${lacksPrivileges} or ${noLongerAgent} or ${hasEvidence({}, together)})`,
    !all && `not exists (select from worklist_ack k where ${acknowledged})`,
    why === 'no-longer-an-agent' && noLongerAgent,
    why === 'supervisor-without-privileges' && lacksPrivileges,
    bySpeaker && hasEvidence({ why, source, run }, together),
  ]);
  const bindings = bindingsOf(selection);
  const sql = `
with ${together ? `${crowded}, ` : ''}counted as materialized (select source_id from source_state where retired_at is null),
chosen as (
  select id from (
    (select distinct u.id
       from account a join link l on l.account_id = a.id and l.until is null join "user" u on u.id = l.user_id
      where (a.gone_since is not null or a.disabled) and a.ignored_at is null and u.active and u.id > :after
        and a.source_id in (select source_id from counted) and ${listed}
      order by u.id limit :limit)
    union
    (select distinct u.id
       from account_notice n join account a on a.id = n.account_id join link l on l.account_id = a.id and l.until is null
            join "user" u on u.id = l.user_id
      where a.ignored_at is null and u.id > :after and a.source_id in (select source_id from counted) and ${listed}
      order by u.id limit :limit)
    union
    (select u.id from "user" u
      where not u.active and u.id > :after
        and exists (select from link l join account a on a.id = l.account_id
                     where l.user_id = u.id and l.until is null and l.source_id = any (cast(:acds as text[]))
                       and a.gone_since is null and not a.disabled and a.ignored_at is null
                       and l.source_id in (select source_id from counted))
        and ${listed}
      order by u.id limit :limit)
    union
    (select distinct u.id
       from refusal f join account a on a.id = f.account_id join link l on l.account_id = a.id and l.until is null
            join "user" u on u.id = l.user_id
      where f.part = 'gone' and a.absent_since is not null and a.ignored_at is null and u.active and u.id > :after
        and a.source_id in (select source_id from counted) and ${listed}
      order by u.id limit :limit)
    union
    (select u.id from "user" u where ${lacksPrivileges} and u.id > :after and ${listed} order by u.id limit :limit)
  ) either order by id limit :limit
)
select u.id, u.username, u.first_name, u.last_name, u.display_name, u.active, u.acd_source, listed.evidence, 
       ${noLongerAgent} as no_longer_agent, ${lacksPrivileges} as lacks_privileges,
       k.operator_name as ack_by, k.at as ack_at, k.until as ack_until, k.note as ack_note
  from chosen join "user" u on u.id = chosen.id cross join lateral (${evidenceList}) listed
       left join worklist_ack k on ${acknowledged}
 order by u.id`;
  return { sql, bindings };
}

/** Reasons that no single account speaks for. */
const ofUsers: ReadonlySet<WorklistReason> = new Set(['no-longer-an-agent', 'supervisor-without-privileges']);

function hasEvidence({ why, source, run }: WorklistSelection, together: boolean): string {
  return `exists (select from ${evidence} and ${allOf([
    why !== undefined && !ofUsers.has(why) && 'e.reason = :why',
    source !== undefined && 'a.source_id = :source',
    run !== undefined && 'e.run_id = :run',
    together && `not ${isCrowded}`,
  ])})`;
}

const states = {
  'account-gone': 'gone',
  'gone-refused': 'present',
  'agent-without-user': 'present',
  'account-disabled': 'disabled',
  'account-renamed': 'present',
  'account-returned': 'present',
  'id-in-use': 'present',
} as const;

function toJson(row: EntryRow, rules: WorklistRules): WorklistEntryJson {
  const speaking = row.evidence ?? [];
  const reasons: WorklistReason[] = [...new Set(speaking.map((each) => each.reason))];
  if (row.no_longer_agent) reasons.push('no-longer-an-agent');
  if (row.lacks_privileges) reasons.push('supervisor-without-privileges');
  return {
    userId: row.id,
    username: row.username,
    displayName: row.display_name ?? fullName(row),
    active: row.active,
    count: 1,
    reasons,
    evidence: speaking.map(({ since, ...each }) => ({
      ...each,
      state: states[each.reason],
      since: since === null ? null : iso(new Date(since)),
    })),
    suggestions: suggestionsFor(row, rules),
    acknowledged: acknowledgedOf(row),
  };
}

function suggestionsFor(row: EntryRow, { acds, managing }: WorklistRules): string[] {
  return [
    ...(row.no_longer_agent ? agentSuggestions(row, acds) : []),
    ...(row.lacks_privileges ? [privilegeSuggestion(row.id, managing)] : []),
    ...(row.evidence ?? []).flatMap((each) => evidenceSuggestions(row, each, acds)),
  ];
}

/** A refused *gone* may be lifted; of a link to an ACD that has lost its agent nobody needs to be reminded (spec 5.8). */
function evidenceSuggestions(
  { id, acd_source: acdSource }: EntryRow,
  { reason, source, proof, runId }: Omit<WorklistEvidence, 'state'>,
  acds: readonly string[],
): string[] {
  if (reason === 'gone-refused')
    return [
      runId !== null && proof === `discarded run ${String(runId)}`
        ? `take the discard back: rosterd run reopen ${String(runId)}`
        : `let it be gone: rosterd refusal lift --user ${String(id)} --field gone`,
    ];
  const moved = reason === 'account-gone' && acds.includes(source) && acdSource !== null && acdSource !== source;
  return moved ? [`they are with ${acdSource} now: rosterd user unlink ${String(id)} ${source}`] : [];
}

/** The role of who no longer works as an agent, and the record where the ACD still has it (spec 10.7). */
function agentSuggestions({ id, evidence }: EntryRow, acds: readonly string[]): string[] {
  const records = (evidence ?? []).filter(
    ({ reason, source }) => reason === 'account-disabled' && acds.includes(source),
  );
  return [
    `take the role agent: rosterd user role take ${String(id)} agent`,
    ...records.map(({ source, externalId }) => `remove the agent ${externalId} at ${source}`),
  ];
}

function privilegeSuggestion(id: number, [role]: readonly string[]): string {
  return role === undefined
    ? `name the privilege ${managePrivilege} with a role of the catalogue (roles.catalogue)`
    : `give a role with the privilege ${managePrivilege}: rosterd user role give ${String(id)} ${role}`;
}

function acknowledgedOf(row: EntryRow): Acknowledged | null {
  if (row.ack_by === null || row.ack_at === null) return null;
  return { by: row.ack_by, at: iso(row.ack_at), until: iso(row.ack_until), note: row.ack_note ?? '' };
}

/** The names of a user as one; null where there are none. */
function fullName(row: { readonly first_name: string | null; readonly last_name: string | null }): string | null {
  const parts = [row.first_name, row.last_name].filter((part) => part !== null && part !== '');
  return parts.length === 0 ? null : parts.join(' ');
}
