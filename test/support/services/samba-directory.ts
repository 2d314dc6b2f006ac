import { readFile } from 'node:fs/promises';
import { Client } from 'ldapts';
import type { Person } from './people.ts';
import type { SambaDetails } from './samba.ts';

/** A user to create in Active Directory. */
export type DirectoryUser = {
  /** Unique in the whole domain, at most 20 characters; also the entry's CN unless one is given. */
  readonly sAMAccountName: string;
  readonly cn?: string;
  readonly givenName?: string;
  readonly sn?: string;
  readonly displayName?: string;
  readonly mail?: string;
  readonly employeeID?: string;
  readonly department?: string;
  /** Default true. */
  readonly enabled?: boolean;
};

// userAccountControl (MS-ADTS 2.2.16): NORMAL_ACCOUNT 0x200, PASSWD_NOTREQD 0x20, ACCOUNTDISABLE 0x2.
const ENABLED = String(0x200 | 0x20);
const DISABLED = String(0x200 | 0x20 | 0x2);
const IN_FLIGHT = 16;

/** A made-up employee as a user; the prefix keeps one test file's login names apart from another's. */
export function directoryUser(person: Person, prefix: string): DirectoryUser {
  return {
    sAMAccountName: `${prefix}${person.index}`,
    givenName: person.givenName,
    sn: person.sn,
    displayName: person.displayName,
    mail: `${prefix}${person.index}@example.com`,
    employeeID: person.employeeNumber,
    department: person.department,
  };
}

/** Creates an organizational unit right below the domain, one per test, and gives its DN. */
export async function createOu(samba: SambaDetails, name: string): Promise<string> {
  const dn = `OU=${escapeDnValue(name)},${samba.domainDn}`;
  await asAdmin(samba, (client) => client.add(dn, { objectClass: 'organizationalUnit' }));
  return dn;
}

/** Creates users below `parentDn` and gives their DNs in the same order. */
export async function addUsers(
  samba: SambaDetails,
  parentDn: string,
  users: Iterable<DirectoryUser>,
): Promise<string[]> {
  const list = [...users];
  await asAdmin(samba, async (client) => {
    for (let start = 0; start < list.length; start += IN_FLIGHT) {
      const batch = list.slice(start, start + IN_FLIGHT);
      await Promise.all(batch.map((user) => client.add(userDn(user, parentDn), userAttributes(user))));
    }
  });
  return list.map((user) => userDn(user, parentDn));
}

/** Creates a global security group with these members and gives its DN; its login name is its name. */
export async function addGroup(
  samba: SambaDetails,
  parentDn: string,
  name: string,
  memberDns: readonly string[],
): Promise<string> {
  const dn = `CN=${escapeDnValue(name)},${parentDn}`;
  const members = memberDns.length === 0 ? {} : { member: [...memberDns] };
  await asAdmin(samba, (client) => client.add(dn, { objectClass: 'group', sAMAccountName: name, ...members }));
  return dn;
}

/** Does `work` on a connection of the domain's administrator. */
export async function asAdmin<Result>(samba: SambaDetails, work: (client: Client) => Promise<Result>): Promise<Result> {
  const ca = await readFile(samba.caFile);
  const client = new Client({ url: samba.ldapsUrl, tlsOptions: { ca }, connectTimeout: 5_000, timeout: 60_000 });
  try {
    await client.bind(samba.adminDn, samba.adminPassword);
    return await work(client);
  } finally {
    await client.unbind();
  }
}

/** A value as it stands in a DN (RFC 4514, section 2.4). */
function escapeDnValue(value: string): string {
  return value.replaceAll(/[",+;<>\\=]|^[ #]| $/g, '\\$&');
}

function userDn(user: DirectoryUser, parentDn: string): string {
  return `CN=${escapeDnValue(user.cn ?? user.sAMAccountName)},${parentDn}`;
}

function userAttributes(user: DirectoryUser): Record<string, string> {
  const { cn, enabled = true, ...attributes } = user;
  const control = enabled ? ENABLED : DISABLED;
  return { objectClass: 'user', cn: cn ?? user.sAMAccountName, ...attributes, userAccountControl: control };
}
