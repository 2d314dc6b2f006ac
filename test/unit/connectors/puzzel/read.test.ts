import { describe, expect, test } from 'vitest';
import { connector } from '../../../../connectors/puzzel/connector.ts';
import type { Kit, Lookup, Session } from '../../../../src/connector-kit/contract.ts';
import { mockGets, mockHttp } from '../../../support/http-mock.ts';
import type { MockedAnswer, SeenRequest } from '../../../support/http-mock.ts';
import { code, groups, json, result, row, token, tokenInformation } from '../../../support/puzzel/answers.ts';
import { readWhole, testKit } from '../../../support/read-source.ts';
import type { WholeRead } from '../../../support/read-source.ts';

process.env['ROSTERD_PUZZEL_TEST_SECRET'] = 'S3cret+';
const origin = 'https://puzzel.test';
const secret = { env: 'ROSTERD_PUZZEL_TEST_SECRET' };
const client = { customerKey: 10042, userId: 1, clientId: 'rosterd', clientSecret: secret };
const person = { customerKey: '10042', username: 'rosterd.api', password: secret };
const tokenAddress = `${origin}/id/connect/token`;
const nobody = result([]);

function open(more: object = {}, connection: object = client, kit: Partial<Kit> = {}): Promise<Session> {
  const written = { connection: { url: `${origin}/contactcentre5/`, ...connection }, ...more };
  return connector.open(connector.configSchema.parse(written), testKit(kit));
}

type Mocked = { readonly more?: object; readonly kit?: Partial<Kit>; readonly logins?: readonly MockedAnswer[] };

/** Reads everything with these answers: who asks, groups, users, users again, states, and details. */
async function readWith(
  answers: readonly MockedAnswer[],
  { more = {}, kit = {}, logins = [token()] }: Mocked = {},
): Promise<WholeRead & { readonly gets: readonly SeenRequest[]; readonly posts: readonly SeenRequest[] }> {
  const posts = mockHttp(tokenAddress, logins);
  const gets = mockGets(origin, answers);
  return { ...(await readWhole((await open(more, client, kit)).readAll(testKit().signal))), gets, posts };
}

/** The answers up to the details, where nothing is wrong. The own user is in the list. */
function lists(users: readonly object[], states: MockedAnswer = nobody): MockedAnswer[] {
  const list = result([row(1, { userType: 'API' }), ...users]);
  return [tokenInformation, groups, list, list, states];
}

async function refusal(read: () => Promise<unknown>): Promise<unknown> {
  return read().then(
    () => undefined,
    (error: unknown) => error,
  );
}

async function lookUp(id: string, answers: readonly MockedAnswer[]): Promise<Lookup | { code: string }> {
  mockHttp(tokenAddress, [token()]);
  mockGets(origin, answers);
  return (await open())
    .lookup(id, testKit().signal)
    .catch((error: unknown) => ({ code: (error as { code: string }).code }));
}

