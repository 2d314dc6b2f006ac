import type { ActiveDirectoryDomain } from '../../src/connector-kit/ldap/active-directory-domain.ts';
import { sidOf } from '../../src/connector-kit/ldap/active-directory-domain.ts';
import type { LdapConnection, Search } from '../../src/connector-kit/ldap/connection.ts';
import { parseDn } from '../../src/connector-kit/ldap/dn.ts';
import { equals, or, present } from '../../src/connector-kit/ldap/filter.ts';
import type { Filter } from '../../src/connector-kit/ldap/filter.ts';
import { readOne } from '../../src/connector-kit/ldap/read-one.ts';

/** Who is to be granted something, and by whose tools. */
export interface Grantee {
  /** As Windows tools take it. */
  readonly login: string;
  readonly sid: string;
  /** Whether the domain controller is Samba's, which has tools of its own. */
  readonly samba: boolean;
}

/** The class user in access control entries (MS-ADSC, class user: schemaIDGUID). */
const userClass = 'bf967aba-0de6-11d0-a285-00aa003049e2';
const sambaDatabase = '/var/lib/samba/private/sam.ldb';

/**
 * Finds the account that rosterd logs in with, by any of the names that Active Directory takes for a log-in (MS-ADTS
 * 5.1.1.1.1); what it does not find stays to be filled in by a person. Throws a SourceError.
 */
export async function readGrantee(
  connection: LdapConnection,
  domain: ActiveDirectoryDomain,
  bindDn: string,
  signal: AbortSignal,
): Promise<Grantee> {
  const search: Search = {
    ...whereToFind(bindDn, domain.dn),
    attributes: ['sAMAccountName', 'objectSid'],
    binary: new Set(['objectsid']),
  };
  const account = await readOne(connection, search, signal);
  const root = await readOne(
    connection,
    { base: '', scope: 'base', filter: present('objectClass'), attributes: ['vendorName'] },
    signal,
  );
  const name = account?.texts.get('samaccountname')?.[0];
  return {
    login: name === undefined ? bindDn : `${domain.netbiosName}\\${name}`,
    sid: sidOf(account) ?? `<SID of ${bindDn}>`,
    samba: /^samba/i.test(root?.texts.get('vendorname')?.[0] ?? ''),
  };
}

function whereToFind(bindDn: string, domainDn: string): Pick<Search, 'base' | 'scope' | 'filter'> {
  if ((parseDn(bindDn)?.length ?? 0) > 1) return { base: bindDn, scope: 'base', filter: present('objectClass') };
  return { base: domainDn, scope: 'sub', filter: nameFilter(bindDn) };
}

/** `CORP\login`, `login@corp.example.com` (the principal name, set or implicit), or a bare log-on name. */
function nameFilter(bindDn: string): Filter {
  const login = bindDn.slice(bindDn.lastIndexOf('\\') + 1);
  const byLogin = equals('sAMAccountName', login.split('@')[0] ?? login);
  return login.includes('@') ? or(equals('userPrincipalName', login), byLogin) : byLogin;
}

/**
 * How to let an account read what was deleted. Windows: as Microsoft documents it. Samba: `samba-tool dsacl` does not find
 * this container (tried with 4.17), so that its descriptor is written back with one entry more, on the controller itself.
 */
export function grantDeletedObjects(container: string, { login, sid, samba }: Grantee): string {
  if (!samba) {
    return `as a domain administrator run: dsacls "${container}" /takeOwnership, then: dsacls "${container}" /G "${login}:LCRP"`;
  }
  const controls = '--controls=show_deleted:1 --controls=sd_flags:1:4';
  const read = `ldbsearch -H ${sambaDatabase} ${controls} -b ${quoted(container)} -s base nTSecurityDescriptor`;
  const unfold = `sed -e ':a' -e 'N' -e '$!ba' -e 's/\\n //g'`;
  const append = `sed -n 's/^nTSecurityDescriptor: .*/&(A;;LCRP;;;${sid})/p'`;
  const change = `printf '%s\\n' ${quoted(`dn: ${container}`)} 'changetype: modify' 'replace: nTSecurityDescriptor'`;
  const write = `ldbmodify -H ${sambaDatabase} ${controls}`;
  return `as root on the domain controller run: { ${change}; ${read} | ${unfold} | ${append}; } | ${write}`;
}

/** How to let an account read attributes of the users below a base; all of them in Samba, whose tools take GUIDs for single ones. */
export function grantAttributes(base: string, attributes: readonly string[], { login, sid, samba }: Grantee): string {
  if (samba) {
    const entry = `(OA;CIIO;RP;;${userClass};${sid})`;
    return `as root on the domain controller run: samba-tool dsacl set --objectdn=${quoted(base)} --sddl=${quoted(entry)}`;
  }
  const rights = attributes.map((attribute) => `"${login}:RP;${attribute};user"`).join(' ');
  return `as a domain administrator run: dsacls "${base}" /I:S /G ${rights}`;
}

/** As a shell takes it (POSIX 2.2.2). */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
