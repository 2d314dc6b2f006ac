import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { connector as csvFile } from '../../../../connectors/csv-file/connector.ts';
import { readWhole, testKit } from '../../../support/read-source.ts';
import { readSource, sourceFile } from '../../../support/source-file.ts';

type Kit = Parameters<typeof testKit>[0];

function read(content: string | Buffer, kit: Kit = {}, connection: object = {}) {
  return readSource(csvFile, { connection: { path: sourceFile('agents.csv', content), ...connection } }, testKit(kit));
}

const header = 'ACD ID,Login,First Name,Last Name,Email,Employee ID,Roles,Team';
const anna = '0042,anna,Anna,Müller,anna@example.com,007,Agent;Supervisor,Sales; Support';
const bob = '0043,bob,Bob,"O\'Brien, Jr.",bob@example.com,,,Sales';

describe('2.4 the case of an id', () => {
  test.each([
    [{ externalId: 'Login' }, 'anowak'],
    [{ externalId: 'Login', username: 'Email' }, 'ANowak'],
    [{ externalId: 'Email', username: 'Email' }, 'alba@x.example'],
    [{}, 'A7'],
  ])('2.4 does not count where it is the log-in name: %j → %s', async (mapping, id) => {
    const rows = 'ACD ID,Login,Email\r\nA7,ANowak,Alba@X.example\r\n';
    expect((await read(rows, { mapping })).records.map(({ externalId }) => externalId)).toEqual([id]);
  });
});

describe('the values of a row', () => {
  test('come from the columns of people.csv, leading zeros and all', async () => {
    const { records, rejected, end, systemId } = await read(`${header}\r\n${anna}\r\n${bob}\r\n`);
    expect(records).toEqual([
      {
        externalId: '0042',
        values: {
          acdId: '0042',
          username: 'anna',
          firstName: 'Anna',
          lastName: 'Müller',
          email: 'anna@example.com',
          employeeId: '007',
        },
        roleFacts: { roles: ['Agent', 'Supervisor'] },
        teams: [
          { id: 'sales', name: 'Sales' },
          { id: 'support', name: 'Support' },
        ],
      },
      {
        externalId: '0043',
        values: {
          acdId: '0043',
          username: 'bob',
          firstName: 'Bob',
          lastName: "O'Brien, Jr.",
          email: 'bob@example.com',
          employeeId: null,
        },
        roleFacts: { roles: [] },
        teams: [{ id: 'sales', name: 'Sales' }],
      },
    ]);
    expect(rejected).toEqual([]);
    expect(end.whole).toBe(true);
    expect(systemId).toBe('ids in column acd id');
  });

  test('2.3 that the file has no column for are not read', async () => {
    const { records } = await read('ACD ID,Last Name\n1,Smith\n');
    expect(records).toEqual([{ externalId: '1', values: { acdId: '1', lastName: 'Smith' } }]);
  });

  test.each([
    ['semicolons', 'ACD ID;Last Name;Team\n1;Smith;"A;B"\n'],
    ['tabs', 'ACD ID\tLast Name\tTeam\n1\tSmith\tA;B\n'],
    ['a byte order mark', '\ufeffACD ID,Last Name,Team\n1,Smith,A;B\n'],
    ['UTF-16', Buffer.from('\ufeffACD ID\tLast Name\tTeam\r\n1\tSmith\tA;B\r\n', 'utf16le')],
    ['another case in the header and blanks', ' acd id , LAST NAME,team\n1, Smith ,A; B\n'],
    ['empty lines', 'ACD ID,Last Name,Team\n\n1,Smith,A;B\n\n'],
  ])('are the same with %s', async (_name, content) => {
    const { records, end } = await read(content);
    expect(records).toEqual([
      {
        externalId: '1',
        values: { acdId: '1', lastName: 'Smith' },
        teams: [
          { id: 'a', name: 'A' },
          { id: 'b', name: 'B' },
        ],
      },
    ]);
    expect(end.whole).toBe(true);
  });

  test('in another encoding need it to be named', async () => {
    const content = Buffer.from('ACD ID,Last Name\n1,M\xfcller\n2,Smith\n', 'latin1');
    const named = await read(content, {}, { encoding: 'windows-1252' });
    expect(named.records.map(({ values }) => values.lastName)).toEqual(['Müller', 'Smith']);
    const unnamed = await read(content);
    expect(unnamed.records.map(({ values }) => values.lastName)).toEqual([undefined, 'Smith']);
    expect(unnamed.records[0]?.unread).toEqual({
      position: 'line 2',
      reasons: ['the column "Last Name" holds bytes that are not in the encoding that was read'],
    });
  });

  test('follow the mapping, parts included', async () => {
    const mapping = {
      externalId: 'Key',
      email: 'Mail',
      supervisor: 'Boss',
      profile: 'Profile',
      group: 'Groups',
      role: 'Role',
      team: 'Crew',
      supervises: 'Leads',
      disabled: 'Deactivated',
      'attribute.agentId': 'Station',
    };
    const content = [
      'Key,ACD ID,Mail,Email,Boss,Profile,Groups,Role,Crew,Leads,Deactivated,Station',
      'k1,7,a@example.com,b@example.com,Yes,P1;P2,leads;other,Coach,Red,Red;Blue,31/01/2024,S1',
      'k2,8,,x@example.com,,,,,,,12/31/2999,',
    ].join('\n');
    const { records } = await read(`${content}\n`, { mapping, roleGroups: ['Leads'] });
    expect(records).toEqual([
      {
        externalId: 'k1',
        values: { acdId: '7', email: 'a@example.com', 'attribute.agentId': 'S1' },
        disabled: true,
        roleFacts: { supervisor: true, groups: ['Leads'], profiles: ['P1', 'P2'], roles: ['Coach'] },
        teams: [{ id: 'red', name: 'Red' }],
        supervises: [
          { id: 'red', name: 'Red' },
          { id: 'blue', name: 'Blue' },
        ],
      },
      {
        externalId: 'k2',
        values: { acdId: '8', email: null, 'attribute.agentId': null },
        disabled: false,
        roleFacts: { supervisor: false, groups: [], profiles: [], roles: [] },
        teams: [],
        supervises: [],
      },
    ]);
  });

  test('Deactivated says nothing unless it is mapped', async () => {
    const { records } = await read('ACD ID,Deactivated\n1,01/02/2024\n');
    expect(records).toEqual([{ externalId: '1', values: { acdId: '1' } }]);
  });

  test.each([
    ['inactive', true],
    ['ACTIVE', false],
    ['yes', true],
    ['', false],
    ['2024-05-06T10:00:00Z', true],
    ['12/31/2999', false],
  ])('a mapped state %j is disabled: %s', async (text, disabled) => {
    const { records } = await read(`ACD ID,State,Rank\n1,${text},1\n`, { mapping: { disabled: 'State' } });
    expect(records[0]?.disabled).toBe(disabled);
  });
});

