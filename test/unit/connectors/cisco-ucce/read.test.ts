import { describe, expect, test } from 'vitest';
import { connector } from '../../../../connectors/cisco-ucce/connector.ts';
import type { Kit, Session } from '../../../../src/connector-kit/contract.ts';
import { agent, noSuchAgent, noTeams, page, person } from '../../../support/cisco/ucce-answers.ts';
import type { PageInfo } from '../../../support/cisco/ucce-answers.ts';
import { xml } from '../../../support/cisco/uccx-answers.ts';
import { mockGets } from '../../../support/http-mock.ts';
import type { MockedAnswer, SeenRequest } from '../../../support/http-mock.ts';
import { readWhole, testKit } from '../../../support/read-source.ts';
import type { WholeRead } from '../../../support/read-source.ts';

process.env['ROSTERD_UCCE_TEST_PASSWORD'] = 'S3cret';
const origin = 'https://aw1.test';

function open(more: object = {}, kit: Partial<Kit> = {}): Promise<Session> {
  const connection = { url: origin, username: 'rosterd@corp.test', password: { env: 'ROSTERD_UCCE_TEST_PASSWORD' } };
  return connector.open(connector.configSchema.parse({ connection, ...more }), testKit(kit));
}

/** Reads everything: the rights, the teams, the pages. */
async function readWith(
  answers: readonly MockedAnswer[],
  more: object = {},
  kit: Partial<Kit> = {},
): Promise<WholeRead & { readonly requests: readonly SeenRequest[] }> {
  const requests = mockGets(origin, answers);
  const whole = await readWhole((await open(more, kit)).readAll(testKit().signal));
  return { ...whole, requests };
}

async function refusal(answers: readonly MockedAnswer[]): Promise<unknown> {
  mockGets(origin, answers);
  const session = await open();
  return readWhole(session.readAll(testKit().signal)).then(
    () => undefined,
    (error: unknown) => error,
  );
}

function agents(items: readonly string[], info: PageInfo = {}): MockedAnswer {
  return xml(page('agents', items, info));
}

/** The answers of a read of one page. */
function one(...items: readonly string[]): MockedAnswer[] {
  return [agents(items), noTeams, agents(items)];
}

const link = (rest: string): string => `/unifiedconfig/config/${rest}`;
const eva = agent('5007', '1007', person('Eva', 'Novak', 'enovak@corp.test', '<loginEnabled>true</loginEnabled>'));
const jan = agent('5008', '1008', person('Jan', 'Novak', 'jnovak@corp.test'));
const ota = agent('5009', '1009', person('Ota', 'Novak', 'onovak@corp.test'));

