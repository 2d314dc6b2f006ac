import { describe, expect, test } from 'vitest';
import { connector } from '../../../../connectors/cisco-uccx/connector.ts';
import type { Kit, Lookup, Session } from '../../../../src/connector-kit/contract.ts';
import { json, names, notFound, resource, resources, teams, xml } from '../../../support/cisco/uccx-answers.ts';
import { mockGets } from '../../../support/http-mock.ts';
import type { MockedAnswer, SeenRequest } from '../../../support/http-mock.ts';
import { readWhole, testKit } from '../../../support/read-source.ts';
import type { WholeRead } from '../../../support/read-source.ts';

process.env['ROSTERD_UCCX_TEST_PASSWORD'] = 'S3cret';
const origin = 'https://ccx1.test';

function open(more: object = {}, kit: Partial<Kit> = {}, username = 'rosterd'): Promise<Session> {
  const password = { env: 'ROSTERD_UCCX_TEST_PASSWORD' };
  const written = { connection: { url: `${origin}/`, username, password }, ...more };
  return connector.open(connector.configSchema.parse(written), testKit(kit));
}

/** Reads everything: teams, resources, rosterd's own user, resources again. */
async function readWith(
  answers: readonly MockedAnswer[],
  more: object = {},
  kit: Partial<Kit> = {},
): Promise<WholeRead & { readonly requests: readonly SeenRequest[] }> {
  const requests = mockGets(origin, answers);
  const whole = await readWhole((await open(more, kit)).readAll(testKit().signal));
  return { ...whole, requests };
}

/** The answers of a read whose two lists agree. */
function lists(list: MockedAnswer, teamList: MockedAnswer = xml(teams())): MockedAnswer[] {
  return [teamList, list, notFound, list];
}

async function refusal(answers: readonly MockedAnswer[], username = 'rosterd'): Promise<unknown> {
  mockGets(origin, answers);
  const session = await open({}, {}, username);
  return readWhole(session.readAll(testKit().signal)).then(
    () => undefined,
    (error: unknown) => error,
  );
}

const link = (rest: string): string => `https://ccx1.example/adminapi/${rest}`;
const reference = (name: string, to: string): object => ({ '@name': name, refURL: link(to) });

