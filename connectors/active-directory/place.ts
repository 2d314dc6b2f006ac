import { SourceError } from '../../src/connector-kit/errors.ts';
import { readController } from '../../src/connector-kit/ldap/active-directory-domain.ts';
import type { ActiveDirectoryDomain, DomainController } from '../../src/connector-kit/ldap/active-directory-domain.ts';
import type { LdapConnection } from '../../src/connector-kit/ldap/connection.ts';
import { showDeleted } from '../../src/connector-kit/ldap/controls.ts';
import { startSync } from '../../src/connector-kit/ldap/dir-sync.ts';
import { resultCode, ResultFailure } from '../../src/connector-kit/ldap/failures.ts';
import { present } from '../../src/connector-kit/ldap/filter.ts';
import { readOne } from '../../src/connector-kit/ldap/read-one.ts';
import type { Cursor } from './cursor.ts';

/** How changes can be read from this domain controller, chosen by trying (`source check` shows it). */
type DeltaWay =
  | { readonly kind: 'dirsync' }
  /** DirSync was refused: changed objects are found by uSNChanged, those that have gone by a list of all ids. */
  | { readonly kind: 'usn'; readonly why: string }
  /** Every import reads in full. */
  | { readonly kind: 'none'; readonly why: string };

/** The place from which a later delta can go on. */
export interface Place {
  readonly way: DeltaWay;
  /** Present unless `way` is none. */
  readonly from?: Pick<Cursor, 'controller' | 'invocationId' | 'takenMs' | 'from'>;
}

const untold =
  'the domain controller does not tell its name, invocationId and highestCommittedUSN: grant connection.bindDn Read on ' +
  'its NTDS Settings object in the configuration partition';

/**
 * Notes where the directory stands, before anything is read (spec 3.5), and with that which way deltas will go. Throws a
 * SourceError where the connection fails.
 */
export async function takePlace(
  connection: LdapConnection,
  domain: ActiveDirectoryDomain,
  signal: AbortSignal,
): Promise<Place> {
  const controller = await readController(connection, signal);
  if (controller === undefined) return { way: { kind: 'none', why: untold } };
  try {
    const cookie = await startSync(connection, domain.dn, signal);
    return placeAt(controller, { kind: 'dirsync', cookie }, { kind: 'dirsync' });
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const from = { kind: 'usn', usn: controller.highestUsn.toString() } as const;
    return placeAt(controller, from, { kind: 'usn', why: error.message });
  }
}

function placeAt({ dnsName, invocationId, timeMs }: DomainController, from: Cursor['from'], way: DeltaWay): Place {
  return { way, from: { controller: dnsName, invocationId, takenMs: timeMs, from } };
}

/** Whether a server answered that it does not do this for us, for whatever reason; a busy or lost one says nothing of the kind. */
export function isRefusal(error: unknown): error is SourceError {
  if (error instanceof ResultFailure)
    return error.resultCode !== resultCode.busy && error.resultCode !== resultCode.unavailable;
  return error instanceof SourceError && error.code === 'protocol';
}

/**
 * Whether deletions can be seen: without the right to read the container of deleted objects they are silently left out, by
 * DirSync too. Windows hides the container then, Samba shows it without its attributes. Throws a SourceError.
 */
export async function mayReadDeleted(
  connection: LdapConnection,
  domain: ActiveDirectoryDomain,
  signal: AbortSignal,
): Promise<boolean> {
  const search = {
    base: deletedObjects(domain),
    scope: 'base',
    filter: present('objectClass'),
    attributes: ['isDeleted'],
    controls: [showDeleted()],
  } as const;
  try {
    return (await readOne(connection, search, signal))?.texts.has('isdeleted') === true;
  } catch (error) {
    if (isRefusal(error)) return false;
    throw error;
  }
}

/** The container of what was deleted (MS-ADTS 6.1.1.4.2). */
export function deletedObjects({ dn }: ActiveDirectoryDomain): string {
  return `CN=Deleted Objects,${dn}`;
}
