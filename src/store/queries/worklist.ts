import type { Sight } from '../../domain/scope.ts';
import { seesUser } from '../sight.ts';
import type { Knex } from 'knex';
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

/** Why a person should look at a user. */
type WorklistReason =
  /** Active, and a linked account is gone (spec 9.2). */
  | 'account-gone'
  /** Active, and a linked account is missing, which a person has refused to call gone (spec 13.2). */
  | 'gone-refused'
  /** Living agents of an ACD whom nobody has as a user, because a person discarded or undid that (spec 8.4). */
  | 'agent-without-user'
  /** Active, and a linked account is disabled (spec 9.2). */
  | 'account-disabled'
  /** A linked account has other logins or names than before (spec 9.1). */
  | 'account-renamed'
  /** A linked account was gone and is there again (spec 9.1). */
  | 'account-returned'
  /** Inactive, and still holding an id that is in use in the ACD (spec 8.4). */
  | 'id-in-use'
  /** Active agent with a further role whose ACD accounts are all gone or disabled (spec 10.7). */
  | 'no-longer-an-agent'
  /** Active, supervises teams, and no role has the privilege for it (spec 10.6). */
  | 'supervisor-without-privileges';

/** One linked account that speaks for the entry. */
interface WorklistEvidence {
  readonly reason: Exclude<WorklistReason, 'no-longer-an-agent' | 'supervisor-without-privileges'>;
  readonly source: string;
  readonly externalId: string;
  readonly state: 'present' | 'disabled' | 'gone';
  /** Since when the account is gone or disabled, when it was renamed or returned, since when the user is inactive. */
  readonly since: string | null;
  /** How it was proven: a complete import, a tombstone, a look-up (spec 3.1). */
  readonly proof: string | null;
  readonly runId: number | null;
  /** What a rename changed. */
  readonly changes: readonly { readonly field: string; readonly before: string; readonly after: string }[];
}

/** One user of the worklist with all evidence, or accounts without a user that one act has left so. */
interface WorklistEntryJson {
  readonly userId: number | null;
  readonly username: string | null;
  readonly displayName: string | null;
  readonly active: boolean;
  readonly reasons: readonly WorklistReason[];
  /** Of users or accounts that the entry is about; of accounts only the first are named. */
  readonly count: number;
  readonly evidence: readonly WorklistEvidence[];
  /** What a person could do, as sentences with the command. */
  readonly suggestions: readonly string[];
  /** Who has seen this very evidence; such entries are listed only where all are asked for. */
  readonly acknowledged: Acknowledged | null;
}

interface Acknowledged {
  readonly by: string;
  readonly at: string;
  readonly until: string | null;
  readonly note: string;
}

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

/** Which entries of the worklist; all of them where nothing is said. */
interface WorklistSelection {
  readonly why?: WorklistReason | undefined;
  /** With evidence of this source. */
  readonly source?: string | undefined;
  /** With evidence of this run. */
  readonly run?: number | undefined;
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
      const { sql, bindings } = worklistSql(all, sight, selection);
      const rows = await sqlRows<EntryRow>(knex, sql, {
        ...{ after: idAfter(after), limit: limit + 1 },
        ...{ ...rules, ...bindings },
      });
      const page = pageOf(rows, limit, (row) => String(row.id));
      // Those without a user come first; there are few, one per act of a person.
      const without = after === undefined && sight === null ? await agentsWithoutUser(knex, rules, selection) : [];
      return { items: [...without, ...page.rows.map((row) => toJson(row, rules))], next: page.next };
    },
    async userIds(selection) {
      const { sql, bindings } = worklistSql(false, sight, selection);
      const rows = await sqlRows<EntryRow>(knex, sql, { after: 0, limit: null, ...rules, ...bindings });
      return rows.map(({ id }) => id);
    },
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
  { why, source, run }: WorklistSelection,
): { readonly sql: string; readonly bindings: Readonly<Record<string, unknown>> } {
  const listed = allOf([
    seesUser(sight, 'u'),
    !all && `not exists (select from worklist_ack k where ${acknowledged})`,
    why === 'no-longer-an-agent' && noLongerAgent,
    why === 'supervisor-without-privileges' && lacksPrivileges,
    (source !== undefined || run !== undefined || (why !== undefined && !ofUsers.has(why))) &&
      hasEvidence({ why, source, run }),
  ]);
  const bindings = {
    ...(why === undefined || ofUsers.has(why) ? {} : { why }),
    ...(source === undefined ? {} : { source }),
    ...(run === undefined ? {} : { run }),
  };
  const sql = `
with counted as materialized (select source_id from source_state where retired_at is null),
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

function hasEvidence({ why, source, run }: WorklistSelection): string {
  return `exists (select from ${evidence} and ${allOf([
    why !== undefined && !ofUsers.has(why) && 'e.reason = :why',
    source !== undefined && 'a.source_id = :source',
    run !== undefined && 'e.run_id = :run',
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
