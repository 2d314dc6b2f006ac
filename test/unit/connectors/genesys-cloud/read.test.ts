import { describe, expect, test } from 'vitest';
import { connector } from '../../../../connectors/genesys-cloud/connector.ts';
import type { Kit, Session } from '../../../../src/connector-kit/contract.ts';
import { counted, errorBody, noTeams, token, user, users } from '../../../support/genesys/answers.ts';
import { json } from '../../../support/cisco/uccx-answers.ts';
import { mockGets, mockHttp } from '../../../support/http-mock.ts';
import type { MockedAnswer, SeenRequest } from '../../../support/http-mock.ts';
import { readWhole, testKit } from '../../../support/read-source.ts';
import type { WholeRead } from '../../../support/read-source.ts';

process.env['ROSTERD_GENESYS_TEST_SECRET'] = 'S3cret';
const region = 'https://api.euw2.pure.cloud';
const login = 'https://login.euw2.pure.cloud/oauth/token';

function open(more: object = {}, kit: Partial<Kit> = {}): Promise<Session> {
  const connection = { url: region, clientId: 'rosterd', clientSecret: { env: 'ROSTERD_GENESYS_TEST_SECRET' } };
  return connector.open(connector.configSchema.parse({ connection, ...more }), testKit(kit));
}

type Told = WholeRead & { readonly requests: readonly SeenRequest[]; readonly logins: readonly SeenRequest[] };

/** Reads everything: the number, the teams, the pages. */
async function readWith(
  answers: readonly MockedAnswer[],
  {
    more = {},
    kit = {},
    tokens = [token],
  }: { more?: object; kit?: Partial<Kit>; tokens?: readonly MockedAnswer[] } = {},
): Promise<Told> {
  const logins = mockHttp(login, tokens);
  const requests = mockGets(region, answers);
  const whole = await readWhole((await open(more, kit)).readAll(testKit().signal));
  return { ...whole, requests, logins };
}

async function failure(answers: readonly MockedAnswer[], tokens: readonly MockedAnswer[] = [token]): Promise<unknown> {
  return readWith(answers, { tokens }).catch((error: unknown) => error);
}

const [eva, jan] = [user('u1'), user('u2')];

describe('what is asked', () => {
  test('a token of the region’s log-in, then everybody in any state behind a cursor', async () => {
    const { records, end, requests, logins } = await readWith([
      counted(2),
      noTeams,
      users([eva], { cursor: 'a b', nextUri: 'https://elsewhere.test/?cursor=no' }),
      users([jan], { cursor: '' }),
    ]);
    expect(records.map(({ externalId }) => externalId)).toEqual(['u1', 'u2']);
    expect(end).toMatchObject({ whole: true });
    expect(logins[0]?.body).toBe('grant_type=client_credentials');
    expect(logins[0]?.headers['authorization']).toBe(`Basic ${Buffer.from('rosterd:S3cret').toString('base64')}`);
    const expand = ['team', 'authorization', 'skills', 'employerInfo'].map((each) => `expand=${each}`).join('&');
    expect(requests.map(({ path }) => path.replace('/api/v2/', ''))).toEqual([
      'users?pageSize=1&pageNumber=1&state=any',
      'teams?pageSize=100',
      `users/query?pageSize=100&state=any&${expand}`,
      `users/query?pageSize=100&state=any&${expand}&cursor=a%20b`,
    ]);
    expect(requests.map(({ headers }) => headers['authorization'])).toEqual(Array(4).fill('Bearer tok-1'));
  });

  test.each([
    ['https://api.mypurecloud.ie', undefined, 'https://login.mypurecloud.ie/oauth/token'],
    ['https://genesys.test:8443/api/v2', undefined, 'https://genesys.test:8443/oauth/token'],
    ['https://api.unknown.test', undefined, 'https://api.unknown.test/oauth/token'],
    ['https://api.mypurecloud.ie', 'https://login.test/oauth/token/', 'https://login.test/oauth/token'],
  ])('the log-in of %s (loginUrl %s) is %s', async (url, loginUrl, address) => {
    const connection = { url, clientId: 'c', clientSecret: { env: 'ROSTERD_GENESYS_TEST_SECRET' } };
    const more = loginUrl === undefined ? {} : { loginUrl };
    mockHttp(address, [json({ error: 'invalid_client' }, 400)]);
    const session = await connector.open(
      connector.configSchema.parse({ connection: { ...connection, ...more } }),
      testKit(),
    );
    await expect(readWhole(session.readAll(testKit().signal))).rejects.toMatchObject({ code: 'login-refused' });
  });
});

