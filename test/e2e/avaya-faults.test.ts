import Table from 'cli-table3';
import { afterAll, describe, expect, test } from 'vitest';
import type { CertificateKind } from '../support/simulators/avaya-sms/certificates.ts';
import type { Fault, FaultScope } from '../support/simulators/avaya-sms/faults.ts';
import { startAvayaSms } from '../support/simulators/avaya-sms/server.ts';
import type { AvayaSms } from '../support/simulators/avaya-sms/server.ts';
import { rowVersions, serverDatabase } from './support/database.ts';
import type { Database } from './support/database.ts';
import { createSite } from './support/rosterd.ts';
import type { Site, Synced } from './support/rosterd.ts';
import { without } from './support/rows.ts';

/** Issue 3, to show 4 (the ACD's half) and 5: what every fault of Avaya's service does to a run, and to its sessions. */

const AGENTS = 24;
const TIMEOUT_MS = 1_500;

type Failure = { readonly exit: number; readonly code: string; readonly message: RegExp };

type Case = {
  readonly name: string;
  readonly fault: Fault | CertificateKind;
  readonly scope?: FaultScope;
  /** How the run fails under it. */
  readonly ends: Failure;
};

const failed = (exit: number, code: string, message: RegExp): Failure => ({ exit, code, message });

const http = (status: number, retryAfter?: string): Fault =>
  retryAfter === undefined ? { kind: 'http', status } : { kind: 'http', status, retryAfter };
const agents = { operation: 'list Agent' } as const;

const cases: readonly Case[] = [
  { name: '401', fault: http(401), ends: failed(4, 'login-refused', /connection\.password/) },
  { name: '403', fault: http(403), ends: failed(4, 'right-missing', /grant/) },
  { name: '429, Retry-After 1', fault: http(429, '1'), ends: failed(1, 'busy', /busy/) },
  { name: '429, Retry-After 3600', fault: http(429, '3600'), ends: failed(1, 'busy', /busy/) },
  { name: '500', fault: http(500), ends: failed(7, 'unreachable', /500/) },
  { name: '503', fault: http(503), ends: failed(1, 'busy', /busy/) },
  { name: 'redirect', fault: { kind: 'redirect' }, ends: failed(1, 'configuration', /never followed/) },
  { name: 'garbage', fault: { kind: 'garbage' }, ends: failed(1, 'protocol', /connection\.url/) },
  {
    name: 'SOAP fault',
    fault: { kind: 'soap-fault', text: 'Internal error' },
    ends: failed(1, 'protocol', /Internal error/),
  },
  { name: 'slower than timeoutMs', fault: { kind: 'slow', ms: 60_000 }, ends: failed(7, 'timeout', /timeoutMs/) },
  { name: 'never answers', fault: { kind: 'never-answers' }, ends: failed(7, 'timeout', /timeoutMs/) },
  { name: 'reset', fault: { kind: 'reset' }, ends: failed(7, 'unreachable', /reset/) },
  {
    name: 'reset in mid-body',
    fault: { kind: 'reset-in-body' },
    scope: agents,
    ends: failed(7, 'unreachable', /in the middle of its answer/),
  },
  {
    name: 'body cut, Content-Length',
    fault: { kind: 'cut', framing: 'content-length' },
    scope: agents,
    ends: failed(7, 'unreachable', /in the middle of its answer/),
  },
  {
    name: 'body cut, chunked',
    fault: { kind: 'cut', framing: 'chunked' },
    scope: agents,
    ends: failed(7, 'unreachable', /in the middle of its answer/),
  },
  {
    name: 'body cut, document only',
    fault: { kind: 'cut', framing: 'document' },
    scope: agents,
    ends: failed(1, 'protocol', /was cut/),
  },
  { name: 'empty list', fault: { kind: 'empty-list' }, scope: agents, ends: failed(1, 'incomplete-read', /empty/) },
  {
    name: 'half a list',
    fault: { kind: 'half-list', announced: false },
    scope: agents,
    ends: failed(6, 'held', /more than half/),
  },
  {
    name: 'half a list, announced',
    fault: { kind: 'half-list', announced: true },
    scope: agents,
    ends: failed(1, 'incomplete-read', /11 of 22/),
  },
  {
    name: 'result_code 3',
    fault: { kind: 'result-code', resultCode: 3, messageText: 'Command aborted' },
    scope: agents,
    ends: failed(1, 'incomplete-read', /Command aborted/),
  },
  {
    name: 'session expires at each call',
    fault: { kind: 'expired-session' },
    ends: failed(7, 'unreachable', /lost the session/),
  },
  { name: 'no free session', fault: { kind: 'no-free-session' }, ends: failed(1, 'busy', /in use/) },
  { name: 'self-signed certificate', fault: 'self-signed', ends: failed(7, 'tls', /self-signed/) },
  { name: 'expired certificate', fault: 'expired', ends: failed(7, 'tls', /expired/) },
  { name: "another host's certificate", fault: 'wrong-host', ends: failed(7, 'tls', /another host/) },
];

