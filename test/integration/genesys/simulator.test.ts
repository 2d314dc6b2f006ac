import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { connector } from '../../../connectors/genesys-cloud/connector.ts';
import type { Session } from '../../../src/connector-kit/contract.ts';
import { readWhole, testKit } from '../../support/read-source.ts';
import { startGenesysCloud } from '../../support/simulators/genesys/cloud.ts';
import type { GenesysCloud } from '../../support/simulators/genesys/cloud.ts';

const secretVariable = 'ROSTERD_GENESYS_SIMULATOR_SECRET';
const PEOPLE = 230;

let cloud: GenesysCloud;
beforeAll(async () => {
  cloud = await startGenesysCloud({ onPage: () => whileReading?.() });
  process.env[secretVariable] = cloud.organisation.clientSecret;
});
afterAll(() => cloud.close());

let whileReading: (() => void) | undefined;

/** Everything as it should be. */
beforeEach(() => {
  const { organisation } = cloud;
  whileReading = undefined;
  organisation.users.clear();
  organisation.teams.clear();
  organisation.teams.set('t1', 'North').set('t2', 'South').set('t3', 'Nobody');
  for (let index = 0; index < PEOPLE; index += 1) add(index);
  Object.assign(organisation, {
    ...{ permissions: new Set(['directory:user:view', 'groups:team:view']), divisions: 'all', refuseNext: 0 },
    ...{ tokenRequests: Number.POSITIVE_INFINITY, limit: { allowed: 300, windowSeconds: 60 } },
    missingExpansions: new Set(),
  });
  cloud.resetCounters();
});

function add(index: number): void {
  const state = index === 7 ? 'inactive' : index === 8 ? 'deleted' : 'active';
  const more = { team: index % 2 === 0 ? 't1' : 't2', skills: { Sales: 4 }, roles: ['employee'], state } as const;
  cloud.organisation.users.set(`u${index}`, { name: `Eva ${index}`, username: `u${index}@x.example`, ...more });
}

function settings(more: object = {}) {
  const { origin: url, caFile, organisation } = cloud;
  const tls = { caFile };
  const clientSecret = { env: secretVariable };
  const connection = { url, clientId: organisation.clientId, clientSecret, tls, timeoutMs: 30_000 };
  return connector.configSchema.parse({ connection, pageSize: 20, ...more });
}

function open(warn: (message: string) => void = () => undefined): Promise<Session> {
  return connector.open(settings(), testKit({ log: { debug: () => undefined, warn } }));
}

describe('3.1 a read', () => {
  test('everybody, inactive ones as disabled, deleted ones left out; nothing is changed there', async () => {
    const { records, end } = await readWhole((await open()).readAll(testKit().signal));
    expect(records).toHaveLength(PEOPLE - 1);
    expect(end).toMatchObject({ whole: true, notes: ['1 deleted users left out'] });
    expect(records.find(({ externalId }) => externalId === 'u7')).toMatchObject({
      disabled: true,
      teams: [{ id: 't2', name: 'South' }],
      roleFacts: { profiles: ['employee'] },
    });
    expect(cloud.counters()).toMatchObject({ writes: 0, byOperation: { token: 1, 'list members': 12 } });
  });

  test('expansions that the vendor leaves out take nothing from anybody', async () => {
    cloud.organisation.missingExpansions = new Set(['team', 'skills', 'authorization', 'employerInfo']);
    const { records, end } = await readWhole((await open()).readAll(testKit().signal));
    expect(end).toMatchObject({ whole: true });
    expect(records[0]?.values).not.toHaveProperty(['attribute.skills']);
    expect(records[0]).not.toHaveProperty('roleFacts');
    expect(records[0]).toMatchObject({ teams: [{ id: 't1', name: 'North' }] });
  });

  test('who joins between two pages is read, or the read is not whole', async () => {
    let next = PEOPLE;
    whileReading = () => {
      if (next < PEOPLE + 3) add(next);
      next += 1;
    };
    const { records, end } = await readWhole((await open()).readAll(testKit().signal));
    expect({ whole: end.whole, read: records.length }).toEqual({ whole: true, read: PEOPLE + 2 });
  });

  test('3.4 tokens that live for five requests are renewed in mid-read', async () => {
    cloud.organisation.tokenRequests = 5;
    const { records, end } = await readWhole((await open()).readAll(testKit().signal));
    expect([records.length, end.whole]).toEqual([PEOPLE - 1, true]);
    expect(cloud.counters().byOperation['token']).toBeGreaterThan(2);
  });

  test('3.4 ten requests in a window: it completes at the pace allowed, and says how long it takes', async () => {
    // A window of a second instead of a minute.
    cloud.organisation.limit = { allowed: 10, windowSeconds: 1 };
    whileReading = () => {
      // Another refusal, of which the count says nothing.
      if (cloud.counters().byOperation['list users'] === 3) cloud.organisation.refuseNext = 1;
    };
    const said: string[] = [];
    const { records, end } = await readWhole(
      (await open((message) => void said.push(message))).readAll(testKit().signal),
    );
    expect([records.length, end.whole]).toEqual([PEOPLE - 1, true]);
    expect(said[0]).toMatch(/^Genesys Cloud limits requests: waits 1 s; the rest of the read takes about/);
    expect(end.notes?.at(-1)).toMatch(
      /^waited \d s, because Genesys Cloud limits requests \(10 a minute are allowed\)$/,
    );
  });
});

test('9.3 a look-up tells present, disabled, absent', async () => {
  const session = await open();
  const states = await Promise.all(['u1', 'u7', 'u8', 'u999'].map((id) => session.lookup(id, testKit().signal)));
  expect(states).toEqual(['present', 'disabled', 'absent', 'absent']);
});

describe('source check', () => {
  const reached = ['configuration ok', 'dns ok', 'tcp ok', 'tls ok'];

  async function checked(more: object = {}): Promise<{ readonly steps: string[]; readonly said: string }> {
    const steps = await connector.check(settings(more), testKit());
    return {
      steps: steps.map(({ name, outcome }) => `${name} ${outcome}`),
      said: steps.map(({ detail, remedy }) => `${detail} ${remedy ?? ''}`).join('\n'),
    };
  }

  test('everything is right: the pace and the time of a full read are said', async () => {
    cloud.organisation.limit = { allowed: 10, windowSeconds: 60 };
    const { steps, said } = await checked();
    expect(steps).toEqual([...reached, 'login ok', 'users ok', 'teams ok', 'pace ok']);
    expect(said).toMatch(/first 20 of 230 users/);
    expect(said).toMatch(/10 requests a minute are allowed; a full read makes about 26, which takes about 3 minutes/);
  });

  test('each right missing is named', async () => {
    const { organisation } = cloud;
    organisation.permissions = new Set(['directory:user:view']);
    const noTeams = await checked();
    expect(noTeams.steps).toEqual([...reached, 'login ok', 'users ok', 'teams warning', 'pace ok']);
    expect(noTeams.said).toMatch(/grant the permission groups:team:view/);
    organisation.divisions = ['Home'];
    const someDivisions = await checked();
    expect(someDivisions.steps).toEqual([...reached, 'login ok', 'users failed']);
    expect(someDivisions.said).toMatch(/directory:user:view, in all divisions/);
    process.env['ROSTERD_GENESYS_WRONG'] = 'wrong';
    const { origin: url, caFile } = cloud;
    const connection = { url, clientId: 'x', clientSecret: { env: 'ROSTERD_GENESYS_WRONG' }, tls: { caFile } };
    expect((await checked({ connection })).steps).toEqual([...reached, 'login failed']);
  });
});
