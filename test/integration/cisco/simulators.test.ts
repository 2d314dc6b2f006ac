import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectors } from '../../../connectors/registry.ts';
import type { CheckStep, Session } from '../../../src/connector-kit/contract.ts';
import { readWhole, testKit } from '../../support/read-source.ts';
import { startUcce } from '../../support/simulators/cisco/ucce.ts';
import type { Ucce } from '../../support/simulators/cisco/ucce.ts';
import { startUccx } from '../../support/simulators/cisco/uccx.ts';
import type { Uccx } from '../../support/simulators/cisco/uccx.ts';
import type { RestServer } from '../../support/simulators/rest/server.ts';

const passwordVariable = 'ROSTERD_CISCO_SIMULATOR_PASSWORD';

type Reached = RestServer & { readonly username: string; readonly password: string };

function configOf(server: Reached, more: object, username = server.username): object {
  process.env[passwordVariable] = server.password;
  const tls = { caFile: server.caFile };
  return {
    connection: { url: server.origin, username, password: { env: passwordVariable }, tls, timeoutMs: 30_000 },
    ...more,
  };
}

function connectorOf(kind: string) {
  const connector = connectors.get(kind);
  if (connector === undefined) throw new Error(kind);
  return connector;
}

async function open(kind: string, server: Reached, more: object = {}, username?: string): Promise<Session> {
  const connector = connectorOf(kind);
  return connector.open(connector.configSchema.parse(configOf(server, more, username)), testKit());
}

/** The steps of `source check` in words, without what differs from run to run. */
async function checked(kind: string, server: Reached, more: object = {}, username?: string): Promise<string[]> {
  const connector = connectorOf(kind);
  const steps = await connector.check(connector.configSchema.parse(configOf(server, more, username)), testKit());
  return steps.map(({ name, outcome }: CheckStep) => `${name} ${outcome}`);
}

const reached = ['configuration ok', 'dns ok', 'tcp ok', 'tls ok'];