type Place = { readonly site: Site; readonly database: Database; readonly sms: AvayaSms };

async function place(label: string, cmHosts: readonly string[] = ['cm.example']): Promise<Place> {
  const [site, database, sms] = await Promise.all([createSite(label), serverDatabase(), startAvayaSms({ cmHosts })]);
  for (let index = 1; index <= AGENTS; index += 1) {
    sms.cm.agents.set(`041${String(index).padStart(3, '0')}`, {
      Name: `Nováková-${String.fromCharCode(64 + index)}, Eva`,
      skills: [{ number: '12', level: '1' }],
    });
  }
  sms.cm.huntGroups.set('12', { Group_Name: 'Inbound', Skill: 'y', ACD: 'y' });
  await site.write('password', `${sms.password}\n`);
  return { site, database, sms };
}

async function leave({ site, database, sms }: Place): Promise<void> {
  await Promise.all([site.remove(), database.drop(), sms.close()]);
}

function source(id: string, sms: AvayaSms, username = sms.username): Record<string, unknown> {
  const connection = { url: sms.url, username, password: { file: 'password' }, tls: { caFile: sms.caFile } };
  return { id, kind: 'avaya-cm', connection: { ...connection, timeoutMs: TIMEOUT_MS } };
}

/** Everything that is known of people, and who counts as gone. What an import notes of an account concludes nothing yet. */
async function peopleOf({ database }: Place): Promise<object> {
  return database.query(async (sql) => ({
    gone: await sql('select external_id from account where gone_since is not null'),
    // A pause of the source is an event of its own.
    rows: without(await rowVersions(sql), 'event', 'account'),
  }));
}

async function meets({ sms }: Place, { fault, scope = {} }: Case): Promise<void> {
  if (typeof fault === 'string') await sms.useCertificate(fault);
  else sms.faults.on(fault, scope);
}

async function recovers({ site, sms }: Place, ended: Synced): Promise<Synced> {
  sms.faults.off();
  await sms.useCertificate('trusted');
  if (ended.code === 4) await site.run('source', 'resume', 'acd');
  return site.sync();
}

describe.concurrent(
  '3.1, 3.2 every fault of the ACD: the run says so, concludes nothing, and the next clean run recovers',
  () => {
    const table: string[][] = [];
    afterAll(() => {
      const order = cases.map(({ name }) => name);
      table.sort(([a = ''], [b = '']) => order.indexOf(a) - order.indexOf(b));
      const head = ['fault', 'run', 'exit', 'code', 'message', 'concluded', 'next clean run'];
      const printed = new Table({
        head,
        style: { head: [], border: [] },
        colWidths: [24, 8, 6, 17, 70, 11, 26],
        wordWrap: true,
      });
      printed.push(...table);
      process.stdout.write(`${printed.toString()}\n`);
    });

    test.each(cases)(
      '$name',
      async (each) => {
        const here = await place('avaya-fault');
        try {
          const { site, database, sms } = here;
          await site.configure({ database: database.setting, sources: [source('acd', sms)] });
          const first = await site.sync();
          expect([first.stderr, first.code, first.runs[0]?.counts['created']]).toEqual(['', 0, AGENTS]);
          const before = await peopleOf(here);
          // What a run that concluded something would conclude.
          for (const id of ['041001', '041002']) sms.cm.agents.delete(id);
          sms.resetCounters();

          await meets(here, each);
          const ended = await site.sync();
          const [run] = ended.runs;
          const { exit, code, message } = each.ends;
          const seen = { exit: ended.code, state: run?.state, code: run?.error?.code };
          expect({ ...seen, said: run?.error?.message }).toMatchObject({
            exit,
            state: exit === 6 ? 'held' : 'failed',
            code,
          });
          expect(run?.error?.message).toMatch(message);
          expect(await peopleOf(here)).toEqual(before);
          expect(run?.error?.message ?? '').not.toContain(sms.password);
          expect(sms.counters().sessions.open).toBe(0);
          expect(sms.counters()).toMatchObject({ overlaps: 0, writes: 0, elsewhere: 0 });

          const clean = await recovers(here, ended);
          expect([clean.code, clean.runs[0]?.state, clean.runs[0]?.counts['gone']]).toEqual([0, 'completed', 2]);
          const recovery = `${clean.runs[0]?.state ?? ''}, ${clean.runs[0]?.counts['gone'] ?? ''} gone`;
          table.push([
            each.name,
            run?.state ?? '',
            String(ended.code),
            run?.error?.code ?? '',
            run?.error?.message ?? '',
            'nothing',
            recovery,
          ]);
        } finally {
          await leave(here);
        }
      },
      240_000,
    );
  },
);

