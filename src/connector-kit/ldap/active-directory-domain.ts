import { z } from 'zod';
import { SourceError } from '../errors.ts';
import type { LdapConnection, Search } from './connection.ts';
import { domainScopeOid } from './controls.ts';
import { resultCode, ResultFailure } from './failures.ts';
import { and, equals, present } from './filter.ts';
import type { Entry } from './messages.ts';
import { guidText, sidText } from './microsoft-values.ts';
import { readOne } from './read-one.ts';

/** LDAP_CAP_ACTIVE_DIRECTORY_OID (MS-ADTS 3.1.1.3.4.3.1): who announces it behaves like a domain controller. */
const activeDirectoryOid = '1.2.840.113556.1.4.800';

/** The root DSE of a domain controller (MS-ADTS 3.1.1.3.2). */
const rootDse = z.object({
  defaultnamingcontext: z.tuple([z.string().min(1)]),
  configurationnamingcontext: z.tuple([z.string().min(1)]),
  supportedcapabilities: z.array(z.string()).refine((oids) => oids.includes(activeDirectoryOid)),
  supportedcontrol: z.array(z.string()).default([]),
  currenttime: z.tuple([z.string()]).optional(),
});

/** What a connector must know of the domain that it reads. */
export interface ActiveDirectoryDomain {
  readonly dn: string;
  /** `S-1-5-21-…`: stays, whatever the domain is renamed to. */
  readonly sid: string;
  /** The first half of every Windows login; not the first label of the DNS name. */
  readonly netbiosName: string;
  /** The domain controller's clock at the log-in, in milliseconds since 1970; undefined where it does not tell. */
  readonly timeMs: number | undefined;
  readonly takesDomainScope: boolean;
}

/** Reads the domain of the server that a connection leads to. Throws a SourceError. */
export async function readDomain(connection: LdapConnection, signal: AbortSignal): Promise<ActiveDirectoryDomain> {
  const root = await readRoot(connection, signal);
  const dn = root.defaultnamingcontext[0];
  const sid = sidOf(await readDomainHead(connection, dn, signal));
  if (sid === undefined) {
    throw new SourceError(
      'fatal',
      'right-missing',
      `connection.bindDn may not read objectSid of ${dn}: grant it Read on the domain`,
    );
  }
  return {
    dn,
    sid,
    netbiosName: await readNetbiosName(connection, root.configurationnamingcontext[0], dn, signal),
    timeMs: generalizedTimeMs(root.currenttime?.[0] ?? ''),
    takesDomainScope: root.supportedcontrol.includes(domainScopeOid),
  };
}

/** The domain controller that a connection leads to, and how far it has got. */
export interface DomainController {
  readonly dnsName: string;
  /** Of its database: another one after it was restored from a backup (MS-ADTS 3.1.1.1.9). */
  readonly invocationId: string;
  /** The last change that it has committed: a number of this controller alone (highestCommittedUSN). */
  readonly highestUsn: bigint;
  /** Its clock, in milliseconds since 1970. */
  readonly timeMs: number;
}

const controllerRoot = z.object({
  dnshostname: z.tuple([z.string().min(1)]),
  dsservicename: z.tuple([z.string().min(1)]),
  highestcommittedusn: z.tuple([z.string().regex(/^\d{1,19}$/)]),
  currenttime: z.tuple([z.string()]),
});

/** Which domain controller answers, as it stands now; undefined where it does not tell all of that. Throws a SourceError. */
export async function readController(
  connection: LdapConnection,
  signal: AbortSignal,
): Promise<DomainController | undefined> {
  const attributes = ['dnsHostName', 'dsServiceName', 'highestCommittedUSN', 'currentTime'];
  const entry = await readOne(
    connection,
    { base: '', scope: 'base', filter: present('objectClass'), attributes },
    signal,
  );
  const root = controllerRoot.safeParse(Object.fromEntries(entry?.texts ?? []));
  if (!root.success) return undefined;
  const settings = { base: root.data.dsservicename[0], scope: 'base', filter: present('objectClass') } as const;
  const binary = new Set(['invocationid']);
  const database = await readIfAllowed(connection, { ...settings, attributes: ['invocationId'], binary }, signal);
  const octets = database?.octets.get('invocationid')?.[0];
  const invocationId = octets === undefined ? undefined : guidText(octets);
  const timeMs = generalizedTimeMs(root.data.currenttime[0]);
  if (invocationId === undefined || timeMs === undefined) return undefined;
  return {
    dnsName: root.data.dnshostname[0].toLowerCase(),
    invocationId,
    highestUsn: BigInt(root.data.highestcommittedusn[0]),
    timeMs,
  };
}

async function readIfAllowed(
  connection: LdapConnection,
  search: Search,
  signal: AbortSignal,
): Promise<Entry | undefined> {
  try {
    return await readOne(connection, search, signal);
  } catch (error) {
    if (error instanceof ResultFailure && error.resultCode === resultCode.insufficientAccess) return undefined;
    throw error;
  }
}

/** A SID attribute of an entry, as text. */
export function sidOf(entry: Entry | undefined): string | undefined {
  const bytes = entry?.octets.get('objectsid')?.[0];
  return bytes === undefined ? undefined : sidText(bytes);
}

async function readRoot(connection: LdapConnection, signal: AbortSignal): Promise<z.infer<typeof rootDse>> {
  const attributes = [
    'defaultNamingContext',
    'configurationNamingContext',
    'supportedCapabilities',
    'supportedControl',
    'currentTime',
  ];
  const entry = await readOne(
    connection,
    { base: '', scope: 'base', filter: present('objectClass'), attributes },
    signal,
  );
  const parsed = rootDse.safeParse(Object.fromEntries(entry?.texts ?? []));
  if (parsed.success) return parsed.data;
  const message =
    'the server does not present itself as an Active Directory domain controller: use kind ldap for other directories';
  throw new SourceError('fatal', 'configuration', message);
}

function readDomainHead(connection: LdapConnection, dn: string, signal: AbortSignal): Promise<Entry | undefined> {
  const binary = new Set(['objectsid']);
  return readOne(
    connection,
    { base: dn, scope: 'base', filter: present('objectClass'), attributes: ['objectSid'], binary },
    signal,
  );
}

async function readNetbiosName(
  connection: LdapConnection,
  configurationDn: string,
  domainDn: string,
  signal: AbortSignal,
): Promise<string> {
  const base = `CN=Partitions,${configurationDn}`;
  const filter = and(equals('objectClass', 'crossRef'), equals('nCName', domainDn));
  const entry = await readOne(connection, { base, scope: 'one', filter, attributes: ['nETBIOSName'] }, signal);
  const name = entry?.texts.get('netbiosname')?.[0];
  if (name !== undefined && name !== '') return name;
  const message = `connection.bindDn may not read nETBIOSName of ${domainDn} in ${base}: grant it Read there, or no Windows login can be made`;
  throw new SourceError('fatal', 'right-missing', message);
}

/** `20260101120000.0Z` in milliseconds since 1970 (RFC 4517, section 3.3.13; domain controllers always write UTC). */
function generalizedTimeMs(text: string): number | undefined {
  const match = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(?:\.\d+)?Z$/.exec(text);
  if (match === null) return undefined;
  const [year = 0, month = 1, day, hour, minute, second] = match.slice(1).map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second);
}
