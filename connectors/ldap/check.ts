import { CheckReport } from '../../src/connector-kit/check-report.ts';
import type { Finding } from '../../src/connector-kit/check-report.ts';
import type { Kit } from '../../src/connector-kit/contract.ts';
import type { LdapConnection, Search } from '../../src/connector-kit/ldap/connection.ts';
import {
  checkConnection,
  checkMapping,
  describeGroups,
  describePeople,
} from '../../src/connector-kit/ldap/directory-check.ts';
import { planFields } from '../../src/connector-kit/ldap/field-plan.ts';
import type { FieldPlan } from '../../src/connector-kit/ldap/field-plan.ts';
import { parseFilter, present } from '../../src/connector-kit/ldap/filter.ts';
import type { Entry } from '../../src/connector-kit/ldap/messages.ts';
import { readFirstPage } from '../../src/connector-kit/ldap/paging.ts';
import { readSome } from '../../src/connector-kit/ldap/read-one.ts';
import type { Config } from './config.ts';
import { defaultFields, idAttributeOf, idOf, mappable } from './map.ts';
import { isPlace, takePlace } from './place.ts';
import type { NoPlace, Place } from './place.ts';
import { groupsOf, proofOf, reachOf } from './reach.ts';
import type { Reach } from './reach.ts';

/** A search for changes that finds none takes no time where the server has an index for it. */
const longestSearchMs = 1_000;

/** `source check`, step by step. */
export async function check(settings: Config, kit: Kit): Promise<CheckReport['steps']> {
  const report = new CheckReport();
  const mapped = await checkMapping(report, () => planFields(defaultFields, kit.mapping, mappable));
  const connection = mapped === undefined ? undefined : await checkConnection(report, settings.connection, kit.signal);
  if (mapped === undefined || connection === undefined) return report.steps;
  try {
    await checkReading(report, { connection, settings, mapped }, kit);
  } finally {
    await connection.close();
  }
  return report.steps;
}

async function checkReading(
  report: CheckReport,
  { connection, settings, mapped }: { connection: LdapConnection; settings: Config; mapped: FieldPlan },
  kit: Kit,
): Promise<void> {
  const { signal } = kit;
  const { baseDn: base } = settings;
  const reach = await report.step(
    'base',
    async () => {
      const search = { base, scope: 'base', filter: present('objectClass'), attributes: ['1.1'] } as const;
      await readSome(connection, search, 1, signal);
      return reachOf(connection, settings, mapped, signal);
    },
    ({ context: { dn, entryUuid }, vendor }) => ({
      detail: `${base} in ${dn}${entryUuid === undefined ? '' : ` (${entryUuid})`}, on ${vendor.name}`,
    }),
  );
  if (reach === undefined) return;
  const { plan } = reach;
  const filter = parseFilter(settings.filter);
  const search: Search = { base, scope: 'sub', filter, attributes: [idAttributeOf(plan)] };
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
    () => proofOf(reach, plan.attributes, signal),
    (proven) => describeRights(plan, proven),
  );
  const started = performance.now();
  await report.step(
    'changes',
    () => takePlace(reach, undefined, signal),
    (place) => describeChanges(place, reach, performance.now() - started),
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

function describeChanges(place: Place | NoPlace, { vendor }: Reach, tookMs: number): Finding {
  if (!isPlace(place)) return { detail: `every import reads in full: ${place.why}`, remedy: place.remedy };
  const { name } = place.date;
  const last = new Date(Math.floor(place.newest / 1_000)).toISOString().slice(0, 19);
  const detail = `changes are read by ${name}; the last one is of ${last}Z, by the server's clock`;
  if (tookMs < longestSearchMs) return { detail };
  const index = vendor.name === 'OpenLDAP' ? `\`index ${name} eq\`` : `an index of ${name} (equality, ordering)`;
  return {
    detail: `${detail}; finding it took ${(tookMs / 1_000).toFixed(1)} s`,
    remedy: `let the server have ${index}, or every delta makes it go through all entries`,
  };
}
