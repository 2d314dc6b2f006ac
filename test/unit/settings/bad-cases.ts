export interface Case {
  readonly name: string;
  readonly yaml: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  /** Every problem, in order; FILE and FOLDER stand for the temporary names. */
  readonly problems: readonly string[];
}

const topKeys =
  'database, queue, dataDir, http, organization, newUsers, authority, roles, guard, placeholders, notify, signIn, retention, log, sources';
const sourceKeys =
  'id, kind, enabled, as, createsUsers, schedule, match, ignore, mapping, idsLike, roles, teams, supervision, guard';
const fields =
  'username, firstName, lastName, displayName, email, windowsLogin, employeeId, acdId, numericId, mobileNumber, phoneNumber, language, locale, acdServer, department, company, jobTitle, companyStartDate, companyEndDate, departmentStartDate, departmentEndDate, displayTimeZone, schedulingTimeZone, rank, licences, qmViews, reconciliationRequired, emailVerified, blocked';
const parts = 'externalId, disabled, supervisor, profile, group, role, team, supervises';
const variables =
  'ROSTERD_DATABASE, ROSTERD_QUEUE, ROSTERD_DATA_DIR, ROSTERD_HTTP_HOST, ROSTERD_HTTP_ALLOW_PLAINTEXT, ROSTERD_HTTP_PORT, ROSTERD_LOG_LEVEL, ROSTERD_TOKEN, ROSTERD_URL, ROSTERD_CONFIG';
const kebab = 'must be a name in kebab-case such as corp-ad (a-z, 0-9 and single hyphens, at most 63)';
const wholeAddress = 'put the whole address into a variable or a file and write {env: NAME} or {file: PATH}';

const acd = 'sources:\n  - id: acd\n    kind: csv-file\n    connection: {path: x}\n';
const ad = (connection: string): string =>
  `sources:\n  - id: ad\n    kind: active-directory\n    baseDn: DC=corp\n    connection: {${connection}}\n`;

