import type { Connector, Kit, Lookup, Read, Session } from '../../src/connector-kit/contract.ts';
import { SourceError } from '../../src/connector-kit/errors.ts';
import { readDomain, sidOf } from '../../src/connector-kit/ldap/active-directory-domain.ts';
import type { ActiveDirectoryDomain } from '../../src/connector-kit/ldap/active-directory-domain.ts';
import { connectDirectory } from '../../src/connector-kit/ldap/connection.ts';
import type { LdapConnection, Search } from '../../src/connector-kit/ldap/connection.ts';
import { domainScope } from '../../src/connector-kit/ldap/controls.ts';
import { checkConnection, CheckReport } from '../../src/connector-kit/ldap/directory-check.ts';
import type { Finding } from '../../src/connector-kit/ldap/directory-check.ts';
import { readDirectory } from '../../src/connector-kit/ldap/directory-read.ts';
import { isWithin } from '../../src/connector-kit/ldap/dn.ts';
import { planFields } from '../../src/connector-kit/ldap/field-plan.ts';
import type { FieldPlan } from '../../src/connector-kit/ldap/field-plan.ts';
import { and, equals, parseFilter } from '../../src/connector-kit/ldap/filter.ts';
import type { Filter } from '../../src/connector-kit/ldap/filter.ts';
import type { Entry } from '../../src/connector-kit/ldap/messages.ts';
import { guidBytes } from '../../src/connector-kit/ldap/microsoft-values.ts';
import { readFirstPage } from '../../src/connector-kit/ldap/paging.ts';
import { provenAttributes } from '../../src/connector-kit/ldap/proof.ts';
import { readOne, requireSight } from '../../src/connector-kit/ldap/read-one.ts';
import { resolveRoleGroups } from '../../src/connector-kit/ldap/role-groups.ts';
import type { RoleGroups } from '../../src/connector-kit/ldap/role-groups.ts';
import { config } from './config.ts';
import type { Config } from './config.ts';
import {
  accountAttributes,
  binaryAttributes,
  defaultFields,
  groupAttributes,
  hasExpired,
  idOf,
  mapEntry,
  mappable,
} from './map.ts';
import { userAccountControl } from './schema.ts';

/** objectClass=user alone would match computers (MS-ADTS: class computer is derived from user). */
const people = parseFilter('(&(objectCategory=person)(objectClass=user))');
const users = parseFilter('(objectClass=user)');

/** Microsoft Active Directory and Samba's domain controller; a full read so far. */
export const connector: Connector<Config> = {
  kind: 'active-directory',
  as: 'directory',
  capabilities: { delta: false, tombstones: false, reusableIds: false, teams: true, supervision: false },
  configSchema: config,
  defaultMatch: [['windowsLogin'], ['employeeId'], ['email']],
  open: openSession,
  check,
};

/** Everything that a session knows of whom it talks to. */
interface Reach {
  readonly connection: LdapConnection;
  readonly domain: ActiveDirectoryDomain;
  readonly base: string;
  readonly filter: Filter;
  readonly plan: FieldPlan;
}

async function openSession(settings: Config, kit: Kit): Promise<Session> {
  const plan = planFields(defaultFields, kit.mapping, mappable);
  const connection = await connectDirectory(settings.connection, kit.signal);
  try {
    const domain = await readDomain(connection, kit.signal);
    const reach = { connection, domain, base: baseOf(settings, domain), filter: filterOf(settings), plan };
    return {
      systemId: `${domain.sid} ${domain.dn}`,
      readAll: (signal) => readAll(reach, settings, kit, signal),
      lookup: (externalId, signal) => lookUp(reach, externalId, signal),
      close: () => connection.close(),
    };
  } catch (error) {
    connection.destroy();
    throw error;
  }
}

function baseOf(settings: Config, domain: ActiveDirectoryDomain): string {
  const base = settings.baseDn ?? domain.dn;
  if (isWithin(base, domain.dn)) return base;
  const message = `baseDn ${base} is not in ${domain.dn}, the domain of this server: name a domain controller of its own domain in connection.url`;
  throw new SourceError('fatal', 'configuration', message);
}

function filterOf(settings: Config): Filter {
  return settings.filter === undefined ? people : and(people, parseFilter(settings.filter));
}

async function* readAll(reach: Reach, settings: Config, kit: Kit, signal: AbortSignal): Read {
  const { connection, domain, base, filter, plan } = reach;
  const groups = await groupsOf(reach, kit, signal);
  const proven = await proofOf(reach, groups, signal);
  let expired = 0;
  return yield* readDirectory(
    {
      connection,
      base,
      filter,
      attributes: attributesOf(plan, groups),
      binary: binaryAttributes,
      pageSize: settings.pageSize,
      controls: domain.takesDomainScope ? [domainScope()] : [],
      idOf,
      mapEntry: (entry, externalId) => {
        if (domain.timeMs !== undefined && hasExpired(entry, domain.timeMs)) expired += 1;
        return mapEntry(entry, externalId, { plan, netbiosName: domain.netbiosName, proven, groups });
      },
      notAccounts: 'trust accounts',
      notes: () => [
        ...(groups?.problems ?? []),
        ...unreadNotes(plan, proven),
        ...(expired === 0 ? [] : [`${expired} accounts have expired (accountExpires) and count as living`]),
      ],
    },
    signal,
  );
}

async function groupsOf(reach: Reach, kit: Kit, signal: AbortSignal): Promise<RoleGroups | undefined> {
  if (kit.roleGroups.length === 0) return undefined;
  return resolveRoleGroups(reach.connection, reach.domain, kit.roleGroups, sidOf, signal);
}

