import type { TeamNames } from '../domain/fold.ts';
import type { Asker } from '../domain/permissions.ts';
import type { Snapshot, SourceId, UserId, UserValue, Words } from '../domain/user.ts';
import type { Subject } from '../reconcile/decide.ts';
import type { PersonsEvent, ShownChange } from './events.ts';
import type { UserTx } from './ports.ts';

/** What every act on one user is asked with. */
export interface UserRequest extends Asker {
  readonly userId: UserId;
  readonly reason?: string | undefined;
  /** The version that the person has seen; another one is refused. */
  readonly expectedVersion?: number | undefined;
  /** Shows what would change and keeps nothing of it. */
  readonly preview?: boolean | undefined;
}

/** What an act has changed or, as a preview, would change: of the user's value and of what people say, field by field. */
export interface UserActed {
  readonly changed: boolean;
  readonly changes: readonly ShownChange[];
  /** What the person should know of its effect. */
  readonly warnings: readonly string[];
}

/** A user under lock, with everything that their value depends on. */
export interface ActingUser {
  readonly tx: UserTx;
  readonly subject: Subject;
  /** Sources of all current links. */
  readonly linkedSources: readonly SourceId[];
  readonly teamNames: TeamNames;
}

/** What an act comes to. What is not named stays as it is. */
export interface Act {
  readonly event: Pick<PersonsEvent, 'type' | 'source' | 'account'>;
  readonly words?: Words;
  readonly snapshots?: readonly Snapshot[];
  /** The membership and main team that the fold goes on from, where it is not the user's present one. */
  readonly present?: Pick<UserValue, 'teams' | 'mainTeam'>;
  readonly linkedSources?: readonly SourceId[];
  /** What the event says beside the changes of value and words. */
  readonly told?: readonly ShownChange[];
  /** What else is written, before the user is folded anew. */
  readonly write?: () => Promise<void>;
  /** Sources whose accounts are applied in the same transaction, as the sync would do it next (spec 6.3, 13.5). */
  readonly apply?: readonly SourceId[];
  readonly warnings?: readonly string[];
}
