import { SourceError } from '../errors.ts';
import type { LdapConnection, Search, SearchAnswer } from './connection.ts';
import { resultCode, ResultFailure } from './failures.ts';
import type { Entry } from './messages.ts';

/** The first entry of a small search; undefined when there is none, or no such base. Throws a SourceError. */
export async function readOne(
  connection: LdapConnection,
  search: Search,
  signal: AbortSignal,
): Promise<Entry | undefined> {
  const answer = await connection.search(search, signal);
  if (answer.failure !== undefined && !isNoSuchObject(answer)) throw answer.failure;
  return answer.entries[0];
}

function isNoSuchObject(answer: SearchAnswer): boolean {
  return answer.failure instanceof ResultFailure && answer.failure.resultCode === resultCode.noSuchObject;
}

/** Some entries of a search, at most `size`; that there are more is no failure. Throws a SourceError. */
export async function readSome(
  connection: LdapConnection,
  search: Search,
  size: number,
  signal: AbortSignal,
): Promise<readonly Entry[]> {
  const answer = await connection.search({ ...search, sizeLimit: size }, signal);
  const cutShort = answer.failure instanceof ResultFailure && answer.failure.truncates;
  if (answer.failure !== undefined && !cutShort) throw answer.failure;
  return answer.entries;
}

/**
 * That an entry is not found says nothing where none is found at all: rights may have been taken away. Throws a fatal
 * SourceError `right-missing` then.
 */
export async function requireSight(
  connection: LdapConnection,
  where: Pick<Search, 'base' | 'filter'>,
  signal: AbortSignal,
): Promise<void> {
  const entries = await readSome(connection, { ...where, scope: 'sub', attributes: ['1.1'] }, 1, signal);
  if (entries.length > 0) return;
  const message = `connection.bindDn sees nobody below ${where.base}, so that nothing can be said of one account: grant it read access`;
  throw new SourceError('fatal', 'right-missing', message);
}