/** memberOf is looked for in the whole domain: in a small base perhaps nobody is in a group, or nobody is any more. */
async function proofOf(
  reach: Reach,
  groups: RoleGroups | undefined,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const { connection, base, filter, plan, domain } = reach;
  const proven = await provenAttributes(connection, { base, filter, attributes: plan.attributes }, signal);
  if (groups === undefined) return proven;
  const memberOf = await provenAttributes(
    connection,
    { base: domain.dn, filter: users, attributes: ['memberof'] },
    signal,
  );
  return new Set([...proven, ...memberOf]);
}

function attributesOf(plan: FieldPlan, groups: RoleGroups | undefined): readonly string[] {
  const always = [...accountAttributes, ...(groups === undefined ? [] : groupAttributes)].map((name) =>
    name.toLowerCase(),
  );
  return [...new Set([...always, ...plan.attributes])];
}

function unreadNotes(plan: FieldPlan, proven: ReadonlySet<string>): string[] {
  const unread = plan.attributes.filter((attribute) => !proven.has(attribute));
  return unread.length === 0 ? [] : [`no entry shows ${unread.join(', ')}: taken as not read`];
}

/** Asks the whole domain, so that an account that was only moved or no longer matches the filter does not count as absent. */
async function lookUp(reach: Reach, externalId: string, signal: AbortSignal): Promise<Lookup> {
  const guid = guidBytes(externalId);
  if (guid === undefined) return 'unsupported';
  const search: Search = {
    base: reach.domain.dn,
    scope: 'sub',
    filter: equals('objectGUID', guid),
    attributes: ['objectGUID', 'userAccountControl'],
    binary: binaryAttributes,
    controls: reach.domain.takesDomainScope ? [domainScope()] : [],
  };
  const entry = await readOne(reach.connection, search, signal);
  if (entry === undefined) {
    await requireSight(reach.connection, { base: reach.domain.dn, filter: people }, signal);
    return 'absent';
  }
  const control = userAccountControl.safeParse(entry.texts.get('useraccountcontrol')?.[0]);
  return control.success && control.data.disabled ? 'disabled' : 'present';
}

async function check(settings: Config, kit: Kit): Promise<CheckReport['steps']> {
  const report = new CheckReport();
  const { signal } = kit;
  const plan = await report.step(
    'configuration',
    () => Promise.resolve().then(() => planFields(defaultFields, kit.mapping, mappable)),
    () => ({ detail: 'mapping and filter can be used' }),
  );
  const connection = plan === undefined ? undefined : await checkConnection(report, settings.connection, signal);
  if (plan === undefined || connection === undefined) return report.steps;
  try {
    const domain = await report.step(
      'domain',
      () => readDomain(connection, signal),
      ({ dn, sid, netbiosName }) => ({ detail: `${netbiosName}, ${dn}, ${sid}` }),
    );
    if (domain !== undefined) await checkReading(report, settings, kit, { connection, domain, plan });
  } finally {
    await connection.close();
  }
  return report.steps;
}

async function checkReading(
  report: CheckReport,
  settings: Config,
  kit: Kit,
  partly: Pick<Reach, 'connection' | 'domain' | 'plan'>,
): Promise<void> {
  const { signal } = kit;
  const base = await report.step(
    'base',
    () => Promise.resolve().then(() => baseOf(settings, partly.domain)),
    (dn) => ({ detail: dn }),
  );
  if (base === undefined) return;
  const reach: Reach = { ...partly, base, filter: filterOf(settings) };
  const search: Search = {
    base,
    scope: 'sub',
    filter: reach.filter,
    attributes: ['objectGUID', 'sAMAccountName'],
    binary: binaryAttributes,
  };
  await report.step(
    'page',
    () => readFirstPage(reach.connection, search, settings.pageSize, signal),
    (entries) => describePage(entries),
  );
  const groups = await report.step('groups', () => groupsOf(reach, kit, signal), describeGroups);
  await report.step(
    'rights',
    () => proofOf(reach, groups, signal),
    (proven) => describeRights(reach.plan, proven, kit.roleGroups.length > 0),
  );
}

function describePage(entries: readonly Entry[]): Finding {
  if (entries.length === 0) {
    return { detail: 'no people are found', remedy: 'check baseDn and filter, and grant connection.bindDn Read there' };
  }
  const usable = entries.filter((entry) => idOf(entry) !== undefined && entry.texts.has('samaccountname')).length;
  const detail = `the first page has ${entries.length} people`;
  if (usable === entries.length) return { detail };
  return {
    detail: `${detail}, of whom ${entries.length - usable} do not show objectGUID and sAMAccountName`,
    remedy: 'grant connection.bindDn Read all properties on user objects there',
  };
}

function describeGroups(groups: RoleGroups | undefined): Finding {
  if (groups === undefined) return { detail: 'the table of roles names no groups' };
  const found = groups.named.length - groups.problems.length;
  const detail = [`${found} of ${groups.named.length} groups found`, ...groups.problems].join('; ');
  return groups.problems.length === 0
    ? { detail }
    : { detail, remedy: 'correct the group in the roles of this source' };
}

function describeRights(plan: FieldPlan, proven: ReadonlySet<string>, needsMemberOf: boolean): Finding {
  const wanted = needsMemberOf ? [...plan.attributes, 'memberof'] : plan.attributes;
  const unread = wanted.filter((attribute) => !proven.has(attribute));
  if (unread.length === 0) return { detail: 'every mapped attribute can be read' };
  return {
    detail: `no entry shows ${unread.join(', ')}: nobody has them, or connection.bindDn may not read them`,
    remedy: `grant connection.bindDn Read on ${unread.join(', ')} of user objects, or map these fields to other attributes`,
  };
}
