import type { AccountRecord } from '../../src/domain/account.ts';
import type { DirectoryRead } from '../../src/connector-kit/ldap/directory-read.ts';
import { orUnread, readDisabled } from '../../src/connector-kit/ldap/field-plan.ts';
import type { FieldPlan } from '../../src/connector-kit/ldap/field-plan.ts';
import { parseFilter } from '../../src/connector-kit/ldap/filter.ts';
import { memberAttributes, namesOfMember } from '../../src/connector-kit/ldap/group-members.ts';
import type { GroupMembers } from '../../src/connector-kit/ldap/group-members.ts';
import type { Entry } from '../../src/connector-kit/ldap/messages.ts';
import { groupFacts } from '../../src/connector-kit/ldap/role-groups.ts';
import { idAttributeOf, idOf, mapEntry, whyNoId } from './map.ts';
import type { Reach } from './reach.ts';

/** What every mapping of a read needs to know. */
export interface Known {
  /** Undefined where the table of roles names none. */
  readonly groups: GroupMembers | undefined;
  /** The attributes (lower case) that somebody shows. */
  readonly proven: ReadonlySet<string>;
}

/** What to ask for, and what to make of it: the same entry gives the same record in a full read and in one of changes. */
export function readingOf({ connection, settings, plan }: Reach, { groups, proven }: Known): DirectoryRead {
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

/** What a mere look at everybody asks for, beside the id: what changes without a change of the entry. */
export function lookOf(
  { plan }: Reach,
  { groups, proven }: Known,
  withGroups: boolean,
): { attributes: readonly string[]; sight: (entry: Entry, externalId: string) => AccountRecord } {
  const { disabled } = plan.parts;
  return {
    attributes: [
      idAttributeOf(plan),
      ...(disabled === undefined ? [] : [disabled]),
      ...(withGroups ? memberAttributes : []),
    ],
    sight: (entry, externalId) => {
      const state = disabled === undefined ? undefined : orUnread([], () => readDisabled(entry, disabled, proven));
      return {
        externalId,
        values: {},
        ...(state === undefined ? {} : { disabled: state }),
        ...(withGroups && groups !== undefined ? groupFacts(namesOfMember(groups, entry), groups) : {}),
      };
    },
  };
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
