import { CheckReport } from '../../src/connector-kit/check-report.ts';
import type { Finding } from '../../src/connector-kit/check-report.ts';
import type { Connector, Kit, Lookup, OneRead, Read, Session } from '../../src/connector-kit/contract.ts';
import { connectDirectory } from '../../src/connector-kit/ldap/connection.ts';
import type { LdapConnection, Search } from '../../src/connector-kit/ldap/connection.ts';
import {
  checkConnection,
  checkMapping,
  describeGroups,
  describePeople,
} from '../../src/connector-kit/ldap/directory-check.ts';
import { readDirectory, readOneEntry } from '../../src/connector-kit/ldap/directory-read.ts';
import type { DirectoryRead } from '../../src/connector-kit/ldap/directory-read.ts';
import { planFields, readDisabled } from '../../src/connector-kit/ldap/field-plan.ts';
import type { FieldPlan } from '../../src/connector-kit/ldap/field-plan.ts';
import { equals, parseFilter, present } from '../../src/connector-kit/ldap/filter.ts';
import { memberAttributes, readGroupMembers } from '../../src/connector-kit/ldap/group-members.ts';
import type { GroupMembers } from '../../src/connector-kit/ldap/group-members.ts';
import type { Entry } from '../../src/connector-kit/ldap/messages.ts';
import { readNamingContext } from '../../src/connector-kit/ldap/naming-context.ts';
import type { NamingContext } from '../../src/connector-kit/ldap/naming-context.ts';
import { readFirstPage } from '../../src/connector-kit/ldap/paging.ts';
import { provenAttributes } from '../../src/connector-kit/ldap/proof.ts';
import { readOne, readSome, requireSight } from '../../src/connector-kit/ldap/read-one.ts';
import { config } from './config.ts';
import type { Config } from './config.ts';
import { defaultFields, idAttributeOf, idOf, mapEntry, mappable, whyNoId } from './map.ts';

