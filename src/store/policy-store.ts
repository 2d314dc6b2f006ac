import type { PolicyInForce, PolicyStore } from '../runs/ports.ts';
import { endOtherRefusals, ensurePolicy } from './setup.ts';
import { query, queryOne, type Db } from './sql.ts';
import { inTransaction } from './transactions.ts';

/** Which policy stands, and the runs that move users to it, in the database (spec 14.4). */
export function policyStore(db: Db): PolicyStore {
  return {
    async configured(policy) {
      const rows = await query<{ id: string }>(
        db,
        `select source_id as id from source_state where retired_at is not null order by source_id`,
      );
      // Directories are retired as well, and speak on: only of ACDs the one takes the other's place.
      const acds = new Set(policy.content.rank.flatMap(({ id, as }) => (as === 'acd' ? [id] : [])));
      const retired = rows.map(({ id }) => id).filter((id) => acds.has(id));
      const content = { ...policy.content, retired };
      const found = retired.length === 0 ? policy : { id: await ensurePolicy(db, content), content };
      await endOtherRefusals(db, found.id);
      return found;
    },
    inForce: (configured) =>
      queryOne<PolicyInForce>(
        db,
        `select p.id, p.content, exists (select from policy r where r.id = ? and r.instead_id = p.id) as "inPlaceOfRefused"
         from policy p where p.id = coalesce(
           (select instead_id from policy where id = ?),
           (select former_policy_id from run where source_id is null and state = 'held' and policy_id = ? order by id desc limit 1),
           ?::int)`,
        [configured, configured, configured, configured],
      ),
    async startRun(policy) {
      await query(
        db,
        `insert into run (mode, state, asked_by, started_at, imported_at, phase, policy_id, former_policy_id)
         select 'reconcile', 'reconciling', 'woken', now(), now(), 'waiting', c.policy,
           (select u.policy_id from "user" u where u.policy_id <> c.policy group by u.policy_id order by count(*) desc, u.policy_id desc limit 1)
         from (select ?::int as policy) as c
         where not exists (select from run where source_id is null and policy_id = c.policy and state = 'reconciling')
           and not exists (select from run r where r.source_id is null and r.policy_id = c.policy and r.error_code = 'cancelled'
             and not exists (select from run later where later.id > r.id and later.mode in ('full', 'delta')))`,
        [policy],
      );
    },
    async supersedeOthers(configured) {
      await inTransaction(db, async (transaction) => {
        const superseded = await query<{ id: number }>(
          transaction,
          `update run set state = 'cancelled', error_code = 'superseded', error_message = 'the configuration says another policy now'
           where source_id is null and state = 'held' and policy_id is distinct from ? returning id`,
          [configured],
        );
        await query(transaction, 'delete from shown_decision where run_id = any(?)', [superseded.map((run) => run.id)]);
        // Who has this policy is given no name any more by another one.
        await query(
          transaction,
          `update review_item i set closed_at = now() where i.closed_at is null and i.kind = 'unique-taken' and i.subject like 'policy:%'
             and exists (select from "user" u where u.id = split_part(i.subject, ':', 2)::int and u.policy_id = ?)`,
          [configured],
        );
      });
    },
  };
}

/** A policy that a person does not want: what users had before it stands in its place until the configuration says another. */
export async function refusePolicyOf(
  transaction: Db,
  run: number,
  { operator, reason }: { readonly operator: string; readonly reason?: string | undefined },
): Promise<void> {
  await query(
    transaction,
    `update policy p set refused_at = now(), refused_by = ?, refused_reason = ?, instead_id = r.former_policy_id
     from run r where r.id = ? and p.id = r.policy_id`,
    [operator, reason ?? null, run],
  );
}
