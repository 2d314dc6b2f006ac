/** A notice did not arrive. Its message holds neither address nor secret. */
export class NotSentError extends Error {
  override readonly name = 'NotSentError';
  readonly code: 'address-refused' | 'no-connection' | 'not-accepted' | 'configuration';

  constructor(code: NotSentError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The code that Node or a library gave an error, for messages. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
}