describe('what is read', () => {
  test('2.3 of a user: every part of it; an expansion that is empty is empty', async () => {
    const whole = user('u1', {
      ...{ department: 'Sales', title: '', state: 'inactive', team: { id: 't1', name: 'old name' } },
      ...{ employerInfo: { employeeId: 'E-77' }, authorization: { roles: [{ id: 'r', name: 'Supervisor' }] } },
      skills: [
        { id: 's2', name: 'Sales', proficiency: 4.5, state: 'active' },
        { id: 's1', name: 'Billing', proficiency: 2 },
        { id: 's3', name: 'Old', proficiency: 1, state: 'deleted' },
      ],
      addresses: [{ address: '+420 1', mediaType: 'PHONE', type: 'WORK' }],
    });
    const teams = json({ entities: [{ id: 't1', name: 'North', memberCount: 1 }] });
    const members = json({ entities: [{ id: 'u1', name: 'Eva' }] });
    const { records } = await readWith(
      [counted(2), teams, members, users([whole, user('u2', { skills: [], authorization: { roles: [] } })])],
      { kit: { mapping: { phoneNumber: 'workPhone' } } },
    );
    expect(records[0]).toEqual({
      externalId: 'u1',
      values: {
        ...{ username: 'u1@x.example', acdId: 'u1', displayName: 'Eva u1', email: 'u1@x.example' },
        ...{ employeeId: 'E-77', department: 'Sales', jobTitle: null, phoneNumber: '+420 1' },
        'attribute.skills': 'Billing:2, Sales:4.5',
      },
      disabled: true,
      roleFacts: { profiles: ['Supervisor'] },
      teams: [{ id: 't1', name: 'North' }],
    });
    expect(records[1]).toMatchObject({ values: { 'attribute.skills': null }, roleFacts: { profiles: [] }, teams: [] });
    expect(records[1]?.values).not.toHaveProperty('employeeId');
  });

  test('2.3 an expansion that did not come is not read; so is the team, where teams may not be seen', async () => {
    const { records, end } = await readWith([
      counted(2),
      errorBody(403, 'missing.any.permissions', 'missing: groups:team:view'),
      users([eva, user('u2', { team: { id: 't1', name: 'North' } })]),
    ]);
    for (const part of ['teams', 'roleFacts', 'supervises']) expect(records[0]).not.toHaveProperty(part);
    expect(Object.keys(records[0]?.values ?? {}).toSorted()).toEqual(['acdId', 'displayName', 'email', 'username']);
    expect(records[1]).toMatchObject({ teams: [{ id: 't1', name: 'North' }] });
    expect(end).toMatchObject({ whole: true, notes: [expect.stringMatching(/users alone.*groups:team:view/)] });
  });

  test('3.1 deleted users are read and left out; they count in the total', async () => {
    const { records, end } = await readWith([counted(2), noTeams, users([eva, user('u2', { state: 'deleted' })])]);
    expect(records.map(({ externalId, disabled }) => [externalId, disabled])).toEqual([['u1', false]]);
    expect(end).toMatchObject({ whole: true, notes: ['1 deleted users left out'] });
  });
});

describe('3.1 when it is whole', () => {
  test('who joins in mid-read is counted again', async () => {
    const { end } = await readWith([counted(1), noTeams, users([eva, jan]), counted(2)]);
    expect(end).toMatchObject({ whole: true });
  });

  test.each<[string, MockedAnswer[], RegExp]>([
    ['more are announced', [counted(3), noTeams, users([eva, jan]), counted(3)], /brought 2 and announced 3/],
    ['nothing is announced', [counted(), noTeams, users([eva]), counted()], /nothing says how many/],
    ['the pages announce more', [counted(1), noTeams, users([eva], { total: 2 })], /announced 2/],
    ['somebody comes twice', [counted(2), noTeams, users([eva, eva])], /twice/],
    [
      'a team has a member who is nobody',
      [
        ...[counted(1), json({ entities: [{ id: 't1', name: 'North' }] })],
        ...[json({ entities: [{ id: 'u9' }] }), users([eva])],
      ],
      /1 members who are not in the list/,
    ],
  ])('not where %s', async (_, answers, reason) => {
    const { end } = await readWith(answers);
    expect(end).toMatchObject({ whole: false, retryable: true, reason: expect.stringMatching(reason) as string });
  });
});

