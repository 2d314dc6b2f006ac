import type { Connector, Kit, Lookup, OneRead, Read, Session } from '../../src/connector-kit/contract.ts';
import { readDomain } from '../../src/connector-kit/ldap/active-directory-domain.ts';
import { connectDirectory } from '../../src/connector-kit/ldap/connection.ts';
import type { Search } from '../../src/connector-kit/ldap/connection.ts';
import { domainScope } from '../../src/connector-kit/ldap/controls.ts';
import { readDirectory, readOneEntry } from '../../src/connector-kit/ldap/directory-read.ts';
import { tryPersonsBind } from '../../src/connector-kit/ldap/person-bind.ts';
import { planFields } from '../../src/connector-kit/ldap/field-plan.ts';
import { equals } from '../../src/connector-kit/ldap/filter.ts';
import { guidBytes } from '../../src/connector-kit/ldap/microsoft-values.ts';
import { readOne, requireSight } from '../../src/connector-kit/ldap/read-one.ts';
import { check } from './check.ts';
import { config } from './config.ts';
import type { Config } from './config.ts';
import { systemOf } from './cursor.ts';
import { cursorFrom, placeNotes, readChanges } from './delta.ts';
import { binaryAttributes, defaultFields, mappable } from './map.ts';
import { mayReadDeleted, takePlace } from './place.ts';
import { baseOf, filterOf, people } from './reach.ts';
import type { Reach } from './reach.ts';
import { prepareReading } from './reading.ts';
import { userAccountControl } from './schema.ts';
import { watchGroups } from './watch.ts';

/** Microsoft Active Directory and Samba's domain controller. */
export const connector: Connector<Config> = {
  kind: 'active-directory',
  as: 'directory',
  capabilities: {
    delta: true,
    tombstones: true,
    reusableIds: false,
    teams: true,
    supervision: false,
    ownsSupervision: false,
  },
  configSchema: config,
  defaultMatch: [['windowsLogin'], ['employeeId'], ['email']],
  open: openSession,
  check,
  tryLogIn: (settings, person, signal) => tryPersonsBind(settings.connection, person, signal),
};

async function openSession(settings: Config, kit: Kit): Promise<Session> {
  const plan = planFields(defaultFields, kit.mapping, mappable);
  const connection = await connectDirectory(settings.connection, kit.signal);
  try {
    const domain = await readDomain(connection, kit.signal);
    const reach = { connection, domain, base: baseOf(settings, domain), filter: filterOf(settings), plan };
    return {
      systemId: systemOf(domain),
      readAll: (signal) => readAll(reach, settings, kit, signal),
      readChanges: (cursor, signal) => readChanges({ reach, pageSize: settings.pageSize, kit }, cursor, signal),
      readOne: (externalId, signal) => readAccount(reach, settings, kit, externalId, signal),
      lookup: (externalId, signal) => lookUp(reach, externalId, signal),
      close: () => connection.close(),
    };
  } catch (error) {
    connection.destroy();
    throw error;
  }
}

async function* readAll(reach: Reach, settings: Config, kit: Kit, signal: AbortSignal): Read {
  // Before anything is read, so that no change is lost between this read and the next (spec 3.5).
  const place = await takePlace(reach.connection, reach.domain, signal);
  const seesDeleted = await mayReadDeleted(reach.connection, reach.domain, signal);
  const reading = await prepareReading(reach, settings.pageSize, kit, signal);
  const watch = await watchGroups(reach, reading.groups, signal);
  const end = yield* readDirectory(reading.search, signal);
  const cursor = end.whole ? cursorFrom(place, reach, watch, kit.roleGroups) : undefined;
  const notes = [...(end.notes ?? []), ...placeNotes(place, seesDeleted)];
  return { ...end, notes, ...(cursor === undefined ? {} : { cursor }) };
}

/** One account as a full read would have it (spec 2.8); one that is elsewhere in the domain is out of what is read. */
async function readAccount(
  reach: Reach,
  settings: Config,
  kit: Kit,
  externalId: string,
  signal: AbortSignal,
): Promise<OneRead> {
  const guid = guidBytes(externalId);
  if (guid === undefined) return { unsupported: 'its id is no objectGUID' };
  const { search } = await prepareReading(reach, settings.pageSize, kit, signal);
  const one = await readOneEntry(search, { filter: equals('objectGUID', guid), externalId }, signal);
  if (one !== undefined) return one;
  return { gone: (await lookUp(reach, externalId, signal)) === 'absent' ? 'deleted' : 'out-of-scope' };
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
