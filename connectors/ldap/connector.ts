import type { Connector, Kit, Lookup, OneRead, Read, Session } from '../../src/connector-kit/contract.ts';
import { connectDirectory } from '../../src/connector-kit/ldap/connection.ts';
import type { Search } from '../../src/connector-kit/ldap/connection.ts';
import { readDirectory, readOneEntry } from '../../src/connector-kit/ldap/directory-read.ts';
import { planFields, readDisabled } from '../../src/connector-kit/ldap/field-plan.ts';
import { equals, parseFilter } from '../../src/connector-kit/ldap/filter.ts';
import { readOne, requireSight } from '../../src/connector-kit/ldap/read-one.ts';
import { check } from './check.ts';
import { config } from './config.ts';
import type { Config } from './config.ts';
import { cursorFrom, placeNotes, readChanges } from './delta.ts';
import { defaultFields, idAttributeOf, mappable } from './map.ts';
import { isPlace, takePlace } from './place.ts';
import { groupsOf, proofOf, reachOf, systemOf } from './reach.ts';
import type { Reach } from './reach.ts';
import { readingOf } from './reading.ts';
import type { Known } from './reading.ts';

/** OpenLDAP, 389 Directory Server, FreeIPA and other directories of the LDAP standard. */
export const connector: Connector<Config> = {
  kind: 'ldap',
  as: 'directory',
  capabilities: {
    delta: true,
    tombstones: false,
    reusableIds: false,
    teams: true,
    supervision: false,
    ownsSupervision: false,
  },
  configSchema: config,
  defaultMatch: [['employeeId'], ['email']],
  open: openSession,
  check,
};

async function openSession(settings: Config, kit: Kit): Promise<Session> {
  const mapped = planFields(defaultFields, kit.mapping, mappable);
  const connection = await connectDirectory(settings.connection, kit.signal);
  try {
    const reach = await reachOf(connection, settings, mapped, kit.signal);
    return {
      systemId: systemOf(reach.context),
      readAll: (signal) => readAll(reach, kit, signal),
      readChanges: (cursor, signal) => readChanges(reach, kit, cursor, signal),
      readOne: (externalId, signal) => readAccount(reach, kit, externalId, signal),
      lookup: (externalId, signal) => lookUp(reach, externalId, signal),
      close: () => connection.close(),
    };
  } catch (error) {
    connection.destroy();
    throw error;
  }
}

async function* readAll(reach: Reach, kit: Kit, signal: AbortSignal): Read {
  // Before anything is read, so that no change is lost between this read and the next (spec 3.5).
  const place = await takePlace(reach, undefined, signal);
  const known = await knownOf(reach, kit, signal);
  const pages = readDirectory(readingOf(reach, known), signal);
  let people = 0;
  for (;;) {
    const step = await pages.next();
    if (step.done !== true) {
      people += step.value.records.length;
      yield step.value;
      continue;
    }
    const end = step.value;
    const cursor =
      end.whole && isPlace(place) ? await cursorFrom(place, reach, { ...known, people }, signal) : undefined;
    const notes = [...(end.notes ?? []), ...placeNotes(place)];
    return { ...end, notes, ...(cursor === undefined ? {} : { cursor }) };
  }
}

/** One account as a full read would have it (spec 2.8); one that the filter no longer matches is out of what is read. */
async function readAccount(reach: Reach, kit: Kit, externalId: string, signal: AbortSignal): Promise<OneRead> {
  const reading = readingOf(reach, await knownOf(reach, kit, signal));
  const its = { filter: equals(idAttributeOf(reach.plan), externalId), externalId };
  const one = await readOneEntry(reading, its, signal);
  if (one !== undefined) return one;
  return { gone: (await lookUp(reach, externalId, signal)) === 'absent' ? 'deleted' : 'out-of-scope' };
}

async function knownOf(reach: Reach, kit: Kit, signal: AbortSignal): Promise<Known> {
  const groups = await groupsOf(reach, kit, signal);
  return { groups, proven: await proofOf(reach, reach.plan.attributes, signal) };
}

/** Asks without the filter, so that an account that no longer matches it does not count as absent. */
async function lookUp(reach: Reach, externalId: string, signal: AbortSignal): Promise<Lookup> {
  const { connection, settings, plan } = reach;
  const id = idAttributeOf(plan);
  const { disabled } = plan.parts;
  const attributes = disabled === undefined ? [id] : [id, disabled];
  const search: Search = { base: settings.baseDn, scope: 'sub', filter: equals(id, externalId), attributes };
  const entry = await readOne(connection, search, signal);
  if (entry === undefined) {
    await requireSight(connection, { base: settings.baseDn, filter: parseFilter(settings.filter) }, signal);
    return 'absent';
  }
  return disabled !== undefined && readDisabled(entry, disabled, new Set()) === true ? 'disabled' : 'present';
}