describe('what is read', () => {
  test('of a resource in XML', async () => {
    const skills = `<skillMap><skillCompetency><competencelevel>7</competencelevel><skillNameUriPair name="Sales"><refURL>${link('skill/3')}</refURL></skillNameUriPair></skillCompetency><skillCompetency><competencelevel>3</competencelevel><skillNameUriPair name="Billing"><refURL>${link('skill/2')}</refURL></skillNameUriPair></skillCompetency></skillMap>`;
    const supervision = `<primarySupervisorOf/><secondarySupervisorOf><supervisorOfTeamName name="North"><refURL>${link('team/6')}</refURL></supervisorOfTeamName></secondarySupervisorOf>`;
    const eva = resource('0123', `${names('', 'Nováková')}<extension>6101</extension>${skills}${supervision}`);
    const { records, end, requests } = await readWith(lists(xml(resources(eva))));
    expect(records).toEqual([
      {
        externalId: '0123',
        values: {
          username: '0123',
          acdId: '0123',
          firstName: null,
          lastName: 'Nováková',
          'attribute.phoneExtension': '6101',
          'attribute.skills': 'Billing:3, Sales:7',
        },
        roleFacts: { supervisor: false },
        teams: [{ id: '6', name: 'North' }],
        supervises: [{ id: '6', name: 'North' }],
      },
    ]);
    expect(end).toEqual({ whole: true, retryable: false, notes: [] });
    expect(requests.map(({ path, headers }) => [path, headers['accept']])).toEqual(
      ['team', 'resource', 'resource/rosterd', 'resource'].map((path) => [`/adminapi/${path}`, 'application/xml']),
    );
  });

  test('of a resource in JSON: single items as objects, empty containers, a supervisor who takes calls', async () => {
    const list = json({
      '@type': 'resources',
      resource: {
        ...{ self: link('resource/enovak'), userID: 'enovak', firstName: 'Eva', lastName: 'Novak', type: 2, alias: '' },
        team: reference('North', 'team/6'),
        skillMap: { skillCompetency: { competencelevel: 7, skillNameUriPair: reference('Sales', 'skill/3') } },
        primarySupervisorOf: { supervisorOfTeamName: reference('North', 'team/6') },
        secondarySupervisorOf: {},
      },
    });
    const { records, requests } = await readWith(lists(list), { format: 'json' });
    expect(records[0]).toMatchObject({
      values: { 'attribute.skills': 'Sales:7' },
      roleFacts: { supervisor: true },
      supervises: [{ id: '6', name: 'North' }],
    });
    expect(requests[0]?.headers['accept']).toBe('application/json');
  });

  test('2.3 an empty container is empty, one that is missing is not read', async () => {
    const { records } = await readWith(
      lists(json({ resource: [{ userID: 'a', team: {}, skillMap: {}, primarySupervisorOf: {} }, { userID: 'b' }] })),
    );
    expect(records).toEqual([
      {
        externalId: 'a',
        values: { username: 'a', acdId: 'a', 'attribute.skills': null },
        teams: [],
        supervises: [],
      },
      { externalId: 'b', values: { username: 'b', acdId: 'b' } },
    ]);
  });

  test.each([
    ['secondrySupervisor', 'as real systems spell it'],
    ['secondarySupervisor', 'as it should be'],
  ])('supervision from the teams where resources have none: %s, %s', async (element) => {
    const supervisors = `<primarySupervisor name="Jan"><refURL>${link('resource/jan')}</refURL></primarySupervisor><secondarySupervisors><${element} name="Eva"><refURL>${link('resource/eva%40x')}</refURL></${element}></secondarySupervisors>`;
    const list = xml(resources(resource('jan'), resource('eva@x'), resource('ota')));
    const { records } = await readWith(lists(list, xml(teams(supervisors))));
    const north = [{ id: '6', name: 'North' }];
    expect(records.map(({ supervises }) => supervises)).toEqual([north, north, []]);
  });

  test('ids with every character, and their zeros also where JSON has lost them', async () => {
    const list = json({
      resource: [
        { self: link('resource/007'), userID: 7 },
        { userID: "o'brien+ä@x; #?%&<>" },
        { self: link('resource/a%2Bb') },
      ],
    });
    expect((await readWith(lists(list))).records.map(({ externalId }) => externalId)).toEqual([
      '007',
      "o'brien+ä@x; #?%&<>",
      'a+b',
    ]);
  });

  test('by a mapping of the source; one that cannot be is told', async () => {
    const mapping = { 'attribute.chat': 'alias', username: 'extension' } as const;
    const list = xml(resources(resource('a', '<alias>eva</alias><extension>61</extension>')));
    const { records } = await readWith(lists(list), {}, { mapping });
    expect(records[0]?.values).toMatchObject({ 'attribute.chat': 'eva', username: '61' });
    await expect(open({}, { mapping: { email: 'mail' } })).rejects.toMatchObject({ code: 'configuration' });
    await expect(open({}, { mapping: { disabled: 'x' } })).rejects.toMatchObject({ code: 'configuration' });
  });

  test('teamName and Team elements of other releases, whatever their case', async () => {
    const teamList = xml(`<Teams><Team><teamId>6</teamId><teamName>Nord</teamName></Team></Teams>`);
    const one = `<Resource><userId>a</userId><Team><refUrl>${link('team/6/')}</refUrl></Team></Resource>`;
    const { records } = await readWith(lists(xml(`<ns:Resources xmlns:ns="urn:x">${one}</ns:Resources>`), teamList));
    expect(records[0]).toMatchObject({ externalId: 'a', teams: [{ id: '6', name: 'Nord' }] });
  });
});