describe('3.4 refusals', () => {
  test('a token that was good is renewed in mid-read, once', async () => {
    const expired = errorBody(401, 'bad.credentials', 'Invalid login credentials.');
    const second = json({ access_token: 'tok-2', expires_in: 900 });
    const { end, requests } = await readWith([counted(1), noTeams, expired, users([eva])], { tokens: [token, second] });
    expect(end).toMatchObject({ whole: true });
    expect(requests.at(-1)?.headers['authorization']).toBe('Bearer tok-2');
  });

  test('a token that never was good, and a new one that is refused too, end it', async () => {
    const refused = errorBody(401, 'bad.credentials', 'Invalid login credentials.');
    expect(await failure([refused])).toMatchObject({ class: 'fatal', code: 'login-refused' });
    expect(await failure([counted(1), refused, refused], [token, token])).toMatchObject({ code: 'login-refused' });
  });

  test('a missing permission is named, with what to grant', async () => {
    const refused = errorBody(403, 'missing.division.permission', 'You are missing directory:user:view');
    expect(await failure([counted(1), noTeams, refused])).toMatchObject({
      ...{ class: 'fatal', code: 'right-missing' },
      message: expect.stringMatching(/directory:user:view, in all divisions.*contextId ctx-7/) as string,
    });
  });

  const tooMany = (retryAfter?: string, more: Readonly<Record<string, string>> = {}): MockedAnswer => ({
    ...errorBody(429, 'too.many.requests', 'Rate limit exceeded'),
    headers: { ...(retryAfter === undefined ? {} : { 'retry-after': retryAfter }), ...more },
  });
  const used = { 'inin-ratelimit-count': '3', 'inin-ratelimit-allowed': '20', 'inin-ratelimit-reset': '0' };

  test('429 in mid-read is waited for, whatever the count says, and how long it takes is said', async () => {
    const said: string[] = [];
    const log = { debug: () => undefined, warn: (message: string) => void said.push(message) };
    const answers = [{ ...counted(41), headers: used }, tooMany('0', used), noTeams, users([eva]), counted(1)];
    const { end } = await readWith([...answers.slice(0, 3), tooMany('1', used), ...answers.slice(3)], {
      more: { pageSize: 1 },
      kit: { log },
    });
    expect(end).toMatchObject({
      whole: true,
      notes: ['waited 1 s, because Genesys Cloud limits requests (20 a minute are allowed)'],
    });
    expect(said.at(-1)).toMatch(/waits 1 s; the rest of the read takes about 3 minutes/);
  });

  test('429 is not waited for where the sync can begin anew, or where it is told to come back much later', async () => {
    expect(await failure([tooMany('7')])).toMatchObject({ code: 'busy', retryAfterMs: 7000 });
    expect(await failure([tooMany(undefined, { 'inin-ratelimit-reset': '30' })])).toMatchObject({
      retryAfterMs: 31_000,
    });
    expect(await failure([counted(1), tooMany('3600')])).toMatchObject({ code: 'busy', retryAfterMs: 3_600_000 });
  });

  test('a cursor that grew too old is worth another read', async () => {
    const old = errorBody(400, 'invalid.cursor', 'expired');
    expect(await failure([counted(2), noTeams, users([eva], { cursor: 'c' }), old])).toMatchObject({
      ...{ class: 'retryable', code: 'protocol' },
    });
  });
});

describe('9.3 a look-up', () => {
  const notFound = errorBody(404, 'not.found', 'no such user');
  test.each<[string, MockedAnswer[], string]>([
    ['active', [json(eva)], 'present'],
    ['inactive', [json(user('u1', { state: 'inactive' }))], 'disabled'],
    ['deleted', [json(user('u1', { state: 'deleted' }))], 'absent'],
    ['unknown to a client that sees everybody', [notFound, users([jan])], 'absent'],
  ])('%s', async (_, answers, outcome) => {
    mockHttp(login, [token]);
    const requests = mockGets(region, answers);
    expect(await (await open()).lookup('u1', testKit().signal)).toBe(outcome);
    expect(requests[0]?.path).toMatch(/^\/api\/v2\/users\/u1\?state=any/);
  });

  test('unknown to a client that does not see everybody says nothing', async () => {
    mockHttp(login, [token]);
    mockGets(region, [notFound, errorBody(403, 'missing.division.permission', 'x')]);
    await expect((await open()).lookup('u1', testKit().signal)).rejects.toMatchObject({ code: 'right-missing' });
  });
});