describe('cisco-ucce', () => {
  const AGENTS = 2_317;
  let ucce: Ucce;
  let whileReading: (() => void) | undefined;
  beforeAll(async () => {
    ucce = await startUcce({ links: 'absolute', onPage: () => whileReading?.() });
    ucce.system.teams.set('5001', { name: 'North', supervisors: ['10000'] }).set('5002', { name: 'South' });
    for (let index = 0; index < AGENTS; index += 1) addAgent(index);
    const { password } = ucce;
    ucce.system.accounts.set('boss@corp.example', { password, role: 'Supervisor', teams: ['5001'] });
    ucce.system.accounts.set('agent@corp.example', { password, role: 'Agent' });
  });
  afterAll(() => ucce.close());

  function addAgent(index: number): void {
    const more = { supervisor: index === 0, team: index % 2 === 0 ? '5001' : '5002', skills: ['Sales'] };
    const names = { firstName: 'Eva', lastName: `Nováková ${index}`, userName: `agent${index}@corp.example` };
    ucce.system.agents.set(String(10_000 + index), { agentId: String(100_000 + index), ...names, ...more });
  }

  test('3.1 2,317 agents, pages of 100: all of them once', async () => {
    const session = await open('cisco-ucce', ucce);
    const { records, rejected, end } = await readWhole(session.readAll(testKit().signal));
    expect(records).toHaveLength(AGENTS);
    expect(new Set(records.map(({ externalId }) => externalId)).size).toBe(AGENTS);
    expect(rejected).toEqual([]);
    expect(end).toMatchObject({ whole: true });
    expect(records[0]).toMatchObject({
      externalId: '10000',
      values: { acdId: '100000', username: 'agent0@corp.example' },
      teams: [{ id: '5001', name: 'North' }],
      supervises: [{ id: '5001', name: 'North' }],
      disabled: false,
    });
    expect(ucce.counters().writes).toBe(0);
  });

  test.each<[string, (round: number) => void]>([
    [
      'one leaves in front and another comes at the end, so that the number stays',
      (round) => {
        ucce.system.agents.delete(String(10_100 + round));
        addAgent(20_000 + round);
      },
    ],
    [
      'one moves from the front to the end',
      (round) => {
        const id = String(10_300 + round);
        const agent = ucce.system.agents.get(id);
        if (agent === undefined) return;
        ucce.system.agents.set(id, { ...agent, agentId: `9${agent.agentId}` });
      },
    ],
    ['somebody comes', (round) => addAgent(-1 - round)],
  ])('3.1 a list that shifts between pages, %s: all once, or incomplete', async (_, change) => {
    const present = new Set(ucce.system.agents.keys());
    let round = 0;
    whileReading = () => {
      round += 1;
      change(round);
    };
    try {
      const session = await open('cisco-ucce', ucce);
      const { records, end } = await readWhole(session.readAll(testKit().signal));
      const read = new Set(records.map(({ externalId }) => externalId));
      expect(read.size).toBe(records.length);
      const wronglyGone = [...present].filter((id) => ucce.system.agents.has(id) && !read.has(id));
      expect(end.whole ? wronglyGone : []).toEqual([]);
      expect(end).toMatchObject({ whole: false, retryable: true });
    } finally {
      whileReading = undefined;
    }
  });

  test('a supervisor reads everybody with ignoreRole; the teams are compared', async () => {
    const session = await open('cisco-ucce', ucce, {}, 'boss@corp.example');
    const { records, end } = await readWhole(session.readAll(testKit().signal));
    expect(records).toHaveLength(ucce.system.agents.size);
    expect(end).toMatchObject({ whole: true, notes: [expect.stringMatching(/ignoreRole=true/)] });
  });

  test('9.3 a look-up tells present, disabled, absent', async () => {
    const session = await open('cisco-ucce', ucce);
    const { signal } = testKit();
    const agent = ucce.system.agents.get('12000');
    expect(await session.lookup('12000', signal)).toBe('present');
    if (agent !== undefined) ucce.system.agents.set('12000', { ...agent, loginEnabled: false });
    expect(await session.lookup('12000', signal)).toBe('disabled');
    ucce.system.agents.delete('12000');
    expect(await session.lookup('12000', signal)).toBe('absent');
  });

  test('source check: right, and with each right missing', async () => {
    expect(await checked('cisco-ucce', ucce)).toEqual([...reached, 'login ok', 'teams ok', 'agents ok']);
    expect(await checked('cisco-ucce', ucce, {}, 'boss@corp.example')).toEqual([
      ...[...reached, 'login warning', 'teams ok', 'agents ok'],
    ]);
    for (const nobody of ['agent@corp.example', 'stranger@corp.example'])
      expect(await checked('cisco-ucce', ucce, {}, nobody)).toEqual([...reached, 'login failed']);
    const strict = await startUcce({ teamsRefused: true, ignoreRole: 'ignored', sortRefused: true });
    try {
      const person = { firstName: 'A', lastName: 'B', userName: 'c' };
      strict.system.agents.set('1', { agentId: '1', ...person, team: '1' }).set('2', { agentId: '2', ...person });
      strict.system.accounts.set('boss', { password: strict.password, role: 'Supervisor', teams: ['1'] });
      expect(await checked('cisco-ucce', strict)).toEqual([...reached, 'login ok', 'teams warning', 'agents ok']);
      expect(await checked('cisco-ucce', strict, {}, 'boss')).toEqual([...reached, 'login failed']);
    } finally {
      await strict.close();
    }
  });
});

