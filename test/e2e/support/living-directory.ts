import { Attribute, Change, Control } from 'ldapts';
import type { Client } from 'ldapts';
import { personAt } from '../../support/services/people.ts';
import { addGroup, addUsers, asAdmin, createOu, directoryUser } from '../../support/services/samba-directory.ts';
import type { SambaDetails } from '../../support/services/samba.ts';

/** Who is in a directory at its beginning; people are told by their index (see `personAt`). */
export type Population = {
  /** Keeps the log-on names of one directory apart from another's in the same domain. */
  readonly prefix: string;
  readonly people: readonly number[];
  /** Of the one group, `PREFIX-quality`. */
  readonly members: readonly number[];
};

/** An organizational unit with people, another one outside of it, and what an administrator does there. */
export type LivingDirectory = {
  readonly baseDn: string;
  /** Its log-on name. */
  readonly group: string;
  readonly replace: (index: number, type: string, values: readonly string[]) => Promise<void>;
  /** Another family name, with it another entry name and log-on name. */
  readonly marry: (index: number, familyName: string) => Promise<void>;
  readonly create: (index: number) => Promise<void>;
  readonly remove: (index: number) => Promise<void>;
  readonly undelete: (index: number) => Promise<void>;
  readonly moveOut: (index: number) => Promise<void>;
  readonly moveBack: (index: number) => Promise<void>;
  readonly changeMembers: (operation: 'add' | 'delete', indexes: readonly number[]) => Promise<void>;
};

const NORMAL_ACCOUNT = '512';
/** Shows tombstones (MS-ADTS 3.1.1.3.4.1.14). */
const SHOW_DELETED = '1.2.840.113556.1.4.417';

/** The integers from `first` to `last`. */
export function indexes(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, position) => first + position);
}

/** Fills a domain with a population and gives the hands to change it. */
export async function populate(samba: SambaDetails, population: Population): Promise<LivingDirectory> {
  const { prefix, people, members } = population;
  const baseDn = await createOu(samba, `${prefix}-people`);
  const outside = await createOu(samba, `${prefix}-outside`);
  const dnOf = (index: number, parent = baseDn): string => `CN=${prefix}${index},${parent}`;
  const userOf = (index: number): ReturnType<typeof directoryUser> => directoryUser(personAt(index), prefix);
  await addUsers(samba, baseDn, people.map(userOf));
  const group = `${prefix}-quality`;
  const groupDn = await addGroup(
    samba,
    outside,
    group,
    members.map((index) => dnOf(index)),
  );
  const edit = (work: (client: Client) => Promise<unknown>): Promise<void> =>
    asAdmin(samba, async (client) => {
      await work(client);
    });
  return {
    baseDn,
    group,
    replace: (index, type, values) => edit((client) => client.modify(dnOf(index), replacing(type, values))),
    marry: (index, familyName) =>
      edit(async (client) => {
        const renamed = `CN=${prefix}${index} ${familyName},${baseDn}`;
        await client.modifyDN(dnOf(index), renamed);
        await client.modify(renamed, [
          replacing('sAMAccountName', [`${prefix}${index}-${familyName}`]),
          replacing('sn', [familyName]),
        ]);
      }),
    create: async (index) => {
      await addUsers(samba, baseDn, [userOf(index)]);
    },
    remove: (index) => edit((client) => client.del(dnOf(index))),
    undelete: (index) => edit((client) => undelete(client, samba, `${prefix}${index}`, dnOf(index))),
    moveOut: (index) => edit((client) => client.modifyDN(dnOf(index), dnOf(index, outside))),
    moveBack: (index) => edit((client) => client.modifyDN(dnOf(index, outside), dnOf(index))),
    changeMembers: (operation, who) => {
      const values = who.map((index) => dnOf(index));
      const modification = new Attribute({ type: 'member', values });
      return edit((client) => client.modify(groupDn, new Change({ operation, modification })));
    },
  };
}

/** Creates an ordinary user with a password and no grant at all. */
export async function addServiceAccount(samba: SambaDetails, name: string, password: string): Promise<void> {
  const parent = `CN=Users,${samba.domainDn}`;
  const [dn = ''] = await addUsers(samba, parent, [{ sAMAccountName: name, enabled: false }]);
  await asAdmin(samba, async (client) => {
    // MS-ADTS 3.1.1.3.1.5.1: the password in quotes, in UTF-16.
    const quoted = new Attribute({ type: 'unicodePwd', values: [Buffer.from(`"${password}"`, 'utf16le')] });
    await client.modify(dn, new Change({ operation: 'replace', modification: quoted }));
    await client.modify(dn, replacing('userAccountControl', [NORMAL_ACCOUNT]));
  });
}

function replacing(type: string, values: readonly string[]): Change {
  return new Change({ operation: 'replace', modification: new Attribute({ type, values: [...values] }) });
}

/** Makes a tombstone an account again (MS-ADTS 3.1.1.5.3.7); it keeps its id and its log-on name, and no more. */
async function undelete(client: Client, { domainDn }: SambaDetails, login: string, dn: string): Promise<void> {
  const shown = new Control(SHOW_DELETED, { critical: true });
  const search = { filter: `(sAMAccountName=${login})`, attributes: ['1.1'] };
  const { searchEntries } = await client.search(`CN=Deleted Objects,${domainDn}`, search, shown);
  const isDeleted = new Attribute({ type: 'isDeleted', values: [] });
  const changes = [new Change({ operation: 'delete', modification: isDeleted }), replacing('distinguishedName', [dn])];
  await client.modify(searchEntries[0]?.dn ?? '', changes, shown);
}