/** OpenLDAP and other directories of the LDAP standard; a full read so far. */
export const connector: Connector<Config> = {
  kind: 'ldap',
  as: 'directory',
  capabilities: {
    delta: false,
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

/** Everything that a session knows of whom it talks to. */
interface Reach {
  readonly connection: LdapConnection;
  readonly context: NamingContext;
  readonly settings: Config;
  readonly plan: FieldPlan;
}

async function openSession(settings: Config, kit: Kit): Promise<Session> {
  const plan = planFields(defaultFields, kit.mapping, mappable);
  const connection = await connectDirectory(settings.connection, kit.signal);
  try {
    const context = await readNamingContext(connection, settings.baseDn, kit.signal);
    const reach = { connection, context, settings, plan };
    return {
      systemId: context.entryUuid === undefined ? context.dn : `${context.dn} ${context.entryUuid}`,
      readAll: (signal) => readAll(reach, kit, signal),
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
  return yield* readDirectory(await readingOf(reach, kit, signal), signal);
}

/** One account as a full read would have it (spec 2.8); one that the filter no longer matches is out of what is read. */
async function readAccount(reach: Reach, kit: Kit, externalId: string, signal: AbortSignal): Promise<OneRead> {
  const reading = await readingOf(reach, kit, signal);
  const its = { filter: equals(idAttributeOf(reach.plan), externalId), externalId };
  const one = await readOneEntry(reading, its, signal);
  if (one !== undefined) return one;
  return { gone: (await lookUp(reach, externalId, signal)) === 'absent' ? 'deleted' : 'out-of-scope' };
}

/** What to ask for, and what to make of it. */
async function readingOf(reach: Reach, kit: Kit, signal: AbortSignal): Promise<DirectoryRead> {
  const { connection, settings, plan } = reach;
  const groups = await groupsOf(reach, kit, signal);
  const proven = await proofOf(reach, signal);
  const mapContext = { plan, proven, groups };
  return {
    connection,
    base: settings.baseDn,
    filter: parseFilter(settings.filter),
    attributes: attributesOf(plan, groups),
    binary: new Set(),
    pageSize: settings.pageSize,
    idOf: (entry) => idOf(entry, plan),
    whyNoId: (entry) => whyNoId(entry, plan),
    mapEntry: (entry, externalId) => mapEntry(entry, externalId, mapContext),
    notes: () => [...(groups?.problems ?? []), ...unreadNotes(plan, proven)],
  };
}

async function groupsOf(reach: Reach, kit: Kit, signal: AbortSignal): Promise<GroupMembers | undefined> {
  if (kit.roleGroups.length === 0) return undefined;
  return readGroupMembers(reach.connection, reach.context.dn, kit.roleGroups, signal);
}

function proofOf(reach: Reach, signal: AbortSignal): Promise<ReadonlySet<string>> {
  const { connection, settings, plan } = reach;
  const filter = parseFilter(settings.filter);
  return provenAttributes(connection, { base: settings.baseDn, filter, attributes: plan.attributes }, signal);
}

/** The uid also names an entry in what is said to people. */
function attributesOf(plan: FieldPlan, groups: GroupMembers | undefined): readonly string[] {
  const ofGroups = groups === undefined ? [] : memberAttributes.map((attribute) => attribute.toLowerCase());
  return [...new Set([idAttributeOf(plan), 'uid', ...ofGroups, ...plan.attributes])];
}

function unreadNotes(plan: FieldPlan, proven: ReadonlySet<string>): string[] {
  const unread = plan.attributes.filter((attribute) => !proven.has(attribute));
  return unread.length === 0 ? [] : [`no entry shows ${unread.join(', ')}: taken as not read`];
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

async function check(settings: Config, kit: Kit): Promise<CheckReport['steps']> {
  const report = new CheckReport();
  const { signal } = kit;
  const plan = await checkMapping(report, () => planFields(defaultFields, kit.mapping, mappable));
  const connection = plan === undefined ? undefined : await checkConnection(report, settings.connection, signal);
  if (plan === undefined || connection === undefined) return report.steps;
  try {
    await checkReading(report, { connection, settings, plan }, kit);
  } finally {
    await connection.close();
  }
  return report.steps;
}

async function checkReading(report: CheckReport, partly: Omit<Reach, 'context'>, kit: Kit): Promise<void> {
  const { signal } = kit;
  const { connection, settings, plan } = partly;
  const context = await report.step(
    'base',
    async () => {
      await readSome(
        connection,
        { base: settings.baseDn, scope: 'base', filter: present('objectClass'), attributes: ['1.1'] },
        1,
        signal,
      );
      return readNamingContext(connection, settings.baseDn, signal);
    },
    ({ dn, entryUuid }) => ({
      detail: `${settings.baseDn} in ${dn}${entryUuid === undefined ? '' : ` (${entryUuid})`}`,
    }),
  );
  if (context === undefined) return;
  const reach: Reach = { ...partly, context };
  const filter = parseFilter(settings.filter);
  const search: Search = { base: settings.baseDn, scope: 'sub', filter, attributes: [idAttributeOf(plan)] };
  await report.step(
    'page',
    () => readFirstPage(connection, search, settings.pageSize, signal),
    (entries) => describePage(entries, plan),
  );
  await report.step(
    'groups',
    () => groupsOf(reach, kit, signal),
    (groups) =>
      describeGroups(groups, 'correct the group in the roles of this source, or grant read access to its members'),
  );
  await report.step(
    'rights',
    () => proofOf(reach, signal),
    (proven) => describeRights(plan, proven),
  );
}

function describePage(entries: readonly Entry[], plan: FieldPlan): Finding {
  const id = idAttributeOf(plan);
  const usable = entries.filter((entry) => idOf(entry, plan) !== undefined).length;
  return describePeople(entries.length, usable, {
    nobody: 'grant connection.bindDn read access there',
    lacking: `show no ${id}`,
    lackingRemedy: `grant connection.bindDn read access to ${id}, or name the id attribute of this server in mapping.externalId`,
  });
}

function describeRights(plan: FieldPlan, proven: ReadonlySet<string>): Finding {
  const unread = plan.attributes.filter((attribute) => !proven.has(attribute));
  if (unread.length === 0) return { detail: 'every mapped attribute can be read' };
  return {
    detail: `no entry shows ${unread.join(', ')}: nobody has them, or connection.bindDn may not read them`,
    remedy: `grant connection.bindDn read access to ${unread.join(', ')}, or map these fields to other attributes`,
  };
}
