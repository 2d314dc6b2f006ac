import type { LdapConnection } from '../../src/connector-kit/ldap/connection.ts';
import { present } from '../../src/connector-kit/ldap/filter.ts';
import { readOne } from '../../src/connector-kit/ldap/read-one.ts';
import { dateAttributes } from './stamps.ts';
import type { DateAttribute } from './stamps.ts';

/** What servers of the LDAP standard differ in. */
export interface Vendor {
  /** For people. */
  readonly name: string;
  /** The attribute (lower case) that identifies an entry for good. */
  readonly idAttribute: string;
  /** What dates the last change of an entry, the finest first. */
  readonly dates: readonly DateAttribute[];
  /** How an administrator lets the reader have the whole list. */
  readonly limits: string;
}

const openLdap: Vendor = {
  name: 'OpenLDAP',
  idAttribute: 'entryuuid',
  dates: [dateAttributes.entryCsn, dateAttributes.modifyTimestamp],
  limits: '`limits dn.exact="…" size=unlimited size.prtotal=unlimited time=unlimited`',
};

const directoryServer389: Vendor = {
  name: '389 Directory Server',
  idAttribute: 'nsuniqueid',
  dates: [dateAttributes.modifyTimestamp],
  limits: 'nsSizeLimit, nsPagedSizeLimit, nsLookThroughLimit and nsTimeLimit: -1 on its entry',
};

const freeIpa: Vendor = { ...directoryServer389, name: 'FreeIPA', idAttribute: 'ipauniqueid' };

const standard: Vendor = {
  name: 'a server of the LDAP standard',
  idAttribute: 'entryuuid',
  dates: [dateAttributes.modifyTimestamp],
  limits: 'the size, look-through and time limits of its entry',
};

const told = ['objectClass', 'vendorName', 'vendorVersion', 'ipaDomainLevel', 'ipaTopologyPluginVersion'];

/** Which server this is, by what it says of itself (RFC 3045, and what each says beyond). Throws a SourceError. */
export async function readVendor(connection: LdapConnection, signal: AbortSignal): Promise<Vendor> {
  const search = { base: '', scope: 'base', filter: present('objectClass'), attributes: told } as const;
  const root = await readOne(connection, search, signal);
  const says = (attribute: string): string => root?.texts.get(attribute)?.join(' ').toLowerCase() ?? '';
  if (says('objectclass').includes('openldaprootdse')) return openLdap;
  if (says('ipadomainlevel') !== '' || says('ipatopologypluginversion') !== '') return freeIpa;
  if (says('vendorname').includes('389 project') || /^389-directory|red hat/.test(says('vendorversion')))
    return directoryServer389;
  return standard;
}
