import type { Knex } from 'knex';
import type { AccountContent } from '../../domain/account.ts';
import type { RoleName } from '../../domain/user.ts';
import { explain, type Explanation } from '../../reconcile/explain.ts';
import type { LinkedAccount, OpenQuestion, SpokenWord, StandingRefusal } from '../../reconcile/explain-input.ts';
import { ignoringRule } from '../../reconcile/ignore.ts';
import type { SourceRules } from '../../reconcile/rules.ts';
import { fieldsOfKept } from '../event-changes.ts';
import { loadSubjects } from '../subject-rows.ts';
import { iso, sqlRow, sqlRows } from './sql.ts';

/** The rules of a source as configured; undefined where it is configured no longer. */
export type RulesOf = (source: string) => SourceRules | undefined;

/** Explains a user from what is stored (spec 5.7): a fixed number of statements. Null where there is no such user. */
export async function explainUser(
  knex: Knex,
  userId: number,
  rulesOf: RulesOf,
  managingRoles: readonly RoleName[],
): Promise<Explanation | null> {
  const [loaded] = await loadSubjects(knex, [userId], false);
  if (loaded === undefined) return null;
  const clock = await sqlRow<{ now: Date; deactivated_at: Date | null }>(
    knex,
    'select now() as now, deactivated_at from "user" where id = :userId',
    { userId },
  );
  if (clock === null) return null;
  return explain({
    subject: loaded.subject,
    words: await wordsOf(knex, userId),
    switchedOff: await switchedOffOf(knex, userId),
    deactivatedAt: loaded.subject.user.active ? null : iso(clock.deactivated_at),
    changedAt: await changedAtOf(knex, userId),
    appliedAt: await appliedAtOf(knex, userId),
    accounts: await accountsOf(knex, userId, rulesOf),
    teamNames: await teamNames(knex),
    managingRoles,
    now: iso(clock.now),
  });
}

async function wordsOf(knex: Knex, userId: number): Promise<SpokenWord[]> {
  const rows = await sqlRows<Omit<SpokenWord, 'at'> & { at: Date }>(
    knex,
    `select 'override' as kind, field as ref, value, operator_name as by, at, reason from override where user_id = :userId
     union all
     select kind, ref, value, operator_name, at, reason from word where user_id = :userId`,
    { userId },
  );
  return rows.map((row) => ({ ...row, at: iso(row.at) }));
}

async function switchedOffOf(knex: Knex, userId: number) {
  const rows = await sqlRows<{
    source: string | null;
    by: string;
    at: Date;
    reason: string | null;
    until: Date | null;
  }>(
    knex,
    `select nullif(source_id, '*') as source, operator_name as by, at, reason, until from sync_off
      where user_id = :userId order by source_id`,
    { userId },
  );
  return rows.map((row) => ({ ...row, at: iso(row.at), until: iso(row.until) }));
}

/** When each field last changed: a refused event tells of what did not. From the user's own events, which an index has; a user has some dozens of them. */
async function changedAtOf(knex: Knex, userId: number): Promise<Map<string, string>> {
  const rows = await sqlRows<{ field: string; at: Date }>(
    knex,
    `select distinct on (c.field) c.field, e.at from event e cross join lateral ${fieldsOfKept('e.changes')}
      where e.user_id = :userId and e.type not in ('refused', 'released') order by c.field, e.id desc`,
    { userId },
  );
  return new Map(rows.map((row) => [row.field, iso(row.at)]));
}

async function appliedAtOf(knex: Knex, userId: number): Promise<Map<string, string>> {
  const rows = await sqlRows<{ source_id: string; applied_at: Date }>(
    knex,
    'select source_id, applied_at from snapshot where user_id = :userId',
    { userId },
  );
  return new Map(rows.map((row) => [row.source_id, iso(row.applied_at)]));
}

async function teamNames(knex: Knex): Promise<Map<number, string>> {
  const rows = await sqlRows<{ id: number; name: string }>(knex, 'select id, name from team');
  return new Map(rows.map((row) => [row.id, row.name]));
}

interface AccountRow {
  readonly id: number;
  readonly source_id: string;
  readonly external_id: string;
  readonly content: AccountContent;
  readonly disabled: boolean;
  readonly absent_since: Date | null;
  readonly gone_since: Date | null;
  readonly disabled_since: Date | null;
  readonly ignored: boolean;
  readonly due: boolean;
  readonly since: Date;
  readonly until: Date | null;
  readonly end_reason: string | null;
  readonly origin: string;
  readonly rule: string | null;
  readonly paused_at: Date | null;
  readonly paused_by: string | null;
  readonly pause_reason: string | null;
}

