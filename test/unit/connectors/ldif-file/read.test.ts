import { appendFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { connector as ldifFile } from '../../../../connectors/ldif-file/connector.ts';
import { readWhole, testKit } from '../../../support/read-source.ts';
import { readSource, sourceFile } from '../../../support/source-file.ts';

type Kit = Parameters<typeof testKit>[0];

function read(content: string | Buffer, kit: Kit = {}, more: object = {}) {
  return readSource(ldifFile, { connection: { path: sourceFile('people.ldif', content) }, ...more }, testKit(kit));
}

const base64 = (text: string) => Buffer.from(text).toString('base64');

/** 00112233-4455-6677-8899-aabbccddee00 and so on, as Active Directory keeps it. */
const guidBytes = (last: number) =>
  Buffer.from(`33221100554477668899aabbccddee${last.toString(16).padStart(2, '0')}`, 'hex');

function adUser(index: number, more: readonly string[] = []): string {
  return [
    `dn: CN=User ${String(index)},OU=Staff,DC=corp,DC=example,DC=com`,
    ...['top', 'person', 'organizationalPerson', 'user'].map((name) => `objectClass: ${name}`),
    `objectGUID:: ${guidBytes(index).toString('base64')}`,
    `sAMAccountName: user${String(index)}`,
    `givenName:: ${base64('Zoë')}`,
    `sn:: ${base64('Müller')}`,
    `mail: user${String(index)}@corp.example.com`,
    `employeeID: 000${String(index)}`,
    'userAccountControl: 512',
    ...more,
  ].join('\n');
}

function unixUser(index: number, more: readonly string[] = []): string {
  const uid = `user${String(index)}`;
  return [
    `dn: uid=${uid},ou=people,dc=example,dc=com`,
    'objectClass: inetOrgPerson',
    `uid: ${uid}`,
    `cn: User ${String(index)}`,
    'sn: User',
    `employeeNumber: 00${String(index)}`,
    `entryUUID: 5DBA0000-0000-4000-8000-00000000000${String(index)}`,
    ...more,
  ].join('\n');
}

const file = (...records: string[]) => `version: 1\n\n${records.map((record) => `${record}\n\n`).join('')}`;
const ids = (result: Awaited<ReturnType<typeof read>>) => result.records.map(({ externalId }) => externalId);

test.each([
  [{ externalId: 'uid' }, 'user1'],
  [{ externalId: 'cn', username: 'cn' }, 'user 1'],
  [{ externalId: 'cn' }, 'User 1'],
])('2.4 the case of an id that is the log-in name does not count: %j → %s', async (mapping, id) => {
  const entry = unixUser(1).replace('uid: user1', 'uid: USER1');
  expect(ids(await read(file(entry), { mapping }))).toEqual([id]);
});

describe('an entry', () => {
  test('of Active Directory', async () => {
    const groups = [
      'memberOf: CN=Leads,OU=Groups,DC=corp,DC=example,DC=com',
      'memberOf: CN=Others,OU=Groups,DC=corp,DC=example,DC=com',
    ];
    const result = await read(
      file(adUser(1, groups), adUser(2).replace(': 512', ': 514')),
      { roleGroups: ['leads'] },
      { netbiosName: 'CORP' },
    );
    expect(result.records).toEqual([
      {
        externalId: '00112233-4455-6677-8899-aabbccddee01',
        values: {
          username: 'user1',
          firstName: 'Zoë',
          lastName: 'Müller',
          email: 'user1@corp.example.com',
          employeeId: '0001',
          windowsLogin: 'CORP\\user1',
        },
        disabled: false,
        roleFacts: { groups: ['leads'] },
      },
      expect.objectContaining({
        externalId: '00112233-4455-6677-8899-aabbccddee02',
        disabled: true,
        roleFacts: { groups: [] },
      }),
    ]);
    expect(result.end).toEqual({ whole: true, notes: [] });
    expect(result.systemId).toBe('dc=corp,dc=example,dc=com, id objectguid');
  });

  test('of an LDAP directory; employeeNumber and cn stand in, and what does not occur is not read', async () => {
    const { records, systemId } = await read(file(unixUser(1, ['mail: a@example.com']), unixUser(2)));
    expect(records).toEqual([
      {
        externalId: '5dba0000-0000-4000-8000-000000000001',
        values: {
          username: 'user1',
          lastName: 'User',
          displayName: 'User 1',
          email: 'a@example.com',
          employeeId: '001',
        },
      },
      {
        externalId: '5dba0000-0000-4000-8000-000000000002',
        values: { username: 'user2', lastName: 'User', displayName: 'User 2', email: null, employeeId: '002' },
      },
    ]);
    expect(systemId).toBe('dc=example,dc=com, id entryuuid');
  });

  test('is a record only if it is a person', async () => {
    const content = file(
      'dn: dc=example,dc=com\nobjectClass: domain\ndc: example',
      adUser(1),
      adUser(2).replace('objectClass: user', 'objectClass: user\nobjectClass: computer'),
      adUser(3).replace('objectClass: user', 'objectClass: contact'),
      adUser(4).replace(': 512', ': 2080'),
      'dn: cn=x,dc=example,dc=com\nobjectClass: group\nmember: a',
    );
    const { records, rejected, end } = await read(content);
    expect(records).toHaveLength(1);
    expect(rejected).toEqual([]);
    expect(end.notes).toEqual([
      '2 entries skipped: not people',
      '1 entries skipped: computer',
      '1 entries skipped: contact',
      '1 entries skipped: trust accounts',
    ]);
  });

  test('is read through folds, comments, CRLF, attribute options and the values of ldbsearch', async () => {
    const content = [
      '# a comment',
      ' that goes on',
      'dn: CN=Some',
      '  One,DC=corp,DC=example,DC=com',
      'changetype: add',
      'objectClass: user',
      'objectClass: top',
      'objectGUID: 00112233-4455-6677-8899-AABBCCDDEE01',
      'sAMAccountName:: dXN',
      ' lcjE=',
      'sn;lang-de: Falsch',
      'sn: Right',
      '# between',
      'givenName:   Anna',
      '',
      '',
    ].join('\r\n');
    const { records, end } = await read(content);
    expect(records).toEqual([
      {
        externalId: '00112233-4455-6677-8899-aabbccddee01',
        values: { username: 'user1', lastName: 'Right', firstName: 'Anna' },
      },
    ]);
    expect(end.whole).toBe(true);
  });

  test('is read where a line is folded in the middle of a letter', async () => {
    const line = Buffer.from('sn: Dlouhá', 'utf8');
    const folded = Buffer.concat([line.subarray(0, -1), Buffer.from('\n '), line.subarray(-1)]);
    const content = Buffer.concat([Buffer.from(`${unixUser(1)}\n`), folded, Buffer.from('\n\n')]);
    expect((await read(content)).records[0]?.values.lastName).toBe('Dlouhá');
  });

  test('2.6 has an identity and an id that do not depend on the order of the entries', async () => {
    const inChild = unixUser(2).replace('dc=example', 'dc=child,dc=example');
    const systems = await Promise.all(
      [file(unixUser(1), inChild), file(inChild, unixUser(1))].map(async (content) => (await read(content)).systemId),
    );
    expect(systems).toEqual(['dc=example,dc=com, id entryuuid', 'dc=example,dc=com, id entryuuid']);
  });

  test('follows the mapping, parts included', async () => {
    const mapping = {
      email: 'rfc822',
      team: 'ou',
      supervises: 'leads',
      role: 'role',
      supervisor: 'boss',
      disabled: 'locked',
      externalId: 'uid',
    };
    const more = [
      'rfc822: m@example.com',
      'ou: Red',
      'ou: Blue',
      'leads: Red',
      'role: Coach',
      'boss: TRUE',
      'locked: FALSE',
    ];
    const { records, systemId } = await read(file(unixUser(1, more)), { mapping });
    expect(records[0]).toEqual({
      externalId: 'user1',
      values: { username: 'user1', lastName: 'User', displayName: 'User 1', email: 'm@example.com', employeeId: '001' },
      disabled: false,
      roleFacts: { supervisor: true, roles: ['Coach'] },
      teams: [
        { id: 'blue', name: 'Blue' },
        { id: 'red', name: 'Red' },
      ],
      supervises: [{ id: 'red', name: 'Red' }],
    });
    expect(systemId).toBe('dc=example,dc=com, id uid');
  });

  test('2.3 has its groups not read where no entry shows memberOf, rather than none', async () => {
    const { records } = await read(file(unixUser(1)), { roleGroups: ['leads'] });
    expect(records[0]).not.toHaveProperty('roleFacts');
  });

  test('finds groups by DN in any spelling, and by name', async () => {
    const more = ['memberOf: CN=Team Leads,OU=Groups,DC=example,DC=com', 'memberOf: cn=coaches,ou=x,dc=example,dc=com'];
    const roleGroups = ['cn=team leads, ou=groups, dc=example, dc=com', 'Coaches', 'Nobody'];
    const { records, end } = await read(file(unixUser(1, more)), { roleGroups });
    expect(records[0]?.roleFacts).toEqual({ groups: ['Coaches', 'cn=team leads, ou=groups, dc=example, dc=com'] });
    expect(records[0]?.groupsNotRead).toEqual(['Nobody']);
    expect(end.notes?.join()).toMatch(/"Nobody" does not occur/);
  });

  test('2.3 a name that two groups of the file have is not read; an empty group that the file shows is', async () => {
    const member = (ou: string) => `memberOf: CN=Leads,OU=${ou},DC=example,DC=com`;
    const empty = 'dn: cn=Empty,dc=example,dc=com\nobjectClass: groupOfNames\ncn: Empty';
    const content = file(unixUser(1, [member('a')]), unixUser(2, [member('b')]), empty);
    const { records, end } = await read(content, { roleGroups: ['Leads', 'Empty'] });
    expect(records.map(({ roleFacts, groupsNotRead }) => [roleFacts, groupsNotRead])).toEqual([
      [{ groups: [] }, ['Leads']],
      [{ groups: [] }, ['Leads']],
    ]);
    expect(end.notes?.join()).toMatch(/"Leads" is ambiguous/);
    const byDn = await read(content, { roleGroups: ['cn=leads,ou=b,dc=example,dc=com'] });
    expect(byDn.records.map(({ roleFacts }) => roleFacts?.groups?.length)).toEqual([0, 1]);
  });
});

describe('5.5 the Windows login', () => {
  test('comes from the entry, from the partition of its domain, or is not read', async () => {
    const principal = await read(file(adUser(1, ['msDS-PrincipalName: EAST\\user1'])));
    expect(principal.records[0]?.values.windowsLogin).toBe('EAST\\user1');
    const partition =
      'dn: CN=CORP,CN=Partitions,CN=Configuration,DC=corp\nobjectClass: crossRef\nnCName: DC=corp,DC=example,DC=com\nnETBIOSName: WEST';
    const crossRef = await read(file(adUser(1), partition));
    expect(crossRef.records[0]?.values.windowsLogin).toBe('WEST\\user1');
    const none = await read(file(adUser(1)));
    expect(none.records[0]?.values).not.toHaveProperty('windowsLogin');
  });

  test('that is none is not read, and the rest counts', async () => {
    const { records, rejected } = await read(
      file(adUser(1).replace(': user1', ': us/er')),
      {},
      { netbiosName: 'CORP' },
    );
    expect(rejected).toEqual([]);
    expect(records[0]).toMatchObject({ externalId: '00112233-4455-6677-8899-aabbccddee01' });
    expect(records[0]?.values).not.toHaveProperty('windowsLogin');
    expect(records[0]?.unread).toEqual({
      position: 'line 3',
      reasons: ['sAMAccountName makes no valid Windows login (DOMAIN\\login)'],
    });
  });
});

describe('2.2 a record that cannot be used', () => {
  test.each([
    ['a URL', 'mail:< file:///etc/passwd', 'mail is given as a URL, and files that a file names are not read'],
    ['damaged base64', 'mail:: !!!', 'mail is not in base64'],
    ['a line that is none', 'just words', 'line 11 is not of the form "attribute: value"'],
    ['a bad userAccountControl', 'userAccountControl: many', 'userAccountControl is no 32-bit number'],
  ])('because of %s is rejected, named, and counts as seen', async (_name, line, reason) => {
    const content = file(unixUser(1, [line]), unixUser(2, ['mail: x@example.com']));
    const result = await read(content);
    expect(ids(result)).toEqual(['5dba0000-0000-4000-8000-000000000002']);
    expect(result.rejected).toHaveLength(1);
    expect(result.rejected[0]).toMatchObject({
      externalId: '5dba0000-0000-4000-8000-000000000001',
      position: 'line 3',
    });
    expect(result.rejected[0]?.reason).toBe(reason.replace('line 11', 'line 10'));
    expect(result.end.whole).toBe(true);
  });

  test.each([
    ['bytes that are no UTF-8', Buffer.from([0xff, 0xfe]).toString('base64')],
    ['NUL', base64('a\u0000b')],
  ])('is used all the same where only a value has %s', async (_name, mail) => {
    const { records, rejected } = await read(
      file(unixUser(1, [`mail:: ${mail}`]), unixUser(2, ['mail: x@example.com'])),
    );
    expect(rejected).toEqual([]);
    expect(records[0]?.values).not.toHaveProperty('email');
    expect(records[0]?.unread).toEqual({
      position: 'line 3',
      reasons: ['mail holds control characters or is not UTF-8'],
    });
  });

  test('because it has not the id of the others, is a change, or comes twice is named', async () => {
    const content = file(
      unixUser(1),
      unixUser(2).replace(/\nentryUUID.*/, ''),
      'dn: uid=user3,ou=people,dc=example,dc=com\nchangetype: modify\nreplace: mail\nmail: x@example.com\n-',
      unixUser(1),
    );
    const { records, rejected, end } = await read(content);
    expect(records).toHaveLength(1);
    expect(rejected.map(({ reason }) => reason)).toEqual([
      'it has no usable entryuuid, which is the id in this file',
      'it is a change of an entry, not an entry: export the entries themselves',
      'its id came before in this read',
    ]);
    expect(rejected.map(({ externalId, repeated }) => [externalId !== undefined, repeated])).toEqual([
      [false, undefined],
      [false, undefined],
      [true, true],
    ]);
    expect(end).toMatchObject({ whole: true });
  });

  test('because no empty line ends it is not mixed with the next', async () => {
    const result = await read(`${unixUser(1)}\n${unixUser(2)}\n\n`);
    expect(ids(result)).toEqual(['5dba0000-0000-4000-8000-000000000002']);
    expect(result.rejected[0]?.reason).toBe('no empty line stands between it and the next record');
  });
});

describe('3.1 the end of a file', () => {
  test('cut anywhere inside the last record is noticed, and the records before it are kept', async () => {
    // Ends of different kinds: nothing in the file itself can show that the last one is whole.
    const content = Buffer.from(
      file(unixUser(1, ['mail: a@example.com']), unixUser(2), unixUser(3, ['mail: c@example.com'])),
    );
    const start = content.indexOf('dn: uid=user3');
    for (let length = start + 1; length < content.length - 1; length += 1) {
      const result = await read(content.subarray(0, length));
      expect({ length, whole: result.end.whole, ids: ids(result).length }).toEqual({
        length,
        whole: false,
        ids: 2,
      });
    }
  });

  test('needs no empty line where every record ends alike, and a cut is noticed all the same', async () => {
    const content = Buffer.from(file(unixUser(1), unixUser(2), unixUser(3)).slice(0, -1));
    expect((await read(content)).end.whole).toBe(true);
    const start = content.indexOf('dn: uid=user3');
    for (let length = start + 1; length < content.length; length += 1) {
      const result = await read(content.subarray(0, length));
      expect({ length, whole: result.end.whole, ids: ids(result).length }).toEqual({
        length,
        whole: false,
        ids: 2,
      });
    }
  });

  test('is not proven by an attribute of several values, a line that may be continued, or one other record', async () => {
    const several = file(...[1, 2, 3].map((index) => unixUser(index, ['ou: a', 'ou: b']))).slice(0, -1);
    expect((await read(several)).end.whole).toBe(false);
    const growing = file(...[['ou: a'], ['ou: a'], ['ou: a', 'ou: b']].map((more, index) => unixUser(index + 1, more)));
    expect((await read(growing.slice(0, -1))).end.whole).toBe(false);
    const two = file(unixUser(1), unixUser(2)).slice(0, -1);
    expect((await read(two)).end.whole).toBe(false);
    const long = file(...[1, 2, 3].map((index) => unixUser(index, [`title: ${'x'.repeat(69)}\n xxx`])));
    const cut = long.slice(0, long.lastIndexOf('\n xxx') + 1);
    expect((await read(cut)).end.whole).toBe(false);
  });

  test('that ldapsearch announces and does not reach is noticed', async () => {
    const search = `# extended LDIF\n#\n# LDAPv3\n\n${unixUser(1)}\n\n${unixUser(2)}\n\n`;
    const reason = async (content: string) => (await read(content)).end.reason;
    expect(
      await reason(`${search}# search result\nsearch: 2\nresult: 0 Success\n\n# numResponses: 3\n# numEntries: 2\n`),
    ).toBeUndefined();
    expect(await reason(search)).toMatch(/numResponses/);
    expect(
      await reason(`${search}search: 2\nresult: 4 Size limit exceeded\n\n# numResponses: 3\n# numEntries: 2\n`),
    ).toMatch(/result 4/);
    expect(await reason(`${search}# numResponses: 4\n# numEntries: 3\n`)).toMatch(/announces 3 entries, but 2 came/);
    expect(
      await reason(`${search}search: 2\nresult: 0 Success\npagedresults: cookie=AQ==\n\n# numResponses: 3\n`),
    ).toMatch(/last page/);
  });

  test('of another file than the one that was opened proves nothing', async () => {
    const path = sourceFile('people.ldif', file(unixUser(1)));
    const kit = testKit();
    const session = await ldifFile.open({ connection: { path } }, kit);
    appendFileSync(path, file(unixUser(2)));
    const { end } = await readWhole(session.readAll(kit.signal));
    await session.close();
    expect(end).toMatchObject({ whole: false, reason: 'the file changed while it was read' });
  });
});

describe('what only a person can mend', () => {
  test.each([
    ['an empty file', '', 'protocol', /is empty/],
    ['a file without people', file('dn: dc=x\nobjectClass: domain\ndc: x'), 'protocol', /no entry of a person/],
    ['a file without objectClass', file(unixUser(1).replace(/\nobjectClass.*/, '')), 'protocol', /objectClass/],
    ['people without any id', file(unixUser(1).replace(/\n(?:entryUUID|uid):.*/g, '')), 'configuration', /entryuuid/],
  ])('is %s', async (_name, content, code, message) => {
    const told = expect.stringMatching(message) as string;
    await expect(read(content)).rejects.toMatchObject({ code, class: 'fatal', message: told });
  });

  test('is a missing file, and an id that no entry has', async () => {
    await expect(ldifFile.open({ connection: { path: '/nowhere/people.ldif' } }, testKit())).rejects.toMatchObject({
      code: 'file-missing',
    });
    await expect(read(file(unixUser(1)), { mapping: { externalId: 'objectGUID' } })).rejects.toMatchObject({
      code: 'configuration',
    });
  });

  test('is told by check, step by step', async () => {
    const path = sourceFile('people.ldif', file(unixUser(1)));
    const steps = await ldifFile.check({ connection: { path } }, testKit());
    expect(steps.map(({ name, outcome }) => [name, outcome])).toEqual([
      ['file', 'ok'],
      ['entries', 'ok'],
      ['page', 'ok'],
    ]);
  });
});
