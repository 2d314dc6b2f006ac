/** Why something that a person asked for is not done. */
export type ActionRefusalCode =
  | 'user-unknown'
  | 'source-unknown'
  | 'sync-not-available'
  | 'sync-off-for-the-user'
  | 'version-changed'
  | 'field-unknown'
  | 'field-required'
  | 'value-invalid'
  | 'field-read-only'
  | 'nothing-to-unset'
  | 'unique-taken'
  | 'role-unknown'
  | 'team-unknown'
  | 'not-a-member'
  | 'acd-still-has-the-agent'
  | 'source-unreachable'
  | 'reason-required'
  | 'user-merged'
  | 'not-linked'
  | 'not-a-directory'
  | 'already-linked'
  | 'account-gone'
  | 'account-ignored'
  | 'source-not-configured'
  | 'ids-not-reusable'
  | 'user-active'
  | 'retention-not-over'
  | 'merged-users-remain'
  | 'account-still-there'
  | 'source-needed'
  | 'username-needed'
  | 'until-not-in-the-future'
  | 'until-without-off'
  | 'source-retired'
  | 'source-not-retired'
  | 'same-source'
  | 'nothing-to-confirm'
  | 'account-unknown'
  | 'account-linked'
  | 'not-on-worklist'
  | 'item-unknown'
  | 'item-closed'
  | 'evidence-changed'
  | 'answer-unknown'
  | 'answer-not-possible'
  | 'value-needed'
  | 'run-unknown'
  | 'run-not-held'
  | 'digest-changed'
  | 'event-unknown'
  | 'run-not-finished'
  | 'not-undoable'
  | 'nothing-to-undo'
  | 'value-not-needed'
  | 'too-many-jobs'
  | 'no-users'
  | 'group-unknown'
  | 'group-name-taken'
  | 'group-in-use'
  | 'group-below-itself'
  | 'beyond-scope';

/** A refused action of a person: what, for whom, and the way out. */
export class ActionRefusedError extends Error {
  readonly code: ActionRefusalCode;

  constructor(code: ActionRefusalCode, message: string) {
    super(message);
    this.name = 'ActionRefusedError';
    this.code = code;
  }
}