describe('a mapped date of deactivation', () => {
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
  const today = new Date().toISOString().slice(0, 10);
  const [year, month, day] = today.split('-');
  test.each([
    ['2025-06-30', true],
    ['30.06.2025', true],
    [today, true],
    [`${String(day)}.${String(month)}.${String(year)}`, true],
    [tomorrow, false],
    ['2150-12-31', false],
    ['9999-12-31', false],
    ['31/12/2150', false],
    ['02/03/2150 00:00', false],
  ])('counts from that day on: %s, disabled %s', async (text, disabled) => {
    const { records } = await read(`ACD ID,State,Rank\n1,${text},1\n`, { mapping: { disabled: 'State' } });
    expect(records[0]?.disabled).toBe(disabled);
  });

  test('that no calendar has is no date', async () => {
    const { rejected } = await read('ACD ID,State,Rank\n1,45/45/2025,1\n', { mapping: { disabled: 'State' } });
    expect(rejected[0]?.reason).toContain('nor a date');
  });
});

describe('2.2 what is no record is none', () => {
  test('rows of blanks, dashes under the header, and the header again', async () => {
    const content = 'ACD ID;Login;Rank\n------;-----;----\n1;ana;-\n;;\n ; ;;;\nACD ID;Login;Rank\n2;-;-\n;;\n';
    const { records, rejected, end } = await read(content);
    expect(records.map(({ externalId, values }) => [externalId, values.username])).toEqual([
      ['1', 'ana'],
      ['2', '-'],
    ]);
    expect(rejected).toEqual([]);
    expect(end).toEqual({ whole: true });
  });

  test('a blank row at the end that may be the beginning of a record leaves the end open', async () => {
    expect((await read('ACD ID,Team,Rank\n1,Red,x\n2,Red,x\n,,')).end.whole).toBe(false);
  });

  test('a first line that tells spreadsheets the delimiter', async () => {
    const { records, rejected } = await read('sep=;\r\nACD ID;Last Name\r\n1;Cole, Jr.\r\n;Nobody\r\n');
    expect(records).toEqual([{ externalId: '1', values: { acdId: '1', lastName: 'Cole, Jr.' } }]);
    expect(rejected[0]?.position).toBe('line 4');
  });

  test('lines may end with CR alone', async () => {
    const { records, end } = await read('ACD ID,Last Name\r1,Cole\r2,Smith\r');
    expect(records.map(({ values }) => values.lastName)).toEqual(['Cole', 'Smith']);
    expect(end.whole).toBe(true);
  });
});

