import type { Knex } from 'knex';
import type { PersonsEvent } from '../users/events.ts';
import { refuseUnpermitted } from '../domain/permitted.ts';
import { toKept } from './event-changes.ts';
import { forRows } from './sql.ts';

/** Writes a person's event in the transaction of what they did (spec 15.1), if they may do that. @throws PermissionMissingError */
export async function appendPersonsEvent(transaction: Knex, event: PersonsEvent): Promise<void> {
  await appendPersonsEvents(transaction, [event]);
}

/** The same of many, by one statement. @throws PermissionMissingError */
export async function appendPersonsEvents(transaction: Knex, events: readonly PersonsEvent[]): Promise<void> {
  for (const event of events) refuseUnpermitted(event, event);
  await forRows(
    transaction,
    eventColumns,
    events.map(toRow),
    (table) => `insert into event (${names})
    select 'operator', operator, type, source, run, "userId", account, "externalId", changes, reason from ${table}`,
  );
}

const eventColumns =
  'operator text, type text, source text, run int, "userId" int, account int, "externalId" text, changes jsonb, reason text';
const names = 'actor_kind, actor_name, type, source_id, run_id, user_id, account_id, external_id, changes, reason';

function toRow(event: PersonsEvent): object {
  return {
    operator: event.operator,
    type: event.type,
    source: event.source,
    run: event.runId ?? null,
    userId: event.userId,
    account: event.account?.id ?? null,
    externalId: event.account?.externalId ?? null,
    changes: toKept(event.changes),
    reason: event.reason,
  };
}
