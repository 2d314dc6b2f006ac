/** The scalar fields of a user that a source may supply (spec 4.6, 5.1, 12.3), in the order in which people see them. */
export const sourceFields = [
  'username',
  'firstName',
  'lastName',
  'displayName',
  'email',
  'windowsLogin',
  'employeeId',
  'acdId',
  'numericId',
  'mobileNumber',
  'phoneNumber',
  'language',
  'locale',
  'acdServer',
  'department',
  'company',
  'jobTitle',
  'companyStartDate',
  'companyEndDate',
  'departmentStartDate',
  'departmentEndDate',
  'displayTimeZone',
  'schedulingTimeZone',
  'rank',
  'licences',
  'qmViews',
  'reconciliationRequired',
  'emailVerified',
  'blocked',
] as const;

/** One of the named scalar fields. */
export type NamedField = (typeof sourceFields)[number];

/** A user's attribute as a field: `attribute.agentId`, `attribute.deviceId`, `attribute.phoneExtension`, or a custom one (spec 12.1). */
type AttributeField = `attribute.${string}`;

/** A named field or an attribute: everything that has one text value per user. */
export type Field = NamedField | AttributeField;

/** The fields whose value at most one user may hold (spec 4.7). The ACD id is unique within its source. */
export const uniqueFields = ['username', 'numericId', 'windowsLogin', 'employeeId', 'acdId'] as const;
export type UniqueField = (typeof uniqueFields)[number];

const named: ReadonlySet<string> = new Set(sourceFields);
const unique: ReadonlySet<string> = new Set(uniqueFields);

/** What rosterd leaves to the application and to the ACD (spec 12.6), by the names that a field for it could have. */
const leftAlone = [
  [/^(agent|user)?(password|passwd|pwd)(hash)?$/, "agents' own passwords"],
  [/^requiredactions?$/, "agents' required actions"],
  [/^(queues?log(ged)?(on|in)|loggedonqueues)$/, 'queue log-on'],
  [/^queueprofiles?$/, 'queue profiles of the ACD'],
] as const;

/** Why there is no field and no attribute of this name (spec 12.6), as the end of a sentence; null where that is no reason. */
export function outOfScope(name: string): string | null {
  const bare = name
    .replace(/^attribute\./, '')
    .replaceAll(/[_-]/g, '')
    .toLowerCase();
  const found = leftAlone.find(([names]) => names.test(bare));
  return found === undefined ? null : `rosterd neither reads nor keeps ${found[1]}`;
}

/** Whether it names a field, or an attribute that there may be. */
export function isField(name: string): name is Field {
  if (named.has(name)) return true;
  return /^attribute\.[A-Za-z][A-Za-z0-9_-]{0,63}$/.test(name) && outOfScope(name) === null;
}

export function isUniqueField(field: string): field is UniqueField {
  return unique.has(field);
}

/**
 * The parts of an account that are read but are no scalar field: a connector's mapping may name the attribute or column
 * of each (`mapping: {team: Team}`).
 */
export const accountParts = [
  'externalId',
  'disabled',
  'supervisor',
  'profile',
  'group',
  'role',
  'team',
  'supervises',
] as const;
export type AccountPart = (typeof accountParts)[number];

export function isAccountPart(name: string): name is AccountPart {
  return (accountParts as readonly string[]).includes(name);
}