/** The current link of each source, else the latest one. */
async function accountsOf(knex: Knex, userId: number, rulesOf: RulesOf): Promise<LinkedAccount[]> {
  const rows = await sqlRows<AccountRow>(
    knex,
    `with related as (
       select * from link where until is null and user_id = :userId
       union all
       select * from link where until is not null and user_id = :userId
     ), latest as (
       select distinct on (source_id) * from related order by source_id, until is null desc, until desc
     )
     select a.id, l.source_id, a.external_id, a.content, a.disabled, a.absent_since, a.gone_since, a.disabled_since,
            a.ignored_at is not null as ignored, l.since, l.until, l.end_reason, l.origin, l.rule,
            a.decided_hash is distinct from a.content_hash or a.decided_wakes <> a.wakes as due,
            s.paused_at, s.paused_by, s.pause_reason
       from latest l join account a on a.id = l.account_id join source_state s on s.source_id = l.source_id
      order by l.source_id`,
    { userId },
  );
  const ids = rows.map((row) => row.id);
  const refusals = await refusalsOf(knex, ids);
  const questions = await questionsOf(knex, ids);
  const heldRuns = await heldRunsOf(knex, ids);
  const sources = rows.map((row) => row.source_id);
  const bindings = await bindingsOf(knex, sources);
  const meanings = await meaningsOf(knex, sources);
  return rows.map((row) => {
    const refused = refusals.filter((refusal) => refusal.accountId === row.id);
    return {
      source: row.source_id,
      account: {
        id: row.id,
        externalId: row.external_id,
        content: row.content,
        disabled: row.disabled,
        absent: row.absent_since !== null,
        ignored: row.ignored || isIgnoredByRule(row, rulesOf),
        refusals: new Map(refused.map(({ part, said }) => [part, said])),
      },
      rules: withMeanings(rulesOf(row.source_id), meanings.get(row.source_id)),
      bindings: bindings.get(row.source_id) ?? new Map<string, number | null>(),
      link: {
        since: iso(row.since),
        until: iso(row.until),
        endReason: row.end_reason,
        origin: row.origin,
        rule: row.rule,
      },
      goneSince: iso(row.gone_since),
      absentSince: iso(row.absent_since),
      disabledSince: iso(row.disabled_since),
      refusals: refused,
      questions: questions.filter((question) => question.accountIds.includes(row.id)),
      due: row.due,
      heldRun: heldRuns.get(row.id) ?? null,
      pause: row.paused_at === null ? null : { at: iso(row.paused_at), by: row.paused_by, reason: row.pause_reason },
    };
  });
}

function isIgnoredByRule(row: AccountRow, rulesOf: RulesOf): boolean {
  const rules = rulesOf(row.source_id)?.ignore ?? [];
  return ignoringRule(rules, { externalId: row.external_id, content: row.content }) !== null;
}

type RefusalRow = Omit<StandingRefusal, 'at'> & { readonly accountId: number; readonly said: string };

async function refusalsOf(knex: Knex, ids: readonly number[]): Promise<(RefusalRow & StandingRefusal)[]> {
  const rows = await sqlRows<RefusalRow & { at: Date }>(
    knex,
    `select account_id as "accountId", part, value_said as said, cause, operator_name as by, at, reason from refusal
      where account_id = any (cast(:ids as integer[])) order by part`,
    { ids },
  );
  return rows.map((row) => ({ ...row, at: iso(row.at) }));
}

async function questionsOf(
  knex: Knex,
  ids: readonly number[],
): Promise<(OpenQuestion & { readonly accountIds: readonly number[] })[]> {
  const rows = await sqlRows<Omit<OpenQuestion, 'openedAt'> & { accountIds: readonly number[]; opened_at: Date }>(
    knex,
    `select id, kind, part, opened_at, account_ids as "accountIds", null as about from review_item
      where closed_at is null and account_ids && cast(:ids as integer[])
     union all
     select i.id, i.kind, 'teams', i.opened_at, array[a.id], t ->> 'name'
       from account a cross join lateral jsonb_array_elements(coalesce(a.content -> 'teams', '[]') || coalesce(a.content -> 'supervises', '[]')) t
            join review_item i on i.closed_at is null and i.kind = 'team-name-taken' and i.subject = a.source_id || ':' || (t ->> 'id')
      where a.id = any (cast(:ids as integer[]))
      order by id`,
    { ids },
  );
  return rows.map((row) => ({ ...row, openedAt: iso(row.opened_at) }));
}

/** Held runs that show a change of one of these accounts, by account. */
async function heldRunsOf(knex: Knex, ids: readonly number[]): Promise<Map<number, LinkedAccount['heldRun']>> {
  const rows = await sqlRows<{ account_id: number; id: number; held_at: Date | null }>(
    knex,
    `select distinct s.account_id, r.id, r.held_at from run r join shown_decision s on s.run_id = r.id
      where r.state = 'held' and s.account_id = any (cast(:ids as integer[]))`,
    { ids },
  );
  return new Map(rows.map((row) => [row.account_id, { id: row.id, at: iso(row.held_at) }]));
}

function withMeanings(
  rules: SourceRules | undefined,
  roleMeanings: ReadonlyMap<string, string | null> = new Map(),
): SourceRules | null {
  return rules === undefined ? null : { ...rules, roleMeanings };
}

async function meaningsOf(
  knex: Knex,
  sources: readonly string[],
): Promise<Map<string, ReadonlyMap<string, string | null>>> {
  const rows = await sqlRows<{ source_id: string; said: string; role: string | null }>(
    knex,
    'select source_id, said, role from role_meaning where source_id = any (cast(:sources as text[]))',
    { sources },
  );
  const groups = Map.groupBy(rows, (row) => row.source_id);
  return new Map([...groups].map(([source, of]) => [source, new Map(of.map(({ said, role }) => [said, role]))]));
}

async function bindingsOf(knex: Knex, sources: readonly string[]): Promise<Map<string, Map<string, number | null>>> {
  const rows = await sqlRows<{ source_id: string; external_id: string; team_id: number | null }>(
    knex,
    'select source_id, external_id, case when ignored then 0 else team_id end as team_id from source_team where source_id = any (cast(:sources as text[]))',
    { sources },
  );
  const groups = Map.groupBy(rows, (row) => row.source_id);
  return new Map(
    [...groups].map(([source, teams]) => [source, new Map(teams.map((team) => [team.external_id, team.team_id]))]),
  );
}
