import { Attribute, Change, Client } from 'ldapts';
import { onTestFinished } from 'vitest';
import { generatePeople, inetOrgPerson } from '../../support/services/people.ts';
import { startSlapd } from '../../support/services/slapd.ts';
import { directoryHarness } from '../directory-harness.ts';
import type { Harness, Prepared } from '../harness.ts';

const passwordVariable = 'ROSTERD_CONTRACT_SLAPD_PASSWORD';

/** Changes are read from a real server: a played one would only say what the test believes. */
async function livingPeople(): Promise<Prepared & { change: () => Promise<void> }> {
  const suffix = 'dc=example,dc=com';
  const people = [...generatePeople(8)].map((person) => inetOrgPerson(person, `ou=people,${suffix}`));
  const slapd = await startSlapd({ suffix, entries: people });
  onTestFinished(() => slapd.stop());
  process.env[passwordVariable] = slapd.bindPassword;
  const [first = '', second = ''] = people.map(({ dn }) => dn);
  const change = async (): Promise<void> => {
    const client = new Client({ url: slapd.url });
    await client.bind(slapd.adminDn, slapd.adminPassword);
    const modification = new Attribute({ type: 'mail', values: ['changed@example.com'] });
    await client.modify(first, new Change({ operation: 'replace', modification }));
    await client.del(second);
    await client.add(`uid=new,${slapd.peopleDn}`, { objectClass: 'inetOrgPerson', uid: 'new', cn: 'New', sn: 'New' });
    await client.unbind();
  };
  const connection = { url: slapd.url, bindDn: slapd.bindDn, bindPassword: { env: passwordVariable } };
  return { config: { connection, baseDn: slapd.peopleDn }, change };
}

const played = directoryHarness({
  baseDn: 'dc=test',
  person: (index) => ({
    objectClass: ['inetOrgPerson'],
    entryUUID: [`5dba0000-0000-4000-8000-${String(index).padStart(12, '0')}`],
    uid: [`agent${String(index)}`],
    sn: ['Müller'],
    employeeNumber: [String(index).padStart(7, '0')],
  }),
  aside: () => [{ done: 0 }],
});

export const harness: Harness = { ...played, delta: livingPeople };
