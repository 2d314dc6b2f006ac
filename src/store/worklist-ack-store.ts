import type { Knex } from 'knex';
import type { WorklistAckStore, WorklistAckTransaction } from '../users/worklist-ack.ts';
import { appendPersonsEvent } from './append-event.ts';
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
    lockEntry: (userId) =>
      sqlRow(
        transaction,
        `select (${evidenceDigest}) as evidence, now() as now from "user" u where u.id = :userId for update of u`,
        { userId, ...rules },
      ),
    async saveAck({ userId, operator, until, note }, evidence) {
      await sqlRows(
        transaction,
        `insert into worklist_ack (user_id, evidence_digest, operator_name, until, note)
         values (:userId, :evidence, :operator, cast(:until as timestamptz), :note)
         on conflict (user_id) do update set evidence_digest = excluded.evidence_digest, at = now(),
            operator_name = excluded.operator_name, until = excluded.until, note = excluded.note`,
        { userId, evidence, operator, until: until?.toISOString() ?? null, note },
      );
    },
    appendEvent: (event) => appendPersonsEvent(transaction, event),
  };
}
