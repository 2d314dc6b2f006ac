/**
 * What speaks for a user `u` standing on the worklist (spec 8.4, 9.2): the linked accounts, with why, since when and how it
 * was proven. Bound are `:acds`, the ids of the sources that are ACDs. Accounts of retired sources are no evidence
 * (spec 14.1), nor are ignored ones (spec 2.7).
 */
const evidence = `
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
           select 'id-in-use', u.deactivated_at, null, null, '[]'
            where not u.active and a.gone_since is null and not a.disabled and l.source_id = any (cast(:acds as text[]))
           union all
           select 'account-' || n.kind, n.at,
                  case n.kind when 'returned' then 'seen again after it was gone' else 'its names were others when last applied' end,
                  n.run_id, n.changes
             from account_notice n where n.account_id = a.id
         ) e
   where l.user_id = u.id and l.until is null and a.ignored_at is null`;

/** Whether an agent has another role too, and may no longer work as an agent (spec 10.7). */
export const hasOtherRoles = `(u.roles @> '[{"role": "agent"}]' and jsonb_array_length(u.roles) > 1)`;

/** All evidence of user `u` as one JSON list; null where there is none. */
export const evidenceList = `
  select json_agg(json_build_object('reason', e.reason, 'source', a.source_id, 'externalId', a.external_id, 'since', e.since,
                    'proof', e.proof, 'runId', e.run_id, 'changes', e.changes) order by a.source_id, e.reason) as evidence
    from ${evidence}`;

/** What an acknowledgement of user `u` is bound to; null where there is no evidence. */
export const evidenceDigest = `
  select md5(string_agg(concat_ws('|', e.reason, a.source_id, a.external_id, extract(epoch from e.since), e.proof, e.changes),
               ',' order by a.source_id, e.reason) || cast(${hasOtherRoles} as text))
    from ${evidence}`;
