/** fatal: a person must act. retryable: the same call may succeed later. (A bad record is no error: it is rejected.) */
export type SourceErrorClass = 'fatal' | 'retryable';

/** The stable codes that a run, the API and the exit code build on. */
export type SourceErrorCode =
  | 'login-refused'
  | 'right-missing'
  | 'configuration'
  | 'protocol'
  | 'unreachable'
  | 'timeout'
  | 'tls'
  | 'busy'
  | 'cursor-unusable'
  | 'source-identity-changed'
  | 'file-missing'
  | 'one-account-unsupported';

/**
 * What went wrong at a source: class, stable code, and a sentence that says what happened and what to do.
 * Its message never holds a secret.
 */
export class SourceError extends Error {
  override readonly name = 'SourceError';
  readonly class: SourceErrorClass;
  readonly code: SourceErrorCode;
  /** How long the source asks to wait (Retry-After), in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(
    errorClass: SourceErrorClass,
    code: SourceErrorCode,
    message: string,
    options: { cause?: unknown; retryAfterMs?: number } = {},
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.class = errorClass;
    this.code = code;
    this.retryAfterMs = options.retryAfterMs;
  }
}
