import { SourceError } from '../connector-kit/errors.ts';
import type { RunFailure } from './ports.ts';

/** PostgreSQL's classes of errors that mean that nothing can be stored now (spec 14.4): full disk, read-only, no connection. */
const storageCodes = /^(53|57P|58|25006|08|XX001|XX002)/;
const connectionCodes = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE', 'ENOSPC', 'EROFS', 'ETIMEDOUT']);

/** What a run's record says of an error: a stable code, and a sentence with what to do. */
export function failureOf(error: unknown): RunFailure {
  if (error instanceof SourceError) return { code: error.code, message: error.message };
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const text = error instanceof Error ? error.message : String(error);
  if (storageCodes.test(code) || connectionCodes.has(code))
    return {
      code: 'storage',
      message: `the database could not store the result (${code}: ${text}); nothing is lost and no cursor moved: free its disk or restore its connection, then sync again`,
    };
  return {
    code: 'internal',
    message: `rosterd failed: ${text}; this is a defect, please report it with the log of this run`,
  };
}

/** A read that ended before its end (spec 3.2). */
export function incompleteRead(reason: string): RunFailure {
  return {
    code: 'incomplete-read',
    message: `the source was not read to its end: ${reason}. What was read has been used, nothing is concluded from what was not; sync again`,
  };
}

export function isRetryable(error: unknown): error is SourceError {
  return error instanceof SourceError && error.class === 'retryable';
}