describe('cisco-uccx', () => {
  let uccx: Uccx;
  beforeAll(async () => {
    uccx = await startUccx();
    uccx.system.teams
      .set('6', { name: 'North', primary: 'boss', secondary: ["o'neill"] })
      .set('7', { name: 'South', primary: 'jan' });
    uccx.system.skills.set('3', 'Sales');
    for (let index = 0; index < 40; index += 1) {
      const team = index % 2 === 0 ? '6' : '7';
      uccx.system.resources.set(String(index).padStart(4, '0'), { firstName: '', lastName: `Novák ${index}`, team });
    }
    uccx.system.resources.set('boss', { lastName: 'Boss', team: '6', supervisor: true, skills: { 3: 7 } });
    uccx.system.resources.set("o'neill", { lastName: 'O’Neill', team: '7', supervisor: true });
    uccx.system.resources.set('jan#1', { lastName: 'Ψ & <Co>', team: '7' });
    for (const [name, role] of [
      ['boss', 'supervisor'],
      ['nobody', 'no-capability'],
    ] as const)
      uccx.system.accounts.set(name, { password: uccx.password, role });
  });
  afterAll(() => uccx.close());

  test('everybody, the same in XML and in JSON', async () => {
    const { signal } = testKit();
    const inXml = await readWhole((await open('cisco-uccx', uccx)).readAll(signal));
    const inJson = await readWhole((await open('cisco-uccx', uccx, { format: 'json' })).readAll(signal));
    expect(inXml.records).toHaveLength(43);
    expect(inXml.end).toMatchObject({ whole: true });
    expect(inJson).toEqual(inXml);
    expect(inXml.records.find(({ externalId }) => externalId === 'boss')).toMatchObject({
      values: { firstName: null, 'attribute.skills': 'Sales:7' },
      roleFacts: { supervisor: true },
      supervises: [{ id: '6', name: 'North' }],
    });
    expect(uccx.counters().writes).toBe(0);
  });

  test('the second node is read where the first fails, not where it refuses', async () => {
    const other = await startUccx({ system: uccx.system });
    try {
      // One CA for both, as the README asks for.
      const more = { secondNode: other.origin };
      const connection = { url: uccx.origin, username: uccx.username, password: { env: passwordVariable } };
      process.env[passwordVariable] = uccx.password;
      const settings = { connection: { ...connection, tls: { insecure: true }, timeoutMs: 30_000 }, ...more };
      const connector = connectorOf('cisco-uccx');
      const session = await connector.open(connector.configSchema.parse(settings), testKit());
      uccx.faults.on({ kind: 'reset' }, { operation: 'list resource' });
      const { records, end } = await readWhole(session.readAll(testKit().signal));
      expect(records).toHaveLength(43);
      expect(end).toMatchObject({ whole: true, notes: [expect.stringMatching(/second node/)] });
      expect(await session.lookup('0001', testKit().signal)).toBe('present');
      uccx.faults.off();
      other.resetCounters();
      uccx.faults.on({ kind: 'http', status: 401 });
      await expect(readWhole(session.readAll(testKit().signal))).rejects.toMatchObject({ code: 'login-refused' });
      expect(other.counters().byOperation).toEqual({});
    } finally {
      uccx.faults.off();
      await other.close();
    }
  });

  test.each([
    ['who is in the list and in the teams', 'boss', {}],
    ['whose own teams are all that the list of teams has', 'boss', { teamsFiltered: true }],
    ['whose teams do not name their members', 'boss', { teamsWithoutMembers: true }],
  ])('a supervisor’s account is refused with what to grant: one %s', async (_, username, options) => {
    const node = await startUccx({ system: uccx.system, ...options });
    try {
      const session = await open('cisco-uccx', node, {}, username);
      await expect(readWhole(session.readAll(testKit().signal))).rejects.toMatchObject({
        class: 'fatal',
        code: 'right-missing',
        message: expect.stringMatching(/administrator capability/) as string,
      });
      await expect(session.lookup('0001', testKit().signal)).rejects.toMatchObject({ code: 'right-missing' });
    } finally {
      await node.close();
    }
  });

  test('9.3 a look-up by an id of any characters', async () => {
    const session = await open('cisco-uccx', uccx);
    const { signal } = testKit();
    for (const id of ["o'neill", 'jan#1', '0001']) expect(await session.lookup(id, signal)).toBe('present');
    expect(await session.lookup('gone', signal)).toBe('absent');
  });

  test('source check: right, and with each right missing', async () => {
    expect(await checked('cisco-uccx', uccx)).toEqual([...reached, 'login ok', 'skills ok', 'agents ok']);
    expect(await checked('cisco-uccx', uccx, {}, 'boss')).toEqual([
      ...reached,
      'login ok',
      'skills ok',
      'agents failed',
    ]);
    for (const nobody of ['nobody', 'stranger'])
      expect(await checked('cisco-uccx', uccx, {}, nobody)).toEqual([...reached, 'login failed']);
  });
});
