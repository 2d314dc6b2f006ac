import type { Knex } from 'knex';
import type { WorklistAckStore, WorklistAckTransaction } from '../users/worklist-ack.ts';
import { appendPersonsEvents } from './append-event.ts';
import { sqlRow, sqlRows } from './queries/sql.ts';
import { inTransaction } from './transactions.ts';
import { evidenceDigest, type WorklistRules } from './worklist-evidence.ts';

/** Acknowledged worklist entries in the database. */
export function createWorklistAckStore(knex: Knex, rules: WorklistRules): WorklistAckStore {
  return {
    transaction: (work) => inTransaction(knex, (transaction) => work(within(transaction, rules))),
  };
}

function within(transaction: Knex, rules: WorklistRules): WorklistAckTransaction {
  return {
    lockEntries: (userIds) =>
      sqlRows(
        transaction,
        `select u.id as "userId", (${evidenceDigest}) as evidence from "user" u
          where u.id = any (cast(:userIds as int[])) order by u.id for update of u`,
        { userIds: [...userIds], ...rules },
      ),
    now: async () => (await sqlRow<{ now: Date }>(transaction, 'select now() as now', {}))?.now ?? new Date(),
    async saveAcks({ operator, until, note }, entries) {
      await sqlRows(
        transaction,
        `insert into worklist_ack (user_id, evidence_digest, operator_name, until, note)
         select r.id, r.evidence, cast(:operator as text), cast(:until as timestamptz), cast(:note as text)
           from unnest(cast(:ids as int[]), cast(:evidence as text[])) as r(id, evidence)
         on conflict (user_id) do update set evidence_digest = excluded.evidence_digest, at = now(),
            operator_name = excluded.operator_name, until = excluded.until, note = excluded.note`,
        {
          ids: entries.map(({ userId }) => userId),
          evidence: entries.map(({ evidence }) => evidence),
          operator,
          until: until?.toISOString() ?? null,
          note,
        },
      );
    },
    appendEvents: (events) => appendPersonsEvents(transaction, events),
  };
}
