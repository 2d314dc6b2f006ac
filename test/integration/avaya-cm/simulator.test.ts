import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { connector } from '../../../connectors/avaya-cm/connector.ts';
import type { CheckStep, Kit, ReadEnd, Session } from '../../../src/connector-kit/contract.ts';
import { SourceError } from '../../../src/connector-kit/errors.ts';
import { readWhole, testKit } from '../../support/read-source.ts';
import type { Fault, FaultScope } from '../../support/simulators/avaya-sms/faults.ts';
import { startAvayaSms } from '../../support/simulators/avaya-sms/server.ts';
import type { AvayaSms } from '../../support/simulators/avaya-sms/server.ts';

const AGENTS = 1_500;
const TIMEOUT_MS = 1_000;

let sms: AvayaSms;
beforeAll(async () => {
  sms = await startAvayaSms({ callMs: 2, cmHosts: ['cm.example', 'cm2.example'] });
  process.env['ROSTERD_AVAYA_SIMULATOR_PASSWORD'] = sms.password;
  sms.cm.huntGroups.set('12', { Group_Name: 'Sales', Skill: 'y' });
  sms.cm.huntGroups.set('15', { Group_Name: 'Support', Skill: 'y' });
  for (let index = 0; index < AGENTS; index += 1) {
    const skills = index % 3 === 0 ? [] : [{ number: index % 2 === 0 ? '12' : '15', level: String((index % 5) + 1) }];
    const native = index === 7 ? { Native_Name_1: '田中', Native_Name_2: ', 太郎' } : {};
    const automatic = index % 500 === 499 ? { AAS: 'y' } : {};
    sms.cm.agents.set(idOf(index), { Name: `Nováková, Eva ${String(index)}`, skills, ...native, ...automatic });
  }
});
afterAll(() => sms.close());
afterEach(() => {
  sms.faults.off();
  sms.resetCounters();
});

function idOf(index: number): string {
  return String(index).padStart(5, '0');
}

function configOf(more: object = {}, connection: object = {}): never {
  return connector.configSchema.parse({
    connection: {
      url: sms.url,
      username: sms.username,
      password: { env: 'ROSTERD_AVAYA_SIMULATOR_PASSWORD' },
      tls: { caFile: sms.caFile },
      timeoutMs: TIMEOUT_MS,
      ...connection,
    },
    ...more,
  }) as never;
}

async function open(more: object = {}, connection: object = {}): Promise<Session> {
  return connector.open(configOf(more, connection), testKit());
}

async function readOnce(more: object = {}, kit: Kit = testKit()): Promise<ReadEnd | SourceError> {
  const session = await open(more);
  try {
    return (await readWhole(session.readAll(kit.signal))).end;
  } catch (error) {
    if (error instanceof SourceError) return error;
    throw error;
  }
}

describe('a read', () => {
  test('brings everybody but automatic agents, with three calls and a release', async () => {
    const session = await open({ skillTeams: { sales: 'Sales CZ', 15: 'Support' } });
    const { records, rejected, pages, end } = await readWhole(session.readAll(testKit().signal));
    expect(records).toHaveLength(AGENTS - 3);
    expect(rejected).toEqual([]);
    expect(pages).toBe(2);
    expect(end).toEqual({ whole: true, retryable: false, notes: ['3 automatic agents (AAS) left out'] });
    expect(records[8]).toEqual({
      externalId: '00008',
      values: {
        username: '00008',
        acdId: '00008',
        firstName: 'Eva 8',
        lastName: 'Nováková',
        'attribute.skills': '12:4',
      },
      teams: [{ id: 'sales cz', name: 'Sales CZ' }],
    });
    expect(records[9]).toMatchObject({ values: { 'attribute.skills': null }, teams: [] });
    expect(sms.counters()).toMatchObject({
      requests: 5,
      writes: 0,
      elsewhere: 0,
      sessions: { opened: 1, released: 1, open: 0 },
    });
  });

  test('with display brings native names, one agent after the other', async () => {
    const { agents } = sms.cm;
    const others = [...agents].slice(20);
    for (const [id] of others) agents.delete(id);
    onTestFinished(() => others.forEach(([id, agent]) => agents.set(id, agent)));
    const session = await open({ display: true, names: { native: true } });
    const { records, end } = await readWhole(session.readAll(testKit().signal));
    expect(end.whole).toBe(true);
    expect(records[7]?.values).toMatchObject({ firstName: '太郎', lastName: '田中' });
    expect(records[8]?.values).toMatchObject({ firstName: 'Eva 8', lastName: 'Nováková' });
    expect(sms.counters()).toMatchObject({
      byOperation: { 'display Agent': 20 },
      overlaps: 0,
      sessions: { opened: 1, released: 1 },
    });
  });

  test('of two sources of one CM waits, of two CMs does not', async () => {
    await Promise.all([readOnce(), readOnce(), readOnce({ names: { order: 'last-first' } })]);
    expect(sms.counters()).toMatchObject({ overlaps: 0, simultaneous: 1, sessions: { opened: 3, released: 3 } });
    sms.faults.on({ kind: 'slow', ms: 300 }, { operation: 'list Agent', times: 1 });
    const slow = readOnce();
    const other = await open({}, { username: sms.username.replace('cm.', 'cm2.') });
    await other.lookup('00001', testKit().signal);
    expect(sms.counters().sessions.open).toBe(1);
    await slow;
  });

  test('that is cancelled ends at once, and its session with it', async () => {
    sms.faults.on({ kind: 'never-answers' }, { operation: 'list Agent' });
    const controller = new AbortController();
    const read = readOnce({}, testKit({ signal: controller.signal }));
    setTimeout(() => controller.abort(new Error('the run was cancelled')), 100);
    await expect(read).rejects.toThrow('the run was cancelled');
    expect(sms.counters().sessions).toMatchObject({ opened: 1, released: 1, open: 0 });
  });
});

