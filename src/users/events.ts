import type { SourceId, UserId } from '../domain/user.ts';

/** An entry of the audit log as a person's action writes it, in the transaction of the action (spec 15.1). */
export interface PersonsEvent {
  readonly operator: string;
  readonly type: 'sync-switched' | 'source-paused' | 'source-resumed';
  readonly source: SourceId | null;
  readonly userId: UserId | null;
  readonly changes: readonly {
    readonly field: string;
    readonly before: string | null;
    readonly after: string | null;
  }[];
  readonly reason: string | null;
}

/** Asks for a reconcile of these sources, whose accounts have something new to decide. Called after the commit. */
export type RequestReconcile = (sources: readonly SourceId[]) => Promise<void>;
