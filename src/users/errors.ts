/** Why something that a person asked for is not done. */
export type ActionRefusalCode =
  | 'user-unknown'
  | 'source-unknown'
  | 'sync-not-available'
  | 'sync-off-for-the-user'
  | 'version-changed'
  | 'until-not-in-the-future'
  | 'until-without-off';

/** A refused action of a person: what, for whom, and the way out. */
export class ActionRefusedError extends Error {
  readonly code: ActionRefusalCode;

  constructor(code: ActionRefusalCode, message: string) {
    super(message);
    this.name = 'ActionRefusedError';
    this.code = code;
  }
}
