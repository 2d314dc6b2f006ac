import type { LdapConnection } from './connection.ts';
import { isWithin, parseDn } from './dn.ts';
import { resultCode, ResultFailure } from './failures.ts';
import { present } from './filter.ts';
import type { Entry } from './messages.ts';
import { readOne } from './read-one.ts';

/** The part of a directory that a base lies in. */
export interface NamingContext {
  readonly dn: string;
  /** The entryUUID of its top entry, where it can be read: tells two directories with the same suffix apart. */
  readonly entryUuid: string | undefined;
}

/** The naming context of a base (RFC 4512, section 5.1); the base itself where the server does not tell. Throws a SourceError. */
export async function readNamingContext(
  connection: LdapConnection,
  base: string,
  signal: AbortSignal,
): Promise<NamingContext> {
  const root = await readTop(connection, '', 'namingContexts', signal);
  const contexts = (root?.texts.get('namingcontexts') ?? []).filter(
    (context) => context !== '' && isWithin(base, context),
  );
  const [dn = base] = contexts.sort((a, b) => (parseDn(b)?.length ?? 0) - (parseDn(a)?.length ?? 0));
  const top = await readTop(connection, dn, 'entryUUID', signal);
  return { dn, entryUuid: top?.texts.get('entryuuid')?.[0] };
}

async function readTop(
  connection: LdapConnection,
  base: string,
  attribute: string,
  signal: AbortSignal,
): Promise<Entry | undefined> {
  const search = { base, scope: 'base', filter: present('objectClass'), attributes: [attribute] } as const;
  try {
    return await readOne(connection, search, signal);
  } catch (error) {
    if (error instanceof ResultFailure && error.resultCode === resultCode.insufficientAccess) return undefined;
    throw error;
  }
}