describe('what is read', () => {
  test('of an agent: the id of the link, the agent id as the ACD id, team, supervision, skills', async () => {
    const team = `<agentTeam><refURL>${link('agentteam/5001')}</refURL><name>North</name></agentTeam>`;
    const supervision = `<supervisor>true</supervisor><supervisorTeams><supervisorTeam><refURL>http://aw/${link('agentteam/5002')}/</refURL><name>South</name></supervisorTeam></supervisorTeams>`;
    const skills = `<skillGroups><skillGroup><refURL>${link('skillgroup/2')}</refURL><name>Sales</name></skillGroup><skillGroup><refURL>${link('skillgroup/1')}</refURL><name>Billing</name></skillGroup></skillGroups>`;
    const about = person(
      'Eva',
      'Novak',
      'enovak@corp.test',
      '<loginEnabled>false</loginEnabled><emailAddress>e@x.test</emailAddress>',
    );
    const { records, end, requests } = await readWith(one(agent('05007', '0107', about, team + supervision + skills)));
    expect(records).toEqual([
      {
        externalId: '05007',
        values: {
          ...{ username: 'enovak@corp.test', acdId: '0107', firstName: 'Eva', lastName: 'Novak', email: 'e@x.test' },
          'attribute.skills': 'Billing, Sales',
        },
        disabled: true,
        roleFacts: { supervisor: true },
        teams: [{ id: '5001', name: 'North' }],
        supervises: [{ id: '5002', name: 'South' }],
      },
    ]);
    expect(end).toMatchObject({ whole: true, retryable: false });
    expect(requests.map(({ path }) => decodeURIComponent(path))).toEqual([
      '/unifiedconfig/config/agent?startIndex=0&resultsPerPage=100',
      '/unifiedconfig/config/agentteam?resultsPerPage=100&sort=name asc&startIndex=0',
      '/unifiedconfig/config/agent?resultsPerPage=100&sort=agentId asc&startIndex=0',
    ]);
  });

  test('2.3 nobody’s team is told from a team that was not read by the list of teams', async () => {
    const members = `<agents><agent><refURL>${link('agent/5007')}</refURL></agent></agents>`;
    const leaders = `<supervisors><supervisor><refURL>${link('agent/5008')}</refURL></supervisor></supervisors>`;
    const team = `<agentTeam><refURL>${link('agentteam/5001')}</refURL><name>North</name>${members}${leaders}</agentTeam>`;
    const list = agents([eva, jan]);
    const north = [{ id: '5001', name: 'North' }];
    const known = await readWith([list, xml(page('agentTeams', [team])), list]);
    expect(known.records.map(({ teams, supervises }) => [teams, supervises])).toEqual([
      [north, []],
      [[], north],
    ]);
    const refused = await readWith([list, { status: 403 }, list]);
    expect(refused.records.map(({ teams, supervises }) => [teams, supervises])).toEqual([
      [undefined, undefined],
      [undefined, undefined],
    ]);
    expect(refused.end).toMatchObject({ whole: true, notes: [expect.stringMatching(/agents alone/)] });
  });

  test('agents that are marked for deletion are left out', async () => {
    const { records, end } = await readWith(one(eva, agent('5010', '1010', '', '<deleted>true</deleted>')));
    expect(records.map(({ externalId }) => externalId)).toEqual(['5007']);
    expect(end.notes).toContain('1 agents marked for deletion left out');
  });

  test('an attribute of agents, by a mapping', async () => {
    const attribute = (name: string, value: string): string =>
      `<agentAttribute><attribute><refURL>${link('attribute/1')}</refURL><name>${name}</name></attribute><attributeValue>${value}</attributeValue></agentAttribute>`;
    const about = `<agentAttributes>${attribute('Other', 'x')}${attribute('PersonnelNumber', 'E-77')}</agentAttributes>`;
    const mapping = { employeeId: 'agentAttribute.personnelnumber' } as const;
    const { records } = await readWith(one(agent('1', '2', '', about)), {}, { mapping });
    expect(records[0]?.values.employeeId).toBe('E-77');
    await expect(open({}, { mapping: { team: 'x' } })).rejects.toMatchObject({ code: 'configuration' });
  });
});

