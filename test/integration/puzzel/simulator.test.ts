import { afterEach, describe, expect, test } from 'vitest';
import { connector } from '../../../connectors/puzzel/connector.ts';
import type { CheckStep, Session } from '../../../src/connector-kit/contract.ts';
import { readWhole, testKit } from '../../support/read-source.ts';
import { startPuzzel } from '../../support/simulators/puzzel/puzzel.ts';
import type { Puzzel, PuzzelOptions } from '../../support/simulators/puzzel/puzzel.ts';

const running: Puzzel[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((each) => each.close()));
});

async function start(options: PuzzelOptions = {}, people = 20): Promise<Puzzel> {
  const puzzel = await startPuzzel(options);
  running.push(puzzel);
  puzzel.system.groups.set(6, 'North').set(7, 'South');
  for (let index = 1; index <= people; index += 1)
    puzzel.system.users.set(5000 + index, {
      ...{ firstName: 'Eva', lastName: `Nováková ${index}`, userName: `agent${index}`, group: 6 + (index % 2) },
      ...{ eMail: `agent${index}@corp.example`, skills: { Sales: 7, Billing: 3 } },
    });
  puzzel.system.users.set(6000, { firstName: '-', lastName: 'Wall', userName: 'wall', group: 6, type: 'Wallboard' });
  puzzel.system.users.set(6001, { firstName: '-', lastName: 'Bot', userName: 'bot', group: 6, type: 'Chat bot' });
  return puzzel;
}

function configOf(puzzel: Puzzel, way: 'client' | 'password'): object {
  process.env['ROSTERD_PUZZEL_SIMULATOR_SECRET'] = way === 'client' ? puzzel.clientSecret : puzzel.password;
  const secret = { env: 'ROSTERD_PUZZEL_SIMULATOR_SECRET' };
  const { customerKey, origin: url, caFile, clientId, userId, username } = puzzel;
  const who = way === 'client' ? { clientId, clientSecret: secret, userId } : { username, password: secret };
  return { connection: { url, customerKey, ...who, tls: { caFile }, timeoutMs: 30_000 } };
}

function open(puzzel: Puzzel, way: 'client' | 'password' = 'client', more: object = {}): Promise<Session> {
  return connector.open(connector.configSchema.parse({ ...configOf(puzzel, way), ...more }), testKit());
}

async function read(puzzel: Puzzel, way: 'client' | 'password' = 'client', more: object = {}) {
  return readWhole((await open(puzzel, way, more)).readAll(testKit().signal));
}

async function check(puzzel: Puzzel): Promise<string[]> {
  const steps = await connector.check(connector.configSchema.parse(configOf(puzzel, 'client')), testKit());
  return steps.map(({ name, outcome, detail, remedy = '' }: CheckStep) => `${name} ${outcome}: ${detail} | ${remedy}`);
}

describe('reading', () => {
  test.each(['client', 'password'] as const)('everybody who is a person, logged in with %s', async (way) => {
    const { records, end } = await read(await start(), way);
    expect(records).toHaveLength(20);
    expect(records[0]).toMatchObject({
      externalId: '5001',
      values: { email: 'agent1@corp.example', 'attribute.skills': 'Billing:3, Sales:7' },
      teams: [{ id: '7', name: 'South' }],
    });
    expect(end.whole, end.reason).toBe(true);
    expect(end.notes?.join()).toMatch(/\(API\).*\(Wallboard\).*\(Chat bot\)/);
  });

  test('types in the detail alone', async () => {
    const { records, end } = await read(await start({ showsType: 'detail' }));
    expect([records.length, end.whole]).toEqual([20, true]);
  });

  test.each(['client', 'password'] as const)('a token that ends in mid-read is renewed, %s', async (way) => {
    const puzzel = await start({
      onCall: (line) => {
        if (/^(list users|list states)/.test(line)) puzzel.expireTokens();
      },
    });
    const { records, end } = await read(puzzel, way);
    expect([records.length, end.whole], end.reason).toEqual([20, true]);
    expect(puzzel.counters().byOperation['log in']).toBeGreaterThan(2);
    expect(puzzel.counters().byOperation['log in']).toBeLessThan(6);
  });

  test.each([
    ['the list of states tells', {}, [7, 9], /resource filter/],
    ['nothing but the own group', { statesFiltered: true }, [9], /nobody but the group.*resource filter/],
  ])('a resource filter: %s', async (_name, options, resourceFilter, reason) => {
    const puzzel = await start(options);
    const own = puzzel.system.users.get(900_001);
    if (own !== undefined) puzzel.system.users.set(900_001, { ...own, resourceFilter });
    const { end } = await read(puzzel, 'client', { details: false });
    expect(end).toMatchObject({ whole: false, reason });
    const steps = await check(puzzel);
    expect(steps.at(-1)).toMatch(/^users failed: .*resource filter/);
  });

  test('look-ups', async () => {
    const puzzel = await start({ missingIsCode: true });
    const session = await open(puzzel);
    const { signal } = testKit();
    const found = await Promise.all(['5001', '6000', '4999'].map((id) => session.lookup(id, signal)));
    expect(found).toEqual(['present', 'absent', 'absent']);
  });
});

describe('source check', () => {
  test('right in everything', async () => {
    const steps = await check(await start());
    expect(steps.map((step) => step.split(':')[0])).toEqual(
      ['configuration', 'dns', 'tcp', 'tls', 'login', 'account', 'users', 'details'].map((name) => `${name} ok`),
    );
    expect(steps.join('\n')).toMatch(/23 users can be listed, 3 user groups/);
  });

  test('14.6 the last days of the password', async () => {
    expect((await check(await start({ passwordValidDaysLeft: 3 }))).join('\n')).toMatch(/account warning.*in 3 days/);
  });

  test.each<[string, (puzzel: Puzzel) => unknown, RegExp]>([
    ['secret', (each) => setClient(each, { secret: 'other' }), /login failed: .*invalid_client.*clientSecret/],
    ['grant', (each) => setClient(each, { grants: [] }), /login failed: .*unauthorized_client.*Client Credentials/],
    [
      'product access',
      (each) => setClient(each, { productAccess: '10042:7' }),
      /login failed: .*invalid_scope.*Product/,
    ],
    [
      'right to read',
      (each) => {
        const own = each.system.users.get(900_001);
        if (own !== undefined) each.system.users.set(900_001, { ...own, mayRead: false });
      },
      /users failed: .*Access denied.*rights to read users/,
    ],
  ])('without the %s', async (_name, spoil, expected) => {
    const puzzel = await start();
    spoil(puzzel);
    expect((await check(puzzel)).at(-1)).toMatch(expected);
  });
});

function setClient(puzzel: Puzzel, change: object): void {
  const client = puzzel.system.clients.get(puzzel.clientId);
  if (client !== undefined) puzzel.system.clients.set(puzzel.clientId, { ...client, ...change });
}
