/** Why something about operators, tokens or signing in is not done. */
export type AccessRefusalCode =
  | 'operator-unknown'
  | 'operator-exists'
  | 'operator-local'
  | 'operator-disabled'
  | 'operator-name-invalid'
  | 'beyond-permissions'
  | 'beyond-scope'
  | 'group-unknown'
  | 'team-unknown'
  | 'token-unknown'
  | 'session-unknown'
  | 'not-the-first'
  | 'link-invalid'
  | 'password-unfit'
  | 'sign-in-refused';

/** A refusal: what, and the way out. Never says whether a name or a password was the wrong one. */
export class AccessRefusedError extends Error {
  override readonly name = 'AccessRefusedError';
  readonly code: AccessRefusalCode;

  constructor(code: AccessRefusalCode, message: string) {
    super(message);
    this.code = code;
  }
}