describe('2.9 columns that nobody reads', () => {
  test('are named with the key that they look like', async () => {
    const { end } = await read('ACD ID,FirstName,E-mail,Shoe Size\n1,Ana,a@x,38\n');
    expect(end.offered).toBe(
      'columns that nobody reads: FirstName (for firstName? mapping.firstName: FirstName), ' +
        'E-mail (for email? mapping.email: E-mail), Shoe Size',
    );
  });

  test('are no candidates for a key that has a column', async () => {
    const { end } = await read('ACD ID,Email,Mail\n1,a@x,b@x\n');
    expect(end.offered).toBe('columns that nobody reads: Mail');
  });
});

describe('2.2 a row that cannot be used', () => {
  test('is rejected and named, and the rest is read', async () => {
    const { records, rejected, end } = await read('ACD ID,Last Name\n1,Smith\n,Nobody\n3,Jones\n4\n5,a"b"\n6,Cole\n');
    expect(records.map(({ externalId }) => externalId)).toEqual(['1', '3', '6']);
    expect(rejected.toSorted((a, b) => (a.position < b.position ? -1 : 1))).toEqual([
      { position: 'line 3', reason: 'the column "ACD ID", which is the id, is empty' },
      { position: 'line 5', reason: 'has 1 cells where the header has 2' },
      { position: 'line 6', reason: 'a quotation mark stands where none may (double it inside of a quoted value)' },
    ]);
    expect(end).toEqual({ whole: true });
  });

  test('for one of its cells says nothing of that field, and the rest of it counts', async () => {
    const { records, rejected } = await read(
      'ACD ID,Last Name,Team,Boss\n1,Sm\u0000ith,Red,yes\n2,"Jo\nnes",Re\u0001d,perhaps\n3,"Cole\r\n",Red,no\n',
      { mapping: { supervisor: 'Boss' } },
    );
    expect(rejected).toEqual([]);
    const red = [{ id: 'red', name: 'Red' }];
    expect(records).toEqual([
      {
        externalId: '1',
        values: { acdId: '1' },
        roleFacts: { supervisor: true },
        teams: red,
        unread: { position: 'line 2', reasons: ['the column "Last Name" holds control characters'] },
      },
      {
        externalId: '2',
        values: { acdId: '2' },
        unread: {
          position: 'line 4',
          reasons: [
            'the column "Last Name" holds control characters',
            'the column "Boss" is neither yes nor no',
            'the column "Team" holds control characters',
          ],
        },
      },
      { externalId: '3', values: { acdId: '3', lastName: 'Cole' }, roleFacts: { supervisor: false }, teams: red },
    ]);
  });

  test.each([
    ['4.20778E+11', '4.20778E+11'],
    ['4,2E+05', '4,2E+05'],
  ])('has a rounded number for an id (%s)', async (id, number) => {
    const { records, rejected } = await read(`ACD ID;Employee ID\n${id};E1\n7;${number}\n12E3;1E5\n`);
    expect(rejected).toEqual([
      { position: 'line 2', reason: 'the column "ACD ID" has a number that a spreadsheet has rounded (E+)' },
    ]);
    expect(records.map(({ externalId, values }) => [externalId, values.employeeId])).toEqual([
      ['7', undefined],
      ['12E3', '1E5'],
    ]);
  });

  test('because its id came before leaves the first standing', async () => {
    const { records, rejected, end } = await read('ACD ID,Last Name\n1,Smith\n1,Jones\n');
    expect(records.map(({ values }) => values.lastName)).toEqual(['Smith']);
    expect(rejected).toEqual([
      { externalId: '1', position: 'line 3', reason: 'its id came before in this read', repeated: true },
    ]);
    expect(end).toEqual({ whole: true });
  });

  test('too often is no table: reading stops', async () => {
    const rows = await read(`ACD ID,Name\n1,Smith\n${'x\n'.repeat(20_000)}`);
    expect(rows.records).toHaveLength(1);
    expect(rows.rejected).toHaveLength(10_000);
    expect(rows.end).toMatchObject({
      whole: false,
      reason: expect.stringContaining('too much is damaged') as string,
    });
    const quotes = await read(`ACD ID,Name\n1,Smith\n${'a"'.repeat(1000)},x\n2,Jones\n`);
    expect(quotes.records).toHaveLength(1);
    expect(quotes.end.reason).toContain('too much is damaged');
  });

  test('keeps a state that is neither yes nor no out', async () => {
    const { rejected } = await read('ACD ID,State\n1,perhaps\n', { mapping: { disabled: 'State' } });
    expect(rejected[0]?.reason).toBe('the column "State" is neither yes nor no, nor active or inactive, nor a date');
  });
});

