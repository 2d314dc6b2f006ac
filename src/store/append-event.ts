import type { Knex } from 'knex';
import type { PersonsEvent } from '../users/events.ts';
import { refuseUnpermitted } from '../domain/permitted.ts';
import { toKept } from './event-changes.ts';

/** Writes a person's event in the transaction of what they did (spec 15.1), if they may do that. @throws PermissionMissingError */
export async function appendPersonsEvent(transaction: Knex, event: PersonsEvent): Promise<void> {
  refuseUnpermitted(event, event);
  await transaction('event').insert({
    actor_kind: 'operator',
    actor_name: event.operator,
    type: event.type,
    source_id: event.source,
    run_id: event.runId ?? null,
    user_id: event.userId,
    account_id: event.account?.id ?? null,
    external_id: event.account?.externalId ?? null,
    changes: JSON.stringify(toKept(event.changes)),
    reason: event.reason,
  });
}