test('a look-up knows who is there', async () => {
  const session = await open();
  const states = [];
  for (const id of ['00001', '99999', '00499']) states.push(await session.lookup(id, testKit().signal));
  expect(states).toEqual(['present', 'absent', 'absent']);
  expect(sms.counters()).toMatchObject({ requests: 6, sessions: { opened: 3, released: 3 } });
});

describe('every fault', () => {
  const list: FaultScope = { operation: 'list Agent' };
  const once: FaultScope = { ...list, times: 1 };
  const faults: readonly (readonly [name: string, fault: Fault, scope: FaultScope, outcome: object])[] = [
    ['401', { kind: 'http', status: 401 }, {}, { class: 'fatal', code: 'login-refused' }],
    ['403', { kind: 'http', status: 403 }, {}, { class: 'fatal', code: 'right-missing' }],
    [
      '429',
      { kind: 'http', status: 429, retryAfter: '3' },
      {},
      { class: 'retryable', code: 'busy', retryAfterMs: 3000 },
    ],
    ['500', { kind: 'http', status: 500 }, {}, { class: 'retryable', code: 'unreachable' }],
    ['503', { kind: 'http', status: 503 }, list, { class: 'retryable', code: 'busy' }],
    ['redirect', { kind: 'redirect' }, {}, { class: 'fatal', code: 'configuration' }],
    ['garbage', { kind: 'garbage' }, list, { class: 'retryable', code: 'protocol' }],
    ['soap fault', { kind: 'soap-fault', text: 'Internal error' }, list, { class: 'retryable', code: 'protocol' }],
    ['slow', { kind: 'slow', ms: 3 * TIMEOUT_MS }, list, { class: 'retryable', code: 'timeout' }],
    ['never answers', { kind: 'never-answers' }, list, { class: 'retryable', code: 'timeout' }],
    ['reset', { kind: 'reset' }, list, { class: 'retryable', code: 'unreachable' }],
    ['reset in the body', { kind: 'reset-in-body' }, list, { class: 'retryable', code: 'unreachable' }],
    ['cut', { kind: 'cut', framing: 'content-length' }, list, { class: 'retryable', code: 'unreachable' }],
    ['cut chunks', { kind: 'cut', framing: 'chunked' }, list, { class: 'retryable', code: 'unreachable' }],
    ['cut document', { kind: 'cut', framing: 'document' }, list, { class: 'retryable', code: 'protocol' }],
    ['expired session', { kind: 'expired-session' }, list, { class: 'retryable', code: 'unreachable' }],
    ['no free session', { kind: 'no-free-session' }, {}, { class: 'retryable', code: 'busy' }],
    [
      'result code',
      { kind: 'result-code', resultCode: 5, messageText: 'Aborted' },
      list,
      { whole: false, retryable: false },
    ],
    ['empty list', { kind: 'empty-list' }, list, { whole: false, retryable: false }],
    ['half a list', { kind: 'half-list', announced: false }, once, { whole: false, retryable: true }],
    ['half a list, announced', { kind: 'half-list', announced: true }, list, { whole: false, retryable: true }],
  ];

  test.each(faults)(
    '%s is told for what it is; the session ends, and the next read is complete',
    async (_, fault, scope, outcome) => {
      sms.faults.on(fault, scope);
      expect(await readOnce()).toMatchObject(outcome);
      expect(sms.counters()).toMatchObject({ elsewhere: 0, overlaps: 0, sessions: { open: 0 } });
      sms.faults.off();
      expect(await readOnce()).toMatchObject({ whole: true });
      const { opened, released, expired } = sms.counters().sessions;
      expect(released + expired).toBe(opened);
    },
  );

  test('a first answer that breaks off has its session released too', async () => {
    for (const fault of [{ kind: 'reset-in-body' }, { kind: 'cut', framing: 'document' }] as const) {
      sms.faults.on(fault, { operation: 'list count Agent', times: 1 });
      expect(await readOnce()).toMatchObject({ class: 'retryable' });
    }
    expect(sms.counters().sessions).toMatchObject({ opened: 2, released: 2, open: 0 });
  });

  test('a wrong password is tried once', async () => {
    process.env['ROSTERD_AVAYA_WRONG_PASSWORD'] = 'wrong';
    const session = await open({}, { password: { env: 'ROSTERD_AVAYA_WRONG_PASSWORD' } });
    await expect(readWhole(session.readAll(testKit().signal))).rejects.toMatchObject({ code: 'login-refused' });
    expect(sms.counters()).toMatchObject({ requests: 1, refusedLogins: 1 });
  });
});

