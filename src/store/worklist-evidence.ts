import type { RoleName } from '../domain/user.ts';

/**
 * What speaks for a user `u` standing on the worklist (spec 8.4, 9.2): the linked accounts, with why, since when and how it
 * was proven. Bound are the rules, {@link WorklistRules}. Accounts of retired sources are no evidence (spec 14.1), nor are
 * ignored ones (spec 2.7).
 */
export const evidence = `
  link l join account a on a.id = l.account_id
         join source_state s on s.source_id = l.source_id and s.retired_at is null
         cross join lateral (
           select 'account-gone' as reason, a.gone_since as since, a.absence_proof as proof, a.gone_run_id as run_id,
                  cast('[]' as jsonb) as changes
            where u.active and a.gone_since is not null
           union all
           select 'account-disabled', a.disabled_since, 'disabled, as the source itself says', null, '[]'
            where u.active and a.gone_since is null and a.disabled
           union all
           select 'gone-refused', a.absent_since, f.cause, f.run_id, '[]'
             from refusal f where f.account_id = a.id and f.part = 'gone' and u.active and a.absent_since is not null
           union all
           select 'id-in-use', coalesce(u.deactivated_at, u.created_at), null, null, '[]'
            where not u.active and a.gone_since is null and not a.disabled and l.source_id = any (cast(:acds as text[]))
           union all
           select 'account-' || n.kind, n.at,
                  case n.kind when 'returned' then 'seen again after it was gone' else 'its names were others when last applied' end,
                  n.run_id, n.changes
             from account_notice n where n.account_id = a.id
         ) e
   where l.user_id = u.id and l.until is null and a.ignored_at is null`;

/**
 * Whether user `u` is an active agent with another role who no longer works as an agent (spec 10.7): of the ACD accounts
 * linked to them, one at least, all are gone or disabled.
 */
export const noLongerAgent = `(u.active and u.roles @> '[{"role": "agent"}]' and jsonb_array_length(u.roles) > 1 and coalesce((
  select bool_and(a.gone_since is not null or a.disabled)
    from link l join account a on a.id = l.account_id
         join source_state s on s.source_id = l.source_id and s.retired_at is null
   where l.user_id = u.id and l.until is null and a.ignored_at is null and l.source_id = any (cast(:acds as text[]))), false))`;

/** Whether the active user `u` supervises teams without a role that can manage them (spec 10.6). Bound are `:managing`. */
export const lacksPrivileges = `(u.active and u.supervised_team_ids <> '{}' and not exists (
  select from jsonb_array_elements(u.roles) held where held ->> 'role' = any (cast(:managing as text[]))))`;

/** What the configuration says that the worklist depends on; the bindings of everything here. */
export interface WorklistRules {
  /** The ids of the sources that are ACDs. */
  readonly acds: readonly string[];
  /** The roles with which somebody can manage teams. */
  readonly managing: readonly RoleName[];
}

/** All evidence of user `u` as one JSON list; null where there is none. */
export const evidenceList = `
  select json_agg(json_build_object('reason', e.reason, 'source', a.source_id, 'externalId', a.external_id, 'since', e.since,
                    'proof', e.proof, 'runId', e.run_id, 'changes', e.changes) order by a.source_id, e.reason) as evidence
    from ${evidence}`;

/** What an acknowledgement of user `u` is bound to; null where nothing speaks for an entry. */
export const evidenceDigest = `
  select case when count(*) > 0 or ${lacksPrivileges} then md5(concat_ws(';',
           string_agg(concat_ws('|', e.reason, a.source_id, a.external_id, extract(epoch from e.since), e.proof, e.changes),
             ',' order by a.source_id, e.reason),
           ${noLongerAgent}, case when ${lacksPrivileges} then u.supervised_team_ids end)) end
    from ${evidence}`;
