import type { Knex } from 'knex';
import type { SourcePauseStore, SourcePauseTransaction } from '../users/source-pause.ts';
import { appendPersonsEvent } from './append-event.ts';
import { sqlRow, sqlRows } from './queries/sql.ts';
import { inTransaction } from './transactions.ts';

/** People's pauses of sources in the database. */
export function createSourcePauseStore(knex: Knex): SourcePauseStore {
  return {
    transaction: (work) => inTransaction(knex, (transaction) => work(within(transaction))),
  };
}

function within(transaction: Knex): SourcePauseTransaction {
  return {
    lockSource: (source) =>
      sqlRow(
        transaction,
        'select paused_at is not null as paused, failures from source_state where source_id = :source for update',
        { source },
      ),
    async pause({ source, operator, reason }) {
      await transaction('source_state')
        .where({ source_id: source })
        .update({ paused_at: transaction.fn.now(), paused_by: operator, pause_reason: reason ?? null });
    },
    async resume(source) {
      await transaction('source_state')
        .where({ source_id: source })
        .update({ paused_at: null, paused_by: null, pause_reason: null, failures: 0 });
    },
    async sourcesWaitingFor(source) {
      const waiting = await sqlRows<{ source_id: string }>(
        transaction,
        `select s.source_id from source_state s,
                lateral (select waiting_for from run where source_id = s.source_id order by id desc limit 1) latest
          where :source = any (latest.waiting_for) order by s.source_id`,
        { source },
      );
      return waiting.map((row) => row.source_id);
    },
    appendEvent: (event) => appendPersonsEvent(transaction, event),
  };
}
