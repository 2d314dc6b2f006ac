import type { Holder } from './holder.ts';

/** Why a data directory cannot be had. */
export type DataDirectoryErrorCode = 'no-store' | 'data-directory-held' | 'data-directory-unusable';

/** The data directory cannot be had; the message says why and what to do. */
export class DataDirectoryError extends Error {
  override readonly name = 'DataDirectoryError';
  readonly code: DataDirectoryErrorCode;
  /** With `data-directory-held`: who holds it, if that could be read. */
  readonly holder: Holder | undefined;

  constructor(
    code: DataDirectoryErrorCode,
    message: string,
    options: { cause?: unknown; holder?: Holder | undefined } = {},
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.holder = options.holder;
  }
}

/** `storage`: the disk is full, read-only or broken. `embedded-database-failed`: anything else ended the database. */
export type EmbeddedDatabaseErrorCode = 'storage' | 'embedded-database-failed';

/** The embedded database could not be opened, or it ended by itself. What was acknowledged is on disk. */
export class EmbeddedDatabaseError extends Error {
  override readonly name = 'EmbeddedDatabaseError';
  readonly code: EmbeddedDatabaseErrorCode;

  constructor(code: EmbeddedDatabaseErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.code = code;
  }
}