describe('3.1 pages', () => {
  const first = (info: PageInfo = {}): MockedAnswer =>
    agents([eva, jan], {
      total: 3,
      next: 'http://inside.test:8080/x/agent?resultsPerPage=2&startindex=2&x=1',
      ...info,
    });
  const rights = agents([eva], { total: 3 });

  test('overlap by one, and links are never followed to another host', async () => {
    const { records, end, requests } = await readWith([
      rights,
      noTeams,
      first(),
      agents([jan, ota], { start: 1, total: 3 }),
    ]);
    expect(records.map(({ externalId }) => externalId)).toEqual(['5007', '5008', '5009']);
    expect(end.whole).toBe(true);
    const [path, query] = requests[3]?.path.split('?') ?? [];
    expect(path).toBe('/unifiedconfig/config/agent');
    expect(Object.fromEntries(new URLSearchParams(query))).toEqual({
      ...{ startIndex: '1', resultsPerPage: '100', sort: 'agentId asc', x: '1' },
    });
  });

  test.each<[string, MockedAnswer, RegExp]>([
    ['begin with somebody else', agents([ota], { start: 1, total: 3 }), /shifted/],
    ['are the last one again', agents([eva, jan], { start: 0, total: 3 }), /from 0 on came/],
    ['bring somebody twice', agents([jan, eva], { start: 1, total: 3 }), /twice/],
    ['change the number', agents([jan, ota], { start: 1, total: 4 }), /changed/],
    ['are empty', agents([], { start: 1, total: 3 }), /empty/],
    ['are fewer than announced', agents([jan], { start: 1, total: 3 }), /brought 2 and announced 3/],
  ])('that %s make the read incomplete', async (_, second, reason) => {
    const { end } = await readWith([rights, noTeams, first(), second]);
    expect(end).toMatchObject({ whole: false, retryable: true, reason: expect.stringMatching(reason) as string });
  });

  test('without a total prove nothing', async () => {
    const list = agents([eva], { total: undefined });
    expect((await readWith([list, noTeams, list])).end.reason).toMatch(/totalResults/);
  });

  test('are read unsorted where the interface refuses to sort', async () => {
    const bad = xml('<apiErrors><apiError><errorType>invalidInput</errorType></apiError></apiErrors>', 400);
    const { end, requests } = await readWith([agents([eva]), noTeams, bad, agents([eva])]);
    expect(end.whole).toBe(true);
    expect(requests.at(-1)?.path).not.toContain('sort');
  });
});

describe('a supervisor’s account', () => {
  const own = agents([eva], { role: 'Supervisor', total: 1 });
  const all = agents([eva, jan], { role: 'Supervisor' });

  test('asks with ignoreRole where that shows more', async () => {
    const { records, end, requests } = await readWith([own, all, noTeams, all]);
    expect(records).toHaveLength(2);
    expect(end).toMatchObject({ whole: true, notes: [expect.stringMatching(/ignoreRole/), expect.anything()] });
    expect(requests.at(-1)?.path).toContain('ignoreRole=true');
  });

  test.each<[string, MockedAnswer]>([
    ['is refused', { status: 403 }],
    ['is not understood', { status: 400 }],
    ['shows nobody more', own],
  ])('is refused with what to grant where ignoreRole %s', async (_, answer) => {
    expect(await refusal([own, answer])).toMatchObject({
      class: 'fatal',
      code: 'right-missing',
      message: expect.stringMatching(/ConfigGroup/) as string,
    });
  });

  test('is known by its own agent where the role is not said', async () => {
    const self = agent('5007', '1007', person('R', 'D', 'ROSTERD'), '<supervisor>true</supervisor>');
    const list = agents([self], { role: '' });
    expect(await refusal([list, list])).toMatchObject({ code: 'right-missing' });
  });
});

describe('a look-up', () => {
  async function lookUp(id: string, answers: readonly MockedAnswer[]): Promise<string> {
    mockGets(origin, answers);
    return (await open()).lookup(id, testKit().signal);
  }

  test('tells present, disabled and deleted', async () => {
    expect(await lookUp('5007', [xml(eva)])).toBe('present');
    expect(await lookUp('5007', [xml(eva.replace('>true<', '>false<'))])).toBe('disabled');
    expect(await lookUp('5007', [xml(eva.replace('</agent>', '<deleted>true</deleted></agent>'))])).toBe('absent');
  });

  test('9.3 says absent only where the account sees everybody', async () => {
    expect(await lookUp('1', [noSuchAgent, agents([eva])])).toBe('absent');
    const own = agents([eva], { role: 'Supervisor' });
    await expect(lookUp('1', [noSuchAgent, own, own])).rejects.toMatchObject({ code: 'right-missing' });
    await expect(lookUp('1', [noSuchAgent, agents([])])).rejects.toMatchObject({ code: 'protocol' });
    await expect(lookUp('1', [{ status: 404, body: '<html></html>' }, { status: 404 }])).rejects.toMatchObject({
      code: 'configuration',
    });
  });
});
