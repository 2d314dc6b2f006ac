import type { Knex } from 'knex';
import type { SourceIdentityStore } from '../users/source-identity.ts';
import { appendPersonsEvent } from './append-event.ts';
import { sqlRow } from './queries/sql.ts';
import { inTransaction } from './transactions.ts';

/** The systems behind the sources in the database. */
export function createSourceIdentityStore(knex: Knex): SourceIdentityStore {
  return {
    transaction: (work) =>
      inTransaction(knex, (transaction) =>
        work({
          lockSystem: (source) =>
            sqlRow(
              transaction,
              `select system_id as "systemId", system_id_found as found
                 from source_state where source_id = :source for update`,
              { source },
            ),
          async replaceSystem(source, systemId) {
            await transaction('source_state')
              .where({ source_id: source })
              .update({ system_id: systemId, system_id_found: null, cursor: null });
          },
          appendEvent: (event) => appendPersonsEvent(transaction, event),
        }),
      ),
  };
}