describe('3.1 a read is complete', () => {
  const member = (id: string): string => `<resource name="x"><refURL>${link(`resource/${id}`)}</refURL></resource>`;

  test('not where a team has a member who is not in the list', async () => {
    const teamList = xml(teams(`<resources>${member('a')}${member('b')}</resources>`));
    const { end } = await readWith(lists(xml(resources(resource('a'))), teamList));
    expect(end).toMatchObject({ whole: false, retryable: true });
    expect(end.reason).toMatch(/North have 1 members/);
  });

  test('not where two lists differ', async () => {
    const { end } = await readWith([
      xml(teams()),
      xml(resources(resource('a'))),
      notFound,
      xml(resources(resource('a'), resource('b'))),
    ]);
    expect(end).toMatchObject({ whole: false, retryable: true });
  });

  test('not where the answer has an error inside HTTP 200', async () => {
    for (const bad of [
      json({ apiError: [{ errorData: 'ServerError', errorMessage: 'S3cret' }] }),
      xml('<apiErrors><apiError><errorData>ServerError</errorData></apiError></apiErrors>'),
      xml('<resources><apiErrors/></resources>'),
    ])
      expect(await refusal([xml(teams()), bad])).toMatchObject({ class: 'retryable', code: 'protocol' });
    expect(await refusal([xml('<apiError><errorMessage>Access denied</errorMessage></apiError>')])).toMatchObject({
      class: 'fatal',
      code: 'right-missing',
    });
  });

  test('never for something else than a list', async () => {
    expect(await refusal([xml('<wsdl/>')])).toMatchObject({ code: 'protocol' });
    expect(await refusal([xml(teams()), xml(resource('a'))])).toMatchObject({ code: 'protocol' });
  });
});

describe('a supervisor’s account is refused', () => {
  const north = `<primarySupervisor name="x"><refURL>${link('resource/boss')}</refURL></primarySupervisor>`;
  const right = {
    class: 'fatal',
    code: 'right-missing',
    message: expect.stringMatching(/administrator capability/) as string,
  };

  test.each(['boss', 'boss@corp.example', 'CORP\\Boss'])('by what the teams say of %s', async (username) => {
    const list = xml(resources(resource('a'), resource('boss')));
    expect(await refusal([xml(teams(north)), list], username)).toMatchObject(right);
  });

  test('by its own resource, although it is in no list', async () => {
    const self = xml(resource('boss').replace('<type>1', '<type>2'));
    expect(await refusal([xml(teams()), xml(resources(resource('a', '', { team: '6' }))), self], 'boss')).toMatchObject(
      {
        code: 'right-missing',
      },
    );
  });

  test('by teams of which nobody is there', async () => {
    const south = `<team><teamId>7</teamId><teamname>South</teamname><resources><resource><refURL>${link('resource/z')}</refURL></resource></resources></team></teams>`;
    const teamList = xml(teams().replace('</teams>', south));
    expect(await refusal([teamList, xml(resources(resource('a'))), notFound])).toMatchObject(right);
  });

  test('unless the list shows somebody of a team that it does not supervise', async () => {
    const other = resource('z').replace('name="North"', 'name="South"').replace('team/6', 'team/7');
    const list = xml(resources(resource('a'), resource('boss'), other));
    mockGets(origin, [xml(teams(north)), list, list]);
    const { end } = await readWhole((await open({}, {}, 'boss')).readAll(testKit().signal));
    expect(end.whole).toBe(true);
  });
});

describe('a look-up', () => {
  async function lookUp(id: string, answers: readonly MockedAnswer[]): Promise<Lookup> {
    mockGets(origin, answers);
    return (await open()).lookup(id, testKit().signal);
  }

  test('finds who is there, by an id that an address can carry', async () => {
    const requests = mockGets(origin, [xml(resource('a b#', '', { self: 'a b#' }))]);
    expect(await (await open()).lookup('a b#', testKit().signal)).toBe('present');
    expect(requests[0]?.path).toBe('/adminapi/resource/a%20b%23');
  });

  test('9.3 says absent only where a list of everybody says so too', async () => {
    const list = xml(resources(resource('a')));
    expect(await lookUp('gone', [notFound, ...lists(list)])).toBe('absent');
  });

  test('9.3 says nothing where the list is not whole, or the log-in is refused', async () => {
    const list = xml(resources(resource('a')));
    await expect(lookUp('gone', [notFound, xml(teams()), xml(resources())])).rejects.toMatchObject({
      code: 'protocol',
    });
    await expect(lookUp('gone', [notFound, xml(teams()), list, notFound, xml(resources())])).rejects.toMatchObject({
      code: 'protocol',
    });
    await expect(lookUp('gone', [{ status: 401 }])).rejects.toMatchObject({ code: 'login-refused' });
  });
});