test('after 200 runs, half of them with faults: as many sessions released as opened, never two calls at a time', async () => {
  const cmHosts = ['cm-a.example', 'cm-b.example', 'cm-c.example', 'cm-d.example'];
  const here = await place('avaya-sessions', cmHosts);
  try {
    const { site, database, sms } = here;
    // Two sources on each CM: what must wait for each other is the CM, not the source.
    const sources = cmHosts.flatMap((host, index) =>
      ['x', 'y'].map((half) => ({
        ...source(`acd-${String(index)}-${half}`, sms, `rosterd@${host}`),
        createsUsers: false,
      })),
    );
    await site.configure({ database: database.setting, sources });
    const menu: readonly (readonly [Fault, FaultScope])[] = [
      [{ kind: 'result-code', resultCode: 3, messageText: 'Command aborted' }, agents],
      [{ kind: 'reset-in-body' }, agents],
      [{ kind: 'expired-session' }, { operation: 'list Agent' }],
      [http(500), agents],
      [{ kind: 'cut', framing: 'chunked' }, {}],
      [{ kind: 'reset' }, agents],
      [{ kind: 'cut', framing: 'content-length' }, agents],
      [{ kind: 'garbage' }, agents],
      [{ kind: 'soap-fault', text: 'Internal error' }, agents],
      [{ kind: 'never-answers' }, agents],
      [{ kind: 'half-list', announced: false }, agents],
      [http(429, '1'), agents],
      [http(503), { operation: 'release' }],
      [{ kind: 'reset' }, { operation: 'release' }],
      [{ kind: 'no-free-session' }, {}],
      [{ kind: 'reset-in-body' }, {}],
      [{ kind: 'cut', framing: 'document' }, {}],
    ];
    const states: Record<string, number> = {};
    let runs = 0;
    for (let round = 0; runs < 200; round += 1) {
      // Most pass and the next attempt is clean; in every fifth round they last until the runs give up.
      const times = round % 5 === 4 ? Number.POSITIVE_INFINITY : 1;
      cmHosts.forEach((cmHost, index) => {
        const [fault, scope] = menu[(round * cmHosts.length + index) % menu.length] ?? [];
        if (fault === undefined) return;
        // A service that refuses every release keeps its session; one refusal has to be survived.
        sms.faults.on(fault, { ...scope, cmHost, times: scope?.operation === 'release' ? 1 : times });
      });
      const synced = await site.sync('--full');
      sms.faults.off();
      for (const { state } of synced.runs) states[state] = (states[state] ?? 0) + 1;
      runs += synced.runs.length;
    }
    const { sessions, overlaps, simultaneous, byOperation } = sms.counters();
    process.stdout.write(
      `${JSON.stringify({ runs, states, faults: sms.faults.met, sessions, overlaps, simultaneous, byOperation })}\n`,
    );
    expect({ overlaps, simultaneous }).toEqual({ overlaps: 0, simultaneous: 1 });
    expect(sessions.open).toBe(0);
    expect(sessions.opened).toBe(sessions.released + sessions.expired);
    expect(sms.faults.met).toBeGreaterThanOrEqual(runs / 2);
  } finally {
    await leave(here);
  }
}, 600_000);