describe('a check', () => {
  async function checkWith(more: object = {}, connection: object = {}): Promise<CheckStep | undefined> {
    const steps = await connector.check(configOf(more, connection), testKit());
    const names = ['configuration', 'dns', 'tcp', 'tls', 'login', 'agents', 'skills', 'release'];
    expect(steps.map(({ name }) => name)).toEqual(names.slice(0, steps.length));
    expect(sms.counters().sessions.open).toBe(0);
    return steps.find(({ outcome }) => outcome !== 'ok') ?? steps.at(-1);
  }

  test('goes step by step, and ends with the release', async () => {
    expect(await checkWith({ skillTeams: { Sales: 'Sales CZ' } })).toMatchObject({ name: 'release', outcome: 'ok' });
    expect(sms.counters()).toMatchObject({ overlaps: 0, sessions: { opened: 1, released: 1 } });
  });

  test.each([
    ['self-signed', 'failed', 'caFile'],
    ['expired', 'failed', 'caFile'],
    ['wrong-host', 'failed', 'caFile'],
    ['expiring', 'warning', 'renew'],
  ] as const)('sees a certificate that is %s', async (kind, outcome, remedy) => {
    await sms.useCertificate(kind);
    onTestFinished(() => sms.useCertificate('trusted'));
    const step = await checkWith();
    expect(step).toMatchObject({ name: 'tls', outcome });
    expect(step?.remedy).toContain(remedy);
    if (outcome === 'warning') return;
    expect(await readOnce()).toMatchObject({ class: 'fatal', code: 'tls' });
    expect(sms.counters().requests).toBe(0);
  });

  test('says that an unchecked certificate is none', async () => {
    await sms.useCertificate('self-signed');
    onTestFinished(() => sms.useCertificate('trusted'));
    const step = await checkWith({}, { tls: { insecure: true } });
    expect(step).toMatchObject({
      name: 'tls',
      outcome: 'warning',
      detail: expect.stringContaining('it is not checked') as string,
    });
  });

  test('says what to do about a refused log-in, a missing right and a skill that there is not', async () => {
    sms.faults.on({ kind: 'http', status: 401 });
    expect(await checkWith()).toMatchObject({
      name: 'login',
      outcome: 'failed',
      remedy: expect.stringContaining('LOGIN@CM-HOST') as string,
    });
    sms.faults.off();
    sms.faults.on({ kind: 'result-code', resultCode: 3, messageText: 'Permission denied' });
    expect(await checkWith()).toMatchObject({
      name: 'agents',
      outcome: 'failed',
      remedy: expect.stringContaining('agent-loginID') as string,
    });
    sms.faults.off();
    expect(await checkWith({ skillTeams: { Nobody: 'X' } })).toMatchObject({
      name: 'skills',
      outcome: 'warning',
      remedy: expect.stringContaining('skillTeams') as string,
    });
  });
});