describe('what is read', () => {
  const qualities = [
    {
      id: 1,
      description: 'Phone',
      elements: [
        { id: 3, name: 'Sales', userLevel: 7 },
        { id: 2, name: 'Billing' },
      ],
    },
  ];

  test('of a user: list and detail, the group as team, skills with levels', async () => {
    const detail = result({ id: 5, eMail: 'eva@corp.example', mobilePhone: null, qualities });
    const { records, end, gets, posts } = await readWith([...lists([row(5, { userType: 'Person' })]), detail]);
    expect(records).toEqual([
      {
        externalId: '5',
        values: {
          ...{ username: 'agent5', numericId: '5', acdId: '5', firstName: 'Jan', lastName: 'Novák 5' },
          ...{ email: 'eva@corp.example', mobileNumber: null, 'attribute.skills': 'Billing, Sales:7' },
        },
        teams: [{ id: '6', name: 'North' }],
      },
    ]);
    expect(end).toEqual({ whole: true, retryable: false, notes: ['1 users who are no persons left out (API)'] });
    expect(gets.map(({ path }) => path.replace('/ContactCentre5', ''))).toEqual([
      ...['/accesstokeninformation', '/10042/usergroups', '/10042/users', '/10042/users'],
      ...['/10042/users/stateinformation/Today', '/10042/users/5'],
    ]);
    expect(new Set(gets.map(({ headers }) => headers['authorization']))).toEqual(new Set(['Bearer token-1']));
    expect(posts[0]?.headers['authorization']).toBeUndefined();
    expect(Object.fromEntries(new URLSearchParams(posts[0]?.body))).toEqual({
      ...{ client_id: 'rosterd', client_secret: 'S3cret+', grant_type: 'client_credentials' },
      scope: 'contact-centre:10042:1',
    });
  });

  test('skills of the profile that is in use; without the list of qualities they are not read', async () => {
    const profiles = [
      { id: 1, qualities: [{ id: 1, name: 'x', elements: [{ name: 'Old', userLevel: 1 }] }] },
      { id: 2, qualities },
    ];
    const details = [
      result({ id: 5, currentProfileId: 2, profiles }),
      result({ id: 7, qualities: [] }),
      result({ id: 8 }),
    ];
    const { records } = await readWith([...lists([5, 7, 8].map((id) => row(id))), ...details]);
    expect(records.map(({ values }) => values['attribute.skills'])).toEqual(['Billing, Sales:7', null, undefined]);
  });

  test.each(['API', 'Wallboard', 'Chat bot', 'ChatBot', 'api user'])(
    '%s is no person, wherever it says so',
    async (type) => {
      const { records, end } = await readWith([
        ...lists([row(5), row(6, { type }), row(7)]),
        result({ id: 5, userType: { id: 1, name: 'Person' } }),
        result({ id: 7, userType: type }),
      ]);
      expect(records.map(({ externalId }) => externalId)).toEqual(['5']);
      expect(end.whole).toBe(true);
    },
  );

  test('ignoreGroups where no type is shown, and a note on a type that nobody knows', async () => {
    const answers = lists([row(5, { groupId: 9 }), row(6, { userType: 'Robot' })]);
    answers[1] = result([
      { id: 6, name: 'North' },
      { id: 9, name: 'Wallboards' },
    ]);
    const more = { details: false, ignoreGroups: ['wallboards'] };
    const { records, end } = await readWith(answers, { more });
    expect(records.map(({ externalId }) => externalId)).toEqual(['6']);
    expect(end.notes?.join()).toMatch(/users of the type Robot taken for persons.*\(group Wallboards\)/);
  });

  test('14.6 the last days of the password are told', async () => {
    const [, ...rest] = lists([row(5)]);
    const information = result({ customerKey: '10042', userId: 1, userGroupId: 6, passwordValidDaysLeft: 5 });
    const { end } = await readWith([information, ...rest], { more: { details: false } });
    expect(end.notes?.join()).toMatch(/password of rosterd's user in Puzzel expires in 5 days/);
  });

  test('a key that cannot be mapped is named', async () => {
    const opened = open({}, client, { mapping: { department: 'division' } });
    await expect(opened).rejects.toMatchObject({ code: 'configuration', message: /division is no field/ });
  });
});

describe('3.1, 3.2 what is not taken for everything', () => {
  test('a code other than 0 inside HTTP 200', async () => {
    const read = (): Promise<unknown> => readWith([tokenInformation, groups, code(3, 'Something failed')]);
    expect(await refusal(read)).toMatchObject({
      ...{ class: 'retryable', code: 'protocol' },
      message: /code 3, "Something failed" inside HTTP 200/,
    });
  });

  test('the same in one detail: the others are read, and nobody becomes a person whose type could not be read', async () => {
    const users = [row(5, { userType: 'Person' }), row(6), row(7)];
    const details = [code(3, 'oops'), code(3, 'oops'), result({ id: 7, eMail: 'x@y.example' })];
    const { records, rejected, end } = await readWith([...lists(users), ...details]);
    expect(records.map(({ externalId, values }) => [externalId, values.email])).toEqual([
      ['5', undefined],
      ['7', 'x@y.example'],
    ]);
    expect(rejected.map(({ externalId }) => externalId)).toEqual(['6']);
    expect(end).toMatchObject({ whole: false, retryable: true, reason: /details of 2 users .*code 3, "oops"/ });
  });

  test('an answer without a code', async () => {
    const read = (): Promise<unknown> => readWith([tokenInformation, groups, json({ result: [row(5)] })]);
    expect(await refusal(read)).toMatchObject({ class: 'retryable', code: 'protocol', message: /no code/ });
  });

  test.each<[string, (usual: MockedAnswer[]) => MockedAnswer[], RegExp]>([
    [
      'two lists that differ',
      ([a, b, c, , e]) => [a, b, c, result([row(1)]), e].flatMap((x) => x ?? []),
      /differ in 1/,
    ],
    [
      'somebody whom the list of states has, and who is there',
      ([a, b, c, d]) => [a, b, c, d, result([{ userId: 77 }]), result({ id: 77 })].flatMap((x) => x ?? []),
      /list of states.*resource filter/,
    ],
    [
      'groups that the list of groups does not have',
      ([a, , c, d, e]) => [a, result([{ id: 8, name: 'x' }]), c, d, e].flatMap((x) => x ?? []),
      /1 user groups that the list of user groups does not have.*resource filter/,
    ],
    [
      'nobody but the own group, where there are others',
      ([a, , c, d, e]) =>
        [
          a,
          result([
            { id: 6, name: 'North' },
            { id: 8, name: 'South' },
          ]),
          c,
          d,
          e,
        ].flatMap((x) => x ?? []),
      /others \(South\).*seesEverybody.*resource filter/,
    ],
  ])('%s', async (_name, change, reason) => {
    const { end } = await readWith(change(lists([row(5)])), { more: { details: false } });
    expect(end).toMatchObject({ whole: false, reason });
  });

  test('whom the list of states still has, and who has left, is no doubt; seesEverybody ends the one that is a guess', async () => {
    const [a, , c, d] = lists([row(5)]);
    const two = result([
      { id: 6, name: 'North' },
      { id: 8, name: 'South' },
    ]);
    const answers = [a, two, c, d, result([{ userId: 77 }]), json({ code: 4, message: 'User not found' }, 404)];
    const more = { details: false, seesEverybody: true };
    const { end } = await readWith(
      answers.flatMap((each) => each ?? []),
      { more },
    );
    expect(end).toMatchObject({ whole: true });
  });

  test("another customer's token", async () => {
    const read = (): Promise<unknown> => readWith([result({ customerKey: '99', userId: 1 })]);
    expect(await refusal(read)).toMatchObject({ class: 'fatal', code: 'configuration', message: /another customer/ });
  });
});

describe('tokens', () => {
  test.each([
    ['401', json({ code: 12, message: 'The access token is not valid' }, 401)],
    ['a code inside HTTP 200', code(12, 'Token has expired')],
  ])('one that has ended in mid-read, said by %s, is renewed once', async (_how, ended) => {
    const [a, b, c, d, e] = lists([row(5)]);
    const answers = [a, b, ended, c, d, e].flatMap((each) => each ?? []);
    const read = await readWith(answers, { logins: [token(), token('token-2')], more: { details: false } });
    expect(read.end.whole).toBe(true);
    expect(read.gets.map(({ headers }) => headers['authorization']?.slice(-1)).join('')).toBe('111222');
  });

  test('a short life is renewed before its end', async () => {
    const logins = Array.from({ length: 6 }, (_, index) => token(`token-${String(index)}`, { expires_in: 0 }));
    const { end, posts } = await readWith(lists([row(5)]), { logins, more: { details: false } });
    expect([end.whole, posts.length]).toEqual([true, 6]);
  });

  test('3.4 a new one that is refused as well is no third log-in', async () => {
    const refused = json({}, 401);
    const read = (): Promise<unknown> => readWith([refused, refused], { logins: [token(), token()] });
    expect(await refusal(read)).toMatchObject({ class: 'fatal', code: 'login-refused', message: /clientSecret/ });
  });

  test.each([
    ['invalid_client', 'login-refused', /clientSecret/],
    ['invalid_scope', 'right-missing', /customerKey.*userId.*Product Access/],
    ['unauthorized_client', 'right-missing', /grant Client Credentials/],
  ])('%s', async (error, expected, message) => {
    const session = await open();
    mockHttp(tokenAddress, [json({ error }, 400)]);
    const read = (): Promise<unknown> => readWhole(session.readAll(testKit().signal));
    expect(await refusal(read)).toMatchObject({ class: 'fatal', code: expected, message });
    // And never tried twice.
    expect(await refusal(read)).toMatchObject({ code: expected });
  });

  test.each([
    ['in the envelope', result({ accessToken: 'token-1' })],
    ['without one', json({ accessToken: 'token-1' })],
  ])('log-in with password, the token %s', async (_where, answer) => {
    const posts = mockHttp(`${origin}/api/Authenticate/LogIn`, [answer]);
    mockGets(origin, lists([row(5)]));
    const session = await open({ details: false }, person);
    expect((await readWhole(session.readAll(testKit().signal))).end.whole).toBe(true);
    const body = { customerKey: '10042', userName: 'rosterd.api', password: 'S3cret+' };
    expect(JSON.parse(posts[0]?.body ?? '')).toEqual(body);
    expect(posts[0]?.headers['authorization']).toBeUndefined();
  });

  test.each([
    [code(11, 'Wrong user name or password'), { class: 'fatal', code: 'login-refused', message: /code 11/ }],
    [code(3, 'Internal error, try again'), { class: 'retryable', code: 'protocol' }],
    [result({ twoFactorRequired: true }), { class: 'fatal', code: 'login-refused', message: /second factor/ }],
  ])('log-in with password refused %#', async (answer, expected) => {
    mockHttp(`${origin}/api/Authenticate/LogIn`, [answer]);
    const session = await open({}, person);
    expect(await refusal(() => readWhole(session.readAll(testKit().signal)))).toMatchObject(expected);
  });
});

describe('look-up', () => {
  const missing = json({ result: null, code: 4, message: 'User not found' }, 404);
  const [information, allGroups, list, again, states] = lists([row(5)]);
  const everybody = [information, allGroups, list, again, states].flatMap((each) => each ?? []);

  test.each<[string, string, readonly MockedAnswer[], Lookup | { code: string }]>([
    ['present', '5', [result({ id: 5 }), groups], 'present'],
    ['no person', '5', [result({ id: 5, userType: 'Wallboard' }), groups], 'absent'],
    ['absent by 404 and by the list of everybody', '8', [missing, ...everybody], 'absent'],
    ['absent by a code', '8', [code(4, 'User not found'), ...everybody], 'absent'],
    ['in the list all the same', '5', [missing, ...everybody], 'present'],
    ['a code of another meaning', '8', [code(3, 'oops')], { code: 'protocol' }],
    ['an id that is none', 'x', [], { code: 'protocol' }],
  ])('%s', async (_name, id, answers, expected) => {
    if (id === 'x') {
      await expect((await open()).lookup(id, testKit().signal)).rejects.toMatchObject(expected as object);
      return;
    }
    expect(await lookUp(id, answers)).toEqual(expected);
  });
});

test.each([
  [{ customerKey: '1' }, /password/],
  [{ customerKey: '1', clientId: 'x', clientSecret: secret }, /userId/],
  [{ ...person, url: 'http://puzzel.test' }, /in clear/],
  [{ ...person, customerKey: 'a/b' }, /letters/],
])('a connection that cannot work is refused: %#', (connection, message) => {
  const parsed = connector.configSchema.safeParse({ connection: { url: origin, ...connection } });
  expect(parsed.error?.message).toMatch(message);
});
