import { SourceError } from '../connector-kit/errors.ts';
import { storageFailureCode } from '../domain/storage-failure.ts';
import type { RunFailure } from './ports.ts';

/** What a run's record says of an error: a stable code, and a sentence with what to do. */
export function failureOf(error: unknown): RunFailure {
  if (error instanceof SourceError) return { code: error.code, message: error.message };
  const text = error instanceof Error ? error.message : String(error);
  const storage = storageFailureCode(error);
  if (storage !== null)
    return {
      code: 'storage',
      message: `the database could not store the result (${storage}: ${text}); nothing is lost and no cursor moved: free its disk or restore its connection, then sync again`,
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
