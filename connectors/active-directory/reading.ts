import type { AccountRecord } from '../../src/domain/account.ts';
import type { Kit } from '../../src/connector-kit/contract.ts';
import { domainScope } from '../../src/connector-kit/ldap/controls.ts';
import type { DirectoryRead } from '../../src/connector-kit/ldap/directory-read.ts';
import type { FieldPlan } from '../../src/connector-kit/ldap/field-plan.ts';
import type { Entry } from '../../src/connector-kit/ldap/messages.ts';
import { isCutShort, withAllValues } from '../../src/connector-kit/ldap/ranges.ts';
import type { RoleGroups } from '../../src/connector-kit/ldap/role-groups.ts';
import { accountAttributes, binaryAttributes, groupAttributes, hasExpired, idOf, mapEntry, rolesOf } from './map.ts';
import { groupsOf, proofOf } from './reach.ts';
import type { Reach } from './reach.ts';

/** One read of the directory, full or of changes: the same entry gives the same record in both. */
export interface Reading {
  readonly reach: Reach;
  /** Undefined where the table of roles names none. */
  readonly groups: RoleGroups | undefined;
  /** What to ask for, and what to make of it. */
  readonly search: DirectoryRead;
  /** What a mere look at an entry shows of its account: its groups, where they were asked for. */
  readonly sight: (entry: Entry, externalId: string) => AccountRecord;
}

/** Looks up what every mapping of this read needs. Throws a SourceError. */
export async function prepareReading(reach: Reach, pageSize: number, kit: Kit, signal: AbortSignal): Promise<Reading> {
  const { connection, domain, base, filter, plan } = reach;
  const groups = await groupsOf(reach, kit, signal);
  const proven = await proofOf(reach, groups, signal);
  let expired = 0;
  const search: DirectoryRead = {
    connection,
    base,
    filter,
    attributes: attributesOf(plan, groups),
    binary: binaryAttributes,
    pageSize,
    controls: domain.takesDomainScope ? [domainScope()] : [],
    idOf,
    mapEntry: (entry, externalId) => {
      if (domain.timeMs !== undefined && hasExpired(entry, domain.timeMs)) expired += 1;
      return mapEntry(entry, externalId, { plan, netbiosName: domain.netbiosName, proven, groups });
    },
    complete: (entry) =>
      isCutShort(entry, 'memberof') ? withAllValues(connection, entry, 'memberof', signal) : undefined,
    notAccounts: 'trust accounts',
    notes: () => [
      ...(groups?.problems ?? []),
      ...unreadNotes(plan, proven),
      ...(expired === 0 ? [] : [`${expired} accounts have expired (accountExpires) and count as living`]),
    ],
  };
  const sight: Reading['sight'] = (entry, externalId) => {
    return { externalId, values: {}, ...(groups === undefined ? {} : rolesOf(entry, groups, proven)) };
  };
  return { reach, groups, search, sight };
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
