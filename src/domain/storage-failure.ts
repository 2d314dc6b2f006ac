/** PostgreSQL's classes of errors that mean that nothing can be stored now: full disk, read-only, no connection, a lock not had in time (spec 14.4). */
const sqlStates = /^(53|57P|58|25006|08|55P03|XX001|XX002)/;
const systemCodes = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE', 'ENOSPC', 'EROFS', 'ETIMEDOUT']);

/** How node-postgres tells of a connection that ended under it: without a code. */
const lostConnection = /Connection terminated|not queryable/;

/**
 * The code of an error that says that the database cannot store, or cannot be reached, while nothing is wrong with what was
 * asked; null for every other error.
 */
export function storageFailureCode(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  if (error.name === 'KnexTimeoutError') return 'no connection in time';
  if (lostConnection.test(error.message)) return 'connection lost';
  if (!('code' in error) || typeof error.code !== 'string') return null;
  return sqlStates.test(error.code) || systemCodes.has(error.code) ? error.code : null;
}
