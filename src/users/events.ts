import type { PersonsAct } from '../domain/permitted.ts';
import type { Asker } from '../domain/permissions.ts';
import type { SourceId, UserId } from '../domain/user.ts';

/** One difference as events and previews show it: a field of the user, or a word of people. Lists are sorted names. */
export interface ShownChange {
  readonly field: string;
  readonly before: string | readonly string[] | null;
  readonly after: string | readonly string[] | null;
}

/** An entry of the audit log as a person's action writes it, in the transaction of the action (spec 15.1). */
export interface PersonsEvent extends Asker {
  readonly type: PersonsAct;
  readonly source: SourceId | null;
  readonly userId: UserId | null;
  readonly runId?: number;
  readonly account?: { readonly id: number; readonly externalId: string };
  readonly changes: readonly ShownChange[];
  readonly reason: string | null;
}

/** Asks for a reconcile of these sources, whose accounts have something new to decide. Called after the commit. */
export type RequestReconcile = (sources: readonly SourceId[]) => Promise<void>;