/** Each is refused with these problems. */
export const cases: readonly Case[] = [
  {
    name: 'a cron expression without quotation marks',
    yaml: `${acd}    schedule:\n      full: */5 * * * *\n`,
    problems: [
      'FILE:6: is not valid YAML here: unexpected alias at node end; put a value that begins with * in quotation marks',
    ],
  },
  {
    name: 'a cron expression with seconds',
    yaml: `${acd}    schedule: {full: '* * * * * *'}\n`,
    problems: [
      'FILE:5: sources[0].schedule.full is "* * * * * *"; must be a cron expression of five fields such as "0 2 * * *" (minute hour day month weekday)',
    ],
  },
  {
    name: 'a delta of a kind that has none',
    yaml: `${acd}    schedule: {delta: '*/5 * * * *'}\n`,
    problems: [
      'FILE:5: sources[0].schedule.delta is set, but the kind csv-file has no delta: every import reads in full, as schedule.full says',
    ],
  },
  {
    name: 'ports that no platform has set',
    yaml: acd,
    env: {
      ROSTERD_SERVICE_HOST: '10.96.0.12',
      ROSTERD_SERVICE_PORT: '7420',
      ROSTERD_SERVICE_PORT_HTTP: '7420',
      ROSTERD_PORT: 'tcp://10.96.0.12:7420',
      ROSTERD_PORT_7420_TCP: 'tcp://10.96.0.12:7420',
      ROSTERD_PORT_7420_TCP_ADDR: '10.96.0.12',
      ROSTERD_DB_PORT: '5432',
    },
    problems: [
      `environment variable ROSTERD_DB_PORT: is not known and no secret refers to it (did you mean ROSTERD_HTTP_PORT?); allowed are ${variables}`,
    ],
  },
  {
    name: 'addresses with a % that begins no escape',
    yaml: 'database: {env: DB}\nqueue: {file: queue}\n',
    env: { DB: 'postgres://app:50%-W0rd@db/rosterd' },
    files: { queue: 'redis://us%er:x@cache' },
    problems: [
      'FILE:1: database cannot be used: environment variable DB has a password with a % that begins no escape (RFC 3986); a % is written %25',
      'FILE:2: queue cannot be used: secret file FOLDER/queue has a user name with a % that begins no escape (RFC 3986); a % is written %25',
    ],
  },
  {
    name: 'rules of accounts to ignore that are none',
    yaml: `${acd}    ignore: [{field: acd, matches: x}, {field: username}, {field: externalId, match: '9*'}]\n`,
    problems: [
      `FILE:5: sources[0].ignore[0].field is "acd"; must be externalId or a field: ${fields}, attribute.NAME`,
      'FILE:5: sources[0].ignore[1].matches is missing; must be text that is not empty',
      'FILE:5: sources[0].ignore[2].matches is missing; must be text that is not empty',
      'FILE:5: sources[0].ignore[2].match is not a known key (did you mean matches?); allowed are field, matches',
    ],
  },
  {
    name: 'a misspelt key at the top',
    yaml: 'log: {level: info}\ndatabse: embedded\n',
    problems: [`FILE:2: databse is not a known key (did you mean database?); allowed are ${topKeys}`],
  },
  {
    name: 'a misspelt key of a section',
    yaml: 'http:\n  port: 7420\n  hosts: x\n',
    problems: [
      'FILE:3: http.hosts is not a known key (did you mean host?); allowed are host, port, hostNames, allowPlaintext, trustedProxies',
    ],
  },
  {
    name: 'keys that JavaScript gives a meaning',
    yaml: '__proto__: {x: 1}\nconstructor: 1\n',
    problems: [
      `FILE:1: __proto__ is not a known key; allowed are ${topKeys}`,
      `FILE:2: constructor is not a known key; allowed are ${topKeys}`,
    ],
  },
  {
    name: 'the same key twice',
    yaml: 'queue: database\nqueue: database\n',
    problems: ['FILE:2: is not valid YAML here: the same key stands twice in one mapping'],
  },
  {
    name: 'an unquoted password that YAML takes for a tag',
    yaml: 'password: !hunter2\n',
    problems: [
      'FILE:1: is not valid YAML here: a value that begins with ! is a tag that is not known; put it in quotes',
    ],
  },
  {
    name: 'an unquoted password that YAML takes for an alias',
    yaml: 'password: *hunter2\n',
    problems: ['FILE:1: password refers to an anchor that does not exist; put a value that begins with * in quotes'],
  },
  {
    name: 'text after a quoted password',
    yaml: 'password: "a" hunter2\n',
    problems: ['FILE:1: is not valid YAML here: unexpected scalar at node end'],
  },
  {
    name: 'a list for a file',
    yaml: '- 1\n',
    problems: [`FILE: is a list; must be a mapping with the keys ${topKeys}`],
  },
  {
    name: 'text for a file',
    yaml: 'hunter2\n',
    problems: [`FILE: is text (not shown); must be a mapping with the keys ${topKeys}`],
  },
  {
    name: 'a key without a value',
    yaml: 'retention:\n',
    problems: ['FILE:1: retention has no value; must be a mapping with the keys events, runs, rejects, users'],
  },
  {
    name: 'wrong values of every sort, told at once and by line',
    yaml: [
      'log: {level: infos}',
      'http: {port: 99999, host: ""}',
      'organization: {timeZone: "+02:00", locale: "++"}',
      'newUsers: {active: "yes", fromDisabled: hold}',
      'roles: {catalogue: {lead: view}}',
      'guard: {firstImport: never, gone: {number: -1, percent: 101}, gon: {}}',
      'retention: {events: 0}',
    ].join('\n'),
    problems: [
      'FILE:1: log.level is "infos"; allowed: trace, debug, info, warn, error, fatal (did you mean info?)',
      'FILE:2: http.host is ""; must be text that is not empty',
      'FILE:2: http.port is 99999; must be a whole number from 0 to 65535',
      'FILE:3: organization.timeZone is "+02:00"; must be an IANA time zone such as Europe/Prague',
      'FILE:3: organization.locale is "++"; must be a language tag such as en or cs-CZ',
      'FILE:4: newUsers.active is "yes"; must be true or false',
      'FILE:4: newUsers.fromDisabled is "hold"; allowed: wait, inactive',
      'FILE:5: roles.catalogue.lead is text (not shown); must be a list',
      'FILE:6: guard.firstImport is "never"; allowed: hold, apply',
      'FILE:6: guard.gone.number is -1; must be a whole number, 0 or more',
      'FILE:6: guard.gone.percent is 101; must be a number from 0 to 100',
      'FILE:6: guard.gon is not a known key (did you mean gone?); allowed are firstImport, created, linked, fieldChanged, fieldBlanked, teamMoved, roleTaken, gone',
      'FILE:7: retention.events is 0; must be a whole number of days, at least 1',
    ],
  },
  {
    name: 'passwords in addresses',
    yaml: `database: postgres://u:hunter2@h/d\nqueue: redis://:hunter2@h\n${ad('url: "ldap://u:hunter2@x", bindDn: x, bindPassword: {env: PW}')}`,
    env: { PW: 'hunter2' },
    problems: [
      `FILE:1: database is an address that holds a password (not shown); ${wholeAddress}`,
      `FILE:2: queue is an address that holds a password (not shown); ${wholeAddress}`,
      'FILE:7: sources[0].connection.url is an address that holds a password (not shown); take it out of the address and use the key for the password, with {env: NAME} or {file: PATH}',
    ],
  },
  {
    name: 'a password as a parameter of an address',
    yaml: 'database: postgres://h/d?user=u&password=hunter2\n',
    problems: [`FILE:1: database is an address that holds a password (not shown); ${wholeAddress}`],
  },
  {
    name: 'a password in an address that would be wrong without it too, told once',
    yaml: 'database: mysql://u:hunter2@h/d\n',
    problems: [`FILE:1: database is an address that holds a password (not shown); ${wholeAddress}`],
  },
  {
    name: 'a second document',
    yaml: 'queue: database\n---\nqueue: database\n',
    problems: ['FILE:2: is not valid YAML here: a second document begins; one file is one configuration'],
  },
  {
    name: 'databases and queues of other kinds',
    yaml: 'database: mysql://h\nqueue: memory\n',
    problems: [
      'FILE:1: database is "mysql://h"; allowed: embedded, an address postgres://… without a password, {env: NAME}, {file: PATH}, or {url: one of these, caFile: PATH, allowPlaintext: true}',
      'FILE:2: queue is "memory"; allowed: database, an address redis://… without a password, {env: NAME}, {file: PATH}, or {url: one of these, caFile: PATH, allowPlaintext: true}',
    ],
  },
  {
    name: 'an address with what cannot be read as one but may be a password',
    yaml: 'database: postgres://u:hun/ter2@h/d\n',
    problems: [
      'FILE:1: database is text (not shown); allowed: embedded, an address postgres://… without a password, {env: NAME}, {file: PATH}, or {url: one of these, caFile: PATH, allowPlaintext: true}',
    ],
  },
  {
    name: 'an inline secret',
    yaml: ad('url: "ldaps://x", bindDn: x, bindPassword: hunter2'),
    problems: [
      'FILE:5: sources[0].connection.bindPassword is text (not shown); a secret is never written inline: write {env: NAME} or {file: PATH}',
    ],
  },
  {
    name: 'an inline secret that is a number',
    yaml: ad('url: "ldaps://x", bindDn: x, bindPassword: 20252025'),
    problems: [
      'FILE:5: sources[0].connection.bindPassword is a number (not shown); a secret is never written inline: write {env: NAME} or {file: PATH}',
    ],
  },
  {
    name: 'an inline secret whose key does not tell that it is one',
    yaml: ad('url: "ldaps://x", bindDn: x, bindPassword: {env: PW}, proof: hunter2'),
    env: { PW: 'x' },
    problems: [
      'FILE:5: sources[0].connection.proof is text (not shown); a secret is never written inline: write {env: NAME} or {file: PATH}',
    ],
  },
  {
    name: 'a secret with two references',
    yaml: ad('url: "ldaps://x", bindDn: x, bindPassword: {env: A, file: B}'),
    problems: [
      'FILE:5: sources[0].connection.bindPassword is a mapping; a secret is one reference: write {env: NAME} or {file: PATH}',
    ],
  },
  {
    name: 'a missing secret',
    yaml: ad('url: "ldaps://x", bindDn: x'),
    problems: [
      'FILE:5: sources[0].connection.bindPassword is missing; a secret is one reference: write {env: NAME} or {file: PATH}',
    ],
  },
  {
    name: 'a variable that is not set',
    yaml: ad('url: "ldaps://x", bindDn: x, bindPassword: {env: PW}'),
    problems: ['FILE:5: sources[0].connection.bindPassword cannot be used: environment variable PW is not set'],
  },
  {
    name: 'an empty variable',
    yaml: ad('url: "ldaps://x", bindDn: x, bindPassword: {env: PW}'),
    env: { PW: '' },
    problems: [
      'FILE:5: sources[0].connection.bindPassword cannot be used: environment variable PW is empty: put the secret there',
    ],
  },
  {
    name: 'a secret file with nothing but its newline',
    yaml: ad('url: "ldaps://x", bindDn: x, bindPassword: {file: pw}'),
    files: { pw: '\n' },
    problems: [
      'FILE:5: sources[0].connection.bindPassword cannot be used: secret file FOLDER/pw is empty: put the secret there',
    ],
  },
  {
    name: 'a secret file that does not exist',
    yaml: ad('url: "ldaps://x", bindDn: x, bindPassword: {file: secrets/pw}'),
    problems: [
      'FILE:5: sources[0].connection.bindPassword cannot be used: secret file FOLDER/secrets/pw cannot be read (ENOENT)',
    ],
  },
  {
    name: 'a database reference that holds something else',
    yaml: 'database: {env: DB}\n',
    env: { DB: 'hunter2' },
    problems: [
      'FILE:1: database cannot be used: environment variable DB holds no such address; allowed there: an address postgres://… (or write database: embedded)',
    ],
  },
  {
    name: 'variables that nobody reads, and a wrong value in one that is read',
    yaml: '',
    env: { ROSTERD_LOG_LEVL: 'debug', ROSTERD_HTTP_PORT: 'abc', ROSTERD_TEST_X: '1', ROSTERD_TOKEN: 't', OTHER: 'x' },
    problems: [
      `environment variable ROSTERD_LOG_LEVL: is not known and no secret refers to it (did you mean ROSTERD_LOG_LEVEL?); allowed are ${variables}`,
      'environment variable ROSTERD_HTTP_PORT: http.port is "abc"; must be a whole number from 0 to 65535',
    ],
  },
  {
    name: 'a misspelt word in ROSTERD_DATABASE',
    yaml: '',
    env: { ROSTERD_DATABASE: 'embeded' },
    problems: [
      'environment variable ROSTERD_DATABASE: database cannot be used: environment variable ROSTERD_DATABASE holds no such address; allowed there: an address postgres://… (or write database: embedded)',
    ],
  },
  {
    name: 'sources that are no list',
    yaml: 'sources: {}\n',
    problems: ['FILE:1: sources is a mapping; must be a list'],
  },
  {
    name: 'sources of the wrong shape, name and kind',
    yaml: 'sources:\n  - 5\n  - {id: Corp AD, kind: csv}\n  - {kind: ldif-file, connection: {path: x}}\n',
    problems: [
      `FILE:2: sources[0] is a number (not shown); must be a mapping with the keys ${sourceKeys}`,
      `FILE:3: sources[1].id is "Corp AD"; ${kebab}`,
      'FILE:3: sources[1].kind is "csv"; allowed: active-directory, ldif-file, csv-file (did you mean csv-file?)',
      `FILE:4: sources[2].id is missing; ${kebab}`,
    ],
  },
  {
    name: 'an id twice',
    yaml: `${acd}  - id: acd\n    kind: ldif-file\n    connection: {path: y}\n`,
    problems: ['FILE:5: sources[1].id is "acd", which sources[0] has already; every source needs its own id'],
  },
  {
    name: "misspelt keys of a source and of its connector's part",
    yaml: `${ad('url: "http://x", bindDN: x, bindPassword: {env: PW}')}    filtr: x\n    shedule: {}\n`,
    env: { PW: 'x' },
    problems: [
      'FILE:5: sources[0].connection.url is "http://x"; must be an address ldap://HOST or ldaps://HOST',
      'FILE:5: sources[0].connection.bindDn is missing; must be text',
      'FILE:5: sources[0].connection.bindDN is not a known key (did you mean bindDn?); allowed are url, bindDn, bindPassword, proof, startTls, tls',
      `FILE:6: sources[0].filtr is not a known key (did you mean filter?); allowed are ${sourceKeys}, connection, baseDn, filter`,
      `FILE:7: sources[0].shedule is not a known key (did you mean schedule?); allowed are ${sourceKeys}, connection, baseDn, filter`,
    ],
  },
  {
    name: 'a connection that is text',
    yaml: 'sources:\n  - id: acd\n    kind: csv-file\n    connection: hunter2\n',
    problems: ['FILE:4: sources[0].connection is text (not shown); must be a mapping with the keys path'],
  },
  {
    name: 'wrong common keys of a source',
    yaml: [
      `${acd}    schedule: {full: nightly, delta: 5, timeZone: Mars}`,
      '    match: [[emial], []]',
      '    mapping: {emial: Mail, email: ""}',
      '    roles: [{when: {supervisor: true, group: x}, role: y}, {when: {supervisor: false}, role: z}]',
      '    teams: mirrored',
      '    supervision: keep',
      '    idsLike: cisco',
      '    as: both',
    ].join('\n'),
    problems: [
      'FILE:5: sources[0].schedule.full is "nightly"; must be a cron expression of five fields such as "0 2 * * *" (minute hour day month weekday)',
      'FILE:5: sources[0].schedule.delta is 5; must be text',
      'FILE:5: sources[0].schedule.timeZone is "Mars"; must be an IANA time zone such as Europe/Prague',
      `FILE:6: sources[0].match[0][0] is "emial"; must be a field: ${fields}, attribute.NAME`,
      'FILE:6: sources[0].match[1] is a list; must not be empty',
      `FILE:7: sources[0].mapping.emial is not a known key (did you mean email?); allowed are ${fields}, ${parts}, attribute.NAME`,
      'FILE:7: sources[0].mapping.email is ""; must be text that is not empty',
      'FILE:8: sources[0].roles[0].when is a mapping; must have exactly one of: supervisor: true, group: DN or name, profile: NAME',
      'FILE:8: sources[0].roles[1].when.supervisor is false; allowed: true',
      'FILE:9: sources[0].teams is "mirrored"; allowed: mirror, add-only (did you mean mirror?)',
      'FILE:10: sources[0].supervision is "keep"; allowed: mirror, merge',
      'FILE:11: sources[0].idsLike is "cisco"; allowed: avaya',
      'FILE:12: sources[0].as is "both"; allowed: acd, directory',
    ],
  },
  {
    name: 'idsLike for a directory',
    yaml: 'sources:\n  - {id: d, kind: ldif-file, connection: {path: x}, idsLike: avaya}\n',
    problems: ['FILE:2: sources[0].idsLike is "avaya"; allowed only for a source with as: acd'],
  },
  {
    name: 'rankings of unknown fields and sources',
    yaml: [
      'authority:',
      '  email: {rank: [ac, acd, acd], blanks: [zzz]}',
      '  username: {rank: [acd]}',
      '  acdId: {rank: [dir]}',
      '  emial: {rank: [acd]}',
      `${acd}  - {id: dir, kind: ldif-file, connection: {path: y}}`,
    ].join('\n'),
    problems: [
      'FILE:2: authority.email.rank[0] is "ac", which is no source of this configuration; allowed: acd, dir',
      'FILE:2: authority.email.rank[2] is "acd", which stands in the list already',
      'FILE:2: authority.email.blanks[0] is "zzz", which is no source of this configuration; allowed: acd, dir',
      'FILE:3: authority.username cannot be ranked: the username follows the source that created the user',
      'FILE:4: authority.acdId.rank[0] is "dir", which is a directory; an ACD id comes from ACDs only; allowed: acd',
      `FILE:5: authority.emial is not a known key (did you mean email?); allowed are ${fields}, attribute.NAME`,
    ],
  },
  {
    name: 'aliases of aliases',
    yaml: ['a: &a [x, x, x, x, x, x, x, x, x, x]', ...'bcdef'.split('').map((name, index) => bomb(name, index))].join(
      '\n',
    ),
    problems: ['FILE: has more than 50000 values, aliases counted'],
  },
  {
    name: 'nesting without end',
    yaml: `a: ${'['.repeat(30)}${']'.repeat(30)}\n`,
    problems: ['FILE: is nested deeper than 20 levels'],
  },
];

/** A line that repeats the one before ten times. */
function bomb(name: string, index: number): string {
  const before = 'abcdef'.charAt(index);
  return `${name}: &${name} [${Array.from({ length: 10 }, () => `*${before}`).join(', ')}]`;
}
