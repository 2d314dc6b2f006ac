import { Attribute, Change } from 'ldapts';
import { inject } from 'vitest';
import type { LdapAnswer, LdapRequest } from '../../support/scripted-ldap.ts';
import { addUsers, asAdmin, createOu, directoryUser } from '../../support/services/samba-directory.ts';
import { generatePeople } from '../../support/services/people.ts';
import { directoryHarness } from '../directory-harness.ts';
import type { DirectoryTraits } from '../directory-harness.ts';
import type { Harness, Prepared } from '../harness.ts';

const passwordVariable = 'ROSTERD_CONTRACT_SAMBA_PASSWORD';
const domain = 'DC=corp,DC=example,DC=com';
const configuration = `CN=Configuration,${domain}`;

function guid(index: number): Buffer {
  const bytes = Buffer.alloc(16, 0xab);
  bytes.writeUInt32LE(index, 0);
  return bytes;
}

/** S-1-5-21-1-2-3 (MS-DTYP 2.4.2). */
const sid = Buffer.from('010400000000000515000000010000000200000003000000', 'hex');

/** The root DSE, the head of the domain and its partition, as a domain controller shows them (MS-ADTS 3.1.1.3.2). */
function aside({ base }: LdapRequest): readonly LdapAnswer[] {
  const done: LdapAnswer = { done: 0 };
  if (base === '') {
    const entry = {
      defaultNamingContext: [domain],
      configurationNamingContext: [configuration],
      supportedCapabilities: ['1.2.840.113556.1.4.800'],
    };
    return [{ dn: '', entry }, done];
  }
  if (base === domain) return [{ dn: domain, entry: { objectSid: [sid] } }, done];
  if (base === `CN=Partitions,${configuration}`)
    return [{ dn: `CN=CORP,${base}`, entry: { nETBIOSName: ['CORP'] } }, done];
  return [done];
}

const traits: DirectoryTraits = {
  baseDn: domain,
  person: (index) => ({
    objectGUID: [guid(index)],
    sAMAccountName: [`agent${String(index)}`],
    sn: ['Müller'],
    employeeID: [String(index).padStart(7, '0')],
    userAccountControl: ['512'],
  }),
  aside,
};

/** Changes are read from a real domain controller: a played one would only say what the test believes. */
async function livingPeople(): Promise<Prepared & { change: () => Promise<void> }> {
  const samba = inject('samba');
  const ou = await createOu(samba, 'contract-delta');
  const people = [...generatePeople(8)].map((person) => directoryUser(person, 'contract'));
  const [first = '', second = ''] = await addUsers(samba, ou, people);
  process.env[passwordVariable] = samba.adminPassword;
  const bindPassword = { env: passwordVariable };
  const connection = { url: samba.ldapsUrl, bindDn: samba.adminDn, bindPassword, tls: { caFile: samba.caFile } };
  const change = async (): Promise<void> => {
    const mail = new Attribute({ type: 'mail', values: ['changed@example.com'] });
    await asAdmin(samba, async (client) => {
      await client.modify(first, new Change({ operation: 'replace', modification: mail }));
      await client.del(second);
    });
    await addUsers(samba, ou, [{ sAMAccountName: 'contract-new' }]);
  };
  return { config: { connection, baseDn: ou }, change };
}

export const harness: Harness = { ...directoryHarness(traits), delta: livingPeople };
