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
  | 'sign-in-refused'
  | 'sign-in-unavailable'
  | 'way-not-offered'
  | 'windows-locked'
  | 'windows-disabled'
  | 'windows-expired'
  | 'windows-password-expired'
  | 'windows-password-must-change'
  | 'windows-not-now'
  | 'openid-attempt'
  | 'openid-refused'
  | 'openid-answer'
  | 'openid-unavailable'
  | 'openid-operator-unknown'
  | 'openid-operator-out'
  | 'openid-other-person';

/** A refusal: what, and the way out. Never says whether a name or a password was the wrong one. */
export class AccessRefusedError extends Error {
  override readonly name = 'AccessRefusedError';
  readonly code: AccessRefusalCode;
  /** Whom it is about, where they have proved who they are. */
  readonly operator: string | undefined;

  constructor(code: AccessRefusalCode, message: string, operator?: string) {
    super(message);
    this.code = code;
    this.operator = operator;
  }
}
