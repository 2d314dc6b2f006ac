import type { LdapAnswer, LdapRequest } from '../../support/scripted-ldap.ts';
import { directoryHarness } from '../directory-harness.ts';

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

export const harness = directoryHarness({
  baseDn: domain,
  person: (index) => ({
    objectGUID: [guid(index)],
    sAMAccountName: [`agent${String(index)}`],
    sn: ['Müller'],
    employeeID: [String(index).padStart(7, '0')],
    userAccountControl: ['512'],
  }),
  aside,
});
