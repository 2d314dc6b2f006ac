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

const noPause = { paused_at: null, paused_by: null, pause_reason: null };
const noRetirement = { retired_at: null, retired_by: null, retire_reason: null };

function within(transaction: Knex): SourcePauseTransaction {
  return {
    lockSource: (source) =>
      sqlRow(
        transaction,
        `select paused_at is not null as paused, retired_at is not null as retired, failures
           from source_state where source_id = :source for update`,
        { source },
      ),
    async pause({ source, operator, reason }) {
      await transaction('source_state')
        .where({ source_id: source })
        .update({ paused_at: transaction.fn.now(), paused_by: operator, pause_reason: reason ?? null });
    },
    async retire({ source, operator, reason }) {
      await transaction('source_state')
        .where({ source_id: source })
        .update({
          retired_at: transaction.fn.now(),
          retired_by: operator,
          retire_reason: reason ?? null,
          filling: false,
        });
      await sqlRows(
        transaction,
        `update run set cancel_asked_by = :operator,
                state = case state when 'queued' then 'cancelled' else state end,
                finished_at = case state when 'queued' then now() else finished_at end
          where source_id = :source and state in ('queued', 'importing', 'reconciling')`,
        { source, operator },
      );
    },
    async resume(source) {
      await transaction('source_state')
        .where({ source_id: source })
        .update({ ...noPause, ...noRetirement, failures: 0, stuck: null });
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