describe('3.1 the end of a file', () => {
  const whole = `${header}\n${anna}\n${bob}\n${bob.replace('0043', '0044')}\n`;

  test('cut anywhere inside a record is noticed, and the records before it are kept', async () => {
    const content = Buffer.from(whole);
    const start = content.indexOf('0044');
    for (let length = start + 1; length < content.length - 1; length += 1) {
      const { records, end } = await read(content.subarray(0, length));
      expect({ length, whole: end.whole, ids: records.map(({ externalId }) => externalId) }).toEqual({
        length,
        whole: false,
        ids: ['0042', '0043'],
      });
      expect(end.reason).toMatch(/line 4/);
    }
  });

  test('inside a quoted value of several lines names the line where its record begins', async () => {
    const { end, records } = await read('ACD ID,Team\n1,A\n2,"A\nB\nC');
    expect(records).toHaveLength(1);
    expect(end.reason).toMatch(/the file ends inside a quoted value of the record that begins in line 3/);
  });

  test('without a line break is the end only where the last value is certainly whole', async () => {
    const complete = async (content: string) => (await read(content)).end.whole;
    expect(await complete('ACD ID,Team\n1,Sales\n2,Sales')).toBe(true);
    expect(await complete('ACD ID,Team\n1,Sales\n2,"Support"')).toBe(true);
    expect(await complete('ACD ID,Team\n1,Sales\n2,Support')).toBe(false);
    expect(await complete('ACD ID,Team\n1,Sales\n2,Sales West\n3,Sales')).toBe(false);
    expect(await complete('ACD ID,Team\n1,Sales')).toBe(false);
  });

  test('is never the end of everybody: a header alone is not complete', async () => {
    expect((await read(`${header}\n`)).end).toEqual({ whole: false, reason: 'the file has a header and no record' });
    await expect(read('')).rejects.toMatchObject({ code: 'protocol', class: 'fatal' });
    await expect(read('\n\n')).rejects.toMatchObject({ code: 'protocol', class: 'fatal' });
  });

  test('is doubted when the file changes, is replaced or removed while it is read', async () => {
    const change: ((path: string) => void)[] = [
      (path) => {
        appendFileSync(path, `${bob.replace('0043', '0099')}\n`);
      },
      (path) => {
        rmSync(path);
        writeFileSync(path, whole);
      },
      (path) => {
        rmSync(path);
      },
    ];
    for (const [index, act] of change.entries()) {
      const path = sourceFile('agents.csv', whole);
      const kit = testKit();
      const session = await csvFile.open({ connection: { path } }, kit);
      act(path);
      const { end } = await readWhole(session.readAll(kit.signal));
      await session.close();
      const words = ['changed', 'replaced', 'removed'][index] ?? '';
      expect(end).toMatchObject({ whole: false, reason: expect.stringContaining(words) as string });
    }
  });
});

describe('what only a person can mend', () => {
  test('is a file that is not there, may not be read or is none', async () => {
    const open = (path: string) => csvFile.open({ connection: { path } }, testKit());
    await expect(open('/nowhere/agents.csv')).rejects.toMatchObject({ code: 'file-missing', class: 'fatal' });
    await expect(open('/dev/zero')).rejects.toMatchObject({ code: 'configuration', class: 'fatal' });
    await expect(open('/')).rejects.toMatchObject({ code: 'configuration', class: 'fatal' });
  });

  test('is a mapped column that is missing; the message names those there are', async () => {
    await expect(read(`${header}\n${anna}\n`, { mapping: { mobileNumber: 'Mobile' } })).rejects.toMatchObject({
      code: 'configuration',
      message: expect.stringMatching(/mapping\.mobileNumber: .*"Mobile".*"ACD ID", "Login"/) as string,
    });
  });

  test('is a file without a column for the id, or with two of it', async () => {
    await expect(read('Name\nx\n')).rejects.toMatchObject({ code: 'configuration' });
    await expect(read('ACD ID,acd id\n1,2\n')).rejects.toMatchObject({ code: 'configuration' });
  });

  test('is told by check, step by step', async () => {
    const path = sourceFile('agents.csv', `${header}\n${anna}\n`);
    const good = await csvFile.check({ connection: { path } }, testKit());
    expect(good.map(({ name, outcome }) => [name, outcome])).toEqual([
      ['file', 'ok'],
      ['columns', 'ok'],
      ['page', 'ok'],
    ]);
    const bad = await csvFile.check({ connection: { path } }, testKit({ mapping: { team: 'Crew' } }));
    expect(bad.map(({ name, outcome }) => [name, outcome])).toEqual([
      ['file', 'ok'],
      ['columns', 'failed'],
    ]);
  });
});
