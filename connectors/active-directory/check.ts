import { CheckReport } from '../../src/connector-kit/check-report.ts';
import type { Finding } from '../../src/connector-kit/check-report.ts';
import type { Kit } from '../../src/connector-kit/contract.ts';
import { SourceError } from '../../src/connector-kit/errors.ts';
import { readDomain } from '../../src/connector-kit/ldap/active-directory-domain.ts';
import type { ActiveDirectoryDomain } from '../../src/connector-kit/ldap/active-directory-domain.ts';
import type { LdapConnection, Search } from '../../src/connector-kit/ldap/connection.ts';
import {
  checkMapping,
  checkServers,
  describeGroups,
  describePeople,
} from '../../src/connector-kit/ldap/directory-check.ts';
import { planFields } from '../../src/connector-kit/ldap/field-plan.ts';
import type { FieldPlan } from '../../src/connector-kit/ldap/field-plan.ts';
import { present } from '../../src/connector-kit/ldap/filter.ts';
import type { Entry } from '../../src/connector-kit/ldap/messages.ts';
import { readFirstPage } from '../../src/connector-kit/ldap/paging.ts';
import { readSome } from '../../src/connector-kit/ldap/read-one.ts';
import { checkAttributes, checkDeletedObjects } from './check-rights.ts';
import { describeClock } from './clock.ts';
import type { Config } from './config.ts';
import { systemOf } from './cursor.ts';
import { binaryAttributes, defaultFields, idOf, mappable } from './map.ts';
import { takePlace } from './place.ts';
import type { Place } from './place.ts';
import { baseOf, filterOf, groupsOf } from './reach.ts';
import type { Reach } from './reach.ts';

/** Goes through everything that a read needs; what does not depend on a failed step is told too. */
export async function check(settings: Config, kit: Kit): Promise<CheckReport['steps']> {
  const report = new CheckReport();
  const { signal } = kit;
  const plan = await checkMapping(report, () => planFields(defaultFields, kit.mapping, mappable));
  if (plan === undefined) return report.steps;
  const server = await checkServers(report, settings.connection, signal, askDomains(signal));
  if (server === undefined) return report.steps;
  const { connection, answer: domain } = server;
  try {
    await checkReading(report, settings, kit, { connection, domain, plan });
    await checkDeletedObjects(report, settings, { connection, domain }, signal);
    await report.aside('delta', () => takePlace(connection, domain, signal), describeWay);
  } finally {
    await connection.close();
  }
  return report.steps;
}

/** Asks each server for its domain, which must be that of the first, and for its time. */
function askDomains(
  signal: AbortSignal,
): (report: CheckReport, connection: LdapConnection) => Promise<ActiveDirectoryDomain | undefined> {
  let first: ActiveDirectoryDomain | undefined;
  return async (report, connection) => {
    const askedMs = Date.now();
    const domain = await report.step(
      'domain',
      async () => sameDomain(await readDomain(connection, signal), first),
      ({ netbiosName, dn, sid }) => ({ detail: `${netbiosName}, ${dn}, ${sid}` }),
    );
    const answeredMs = Date.now();
    if (domain === undefined) return undefined;
    first ??= domain;
    const tellTime = (): Promise<Finding> => Promise.resolve(describeClock(domain.timeMs, askedMs, answeredMs));
    await report.aside('clock', tellTime, (finding) => finding);
    return domain;
  };
}

function sameDomain(domain: ActiveDirectoryDomain, first: ActiveDirectoryDomain | undefined): ActiveDirectoryDomain {
  if (first === undefined || systemOf(domain) === systemOf(first)) return domain;
  const message = `this is a domain controller of ${systemOf(domain)}, not of ${systemOf(first)} as the first: take it out of connection.url; another domain is another source`;
  throw new SourceError('fatal', 'configuration', message);
}

function describeWay({ way }: Place): Finding {
  if (way.kind === 'dirsync') return { detail: 'changes are read by DirSync, which this domain controller allows' };
  if (way.kind === 'usn') {
    return {
      detail: `changes are read by uSNChanged, with a list of all ids each time, since DirSync is refused: ${way.why}`,
    };
  }
  return {
    detail: `changes cannot be read by themselves, every import reads in full: ${way.why}`,
    remedy: 'grant what is missing, or schedule full imports only',
  };
}

async function checkReading(
  report: CheckReport,
  settings: Config,
  kit: Kit,
  partly: { readonly connection: LdapConnection; readonly domain: ActiveDirectoryDomain; readonly plan: FieldPlan },
): Promise<void> {
  const { signal } = kit;
  const base = await report.aside(
    'base',
    () => readBase(settings, partly.connection, partly.domain, signal),
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
  await report.aside(
    'page',
    () => readFirstPage(reach.connection, search, settings.pageSize, signal),
    (entries) => describePage(entries),
  );
  const groups = await report.aside(
    'groups',
    () => groupsOf(reach, kit, signal),
    (found) => describeGroups(found, 'correct the group in the roles of this source'),
  );
  await checkAttributes(report, settings, reach, groups, signal);
}

/** The base, which must be in the domain and be there. */
async function readBase(
  settings: Config,
  connection: LdapConnection,
  domain: ActiveDirectoryDomain,
  signal: AbortSignal,
): Promise<string> {
  const base = baseOf(settings, domain);
  const search: Search = { base, scope: 'base', filter: present('objectClass'), attributes: ['1.1'] };
  await readSome(connection, search, 1, signal);
  return base;
}

function describePage(entries: readonly Entry[]): Finding {
  const usable = entries.filter((entry) => idOf(entry) !== undefined && entry.texts.has('samaccountname')).length;
  return describePeople(entries.length, usable, {
    nobody: 'grant connection.bindDn Read there',
    lacking: 'do not show objectGUID and sAMAccountName',
    lackingRemedy: 'grant connection.bindDn Read all properties on user objects there',
  });
}
