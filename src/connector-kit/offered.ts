import { fold } from '../domain/text.ts';

/** What other systems call the keys of a mapping, without spaces and punctuation (spec 2.9). */
const names: readonly (readonly [key: string, ...spellings: readonly string[]])[] = [
  ['acdId', 'acdid', 'agentid', 'acdlogin', 'agentlogin', 'loginid', 'extensionid'],
  ['email', 'email', 'mail', 'emailaddress', 'mailaddress', 'smtp', 'smtpaddress', 'primaryemail'],
  [
    'employeeId',
    'employeeid',
    'employeenumber',
    'employeeno',
    'personnelnumber',
    'personnelno',
    'staffid',
    'staffnumber',
  ],
  ['firstName', 'firstname', 'givenname', 'forename', 'fname', 'christianname'],
  ['lastName', 'lastname', 'surname', 'familyname', 'sn', 'lname'],
  ['displayName', 'displayname', 'fullname', 'name', 'cn', 'commonname'],
  ['username', 'login', 'loginname', 'username', 'user', 'userid', 'uid', 'samaccountname', 'account', 'accountname'],
  ['windowsLogin', 'windowslogin', 'ntlogin', 'domainlogin', 'windowsaccount'],
  ['phoneNumber', 'phone', 'phonenumber', 'telephone', 'telephonenumber'],
  ['mobileNumber', 'mobile', 'mobilenumber', 'mobilephone', 'cellphone'],
  ['department', 'department', 'departmentnumber', 'dept'],
  ['company', 'company', 'organization', 'organisation', 'o'],
  ['jobTitle', 'jobtitle', 'title', 'position'],
  ['team', 'team', 'teams', 'teamname', 'skillgroup'],
  ['role', 'role', 'roles'],
  ['supervisor', 'supervisor', 'issupervisor', 'supervisorflag'],
  ['disabled', 'disabled', 'deactivated', 'inactive', 'status', 'state', 'enabled', 'active', 'inetuserstatus'],
];

const keys: ReadonlyMap<string, string> = new Map(
  names.flatMap(([key, ...spellings]) => spellings.map((spelling) => [spelling, key] as const)),
);

/** The key of `mapping` that a column or attribute looks like; undefined where it looks like none. */
function looksLike(name: string): string | undefined {
  return keys.get(fold(name).replace(/[^\p{L}\p{N}]/gu, ''));
}

const mostNamed = 30;

/**
 * Names what a source offers and nobody reads, each with the key of `mapping` that it looks like, where `free` says that the
 * key reads nothing else (spec 2.9). Undefined where everything is read.
 */
export function describeOffered(
  what: 'columns' | 'attributes',
  offered: readonly string[],
  free: (key: string) => boolean,
): string | undefined {
  if (offered.length === 0) return undefined;
  const named = offered.map((name) => {
    const key = looksLike(name);
    return key === undefined || !free(key)
      ? { name, hint: '' }
      : { name, hint: ` (for ${key}? mapping.${key}: ${name})` };
  });
  const hintedFirst = [...named.filter(({ hint }) => hint !== ''), ...named.filter(({ hint }) => hint === '')];
  const shown = hintedFirst.slice(0, mostNamed).map(({ name, hint }) => `${name.slice(0, 60)}${hint}`);
  const rest = offered.length > mostNamed ? ` and ${String(offered.length - mostNamed)} more` : '';
  return `${what} that nobody reads: ${shown.join(', ')}${rest}`;
}
