import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Page, ReadEnd, Session } from '../../../src/connector-kit/contract.ts';
import { SourceError } from '../../../src/connector-kit/errors.ts';
import { importRun, type ImportRunInput } from '../../../src/runs/import-run.ts';
import type { ImportOutcome, RunnableSource, SourceState, SourceStore } from '../../../src/runs/ports.ts';
import { MemoryImportStore } from '../import/memory-import-store.ts';
import { complete, page, read, record, rejection } from '../import/reads.ts';
import { acdRules } from '../reconcile/rules.ts';

/** The clock is the edge: waits are noted and are over at once, unless the signal is aborted. */
const clock = vi.hoisted(() => ({ waits: [] as number[], onWait: (): void => undefined }));
vi.mock('node:timers/promises', async (original) => ({
  ...(await original<object>()),
  setTimeout: (ms: number, _value: unknown, options: { signal: AbortSignal }): Promise<void> => {
    clock.waits.push(ms);
    clock.onWait();
    return options.signal.aborted ? Promise.reject(options.signal.reason as Error) : Promise.resolve();
  },
}));
beforeEach(() => {
  clock.waits = [];
  clock.onWait = () => undefined;
});

/** What one attempt meets: no session, or the pages of a read and its end. */
type Attempt =
  SourceError | { readonly pages?: readonly Page[]; readonly end?: ReadEnd | Error; readonly systemId?: string };

interface Given {
  readonly attempts: readonly Attempt[];
  readonly systemId?: string | null;
  readonly mode?: 'full' | 'delta';
  readonly cursor?: string | null;
  readonly signal?: AbortSignal;
  readonly store?: MemoryImportStore;
}

interface Ran {
  readonly outcome: ImportOutcome;
  readonly store: MemoryImportStore;
  readonly opened: number;
  readonly closed: number;
  /** Which read of the session each attempt used. */
  readonly reads: readonly string[];
  readonly remembered: readonly string[];
  /** Other systems found in the place of the known one. */
  readonly others: readonly (readonly string[])[];
  readonly paused: readonly (readonly [source: string, reason: string, fingerprint: string])[];
}

async function ran(given: Given): Promise<Ran> {
  const store = given.store ?? new MemoryImportStore();
  const seen = {
    opened: 0,
    closed: 0,
    reads: [] as string[],
    remembered: [] as string[],
    others: [] as string[][],
    paused: [] as Ran['paused'][number][],
  };
  const open = (): Promise<Session> => {
    const attempt = given.attempts[seen.opened++];
    if (attempt === undefined) throw new Error('there was one attempt too many');
    if (attempt instanceof SourceError) return Promise.reject(attempt);
    const start = (how: string): ReturnType<typeof read> => {
      seen.reads.push(how);
      return read(attempt.pages ?? [], attempt.end);
    };
    return Promise.resolve({
      systemId: attempt.systemId ?? 'system-1',
      readAll: () => start('all'),
      readChanges: (cursor) => start(`since ${cursor}`),
      lookup: () => Promise.resolve('unsupported'),
      close: () => {
        seen.closed++;
        return Promise.resolve();
      },
    });
  };
  const source: Pick<RunnableSource, 'id' | 'rules' | 'open' | 'secretFingerprint'> = {
    id: 'acd',
    rules: acdRules,
    open,
    secretFingerprint: () => Promise.resolve('fingerprint'),
  };
  const sources: Pick<SourceStore, 'rememberSystem' | 'noteOtherSystem' | 'pauseAfterRefusal'> = {
    rememberSystem: (_source, systemId) => {
      seen.remembered.push(systemId);
      return Promise.resolve();
    },
    noteOtherSystem: (...found) => {
      seen.others.push(found);
      return Promise.resolve();
    },
    pauseAfterRefusal: (...refusal) => {
      seen.paused.push(refusal);
      return Promise.resolve();
    },
  };
  const state: Pick<SourceState, 'systemId' | 'cursor'> = {
    systemId: given.systemId === undefined ? 'system-1' : given.systemId,
    cursor: given.cursor ?? null,
  };
  const input: ImportRunInput = {
    source: source as RunnableSource,
    state: state as SourceState,
    ...{ mode: given.mode ?? 'full', account: null },
    imports: store,
    sources: sources as SourceStore,
    lease: { name: 'source:acd', token: 't' },
    signal: given.signal ?? new AbortController().signal,
    overlap: true,
    progress: () => Promise.resolve(),
  };
  const outcome = await importRun(input);
  return { outcome, store, ...seen };
}

const refused = new SourceError('fatal', 'login-refused', 'the log-in of rosterd was refused');
const busy = new SourceError('retryable', 'busy', 'the source is busy');
const unreachable = new SourceError('retryable', 'unreachable', 'connection refused');
const busyFor = (ms: number): SourceError => new SourceError('retryable', 'busy', 'later', { retryAfterMs: ms });
const brokenOff: Attempt = { end: { whole: false, reason: 'reset', retryable: true } };
const good: Attempt = { pages: [page([record('a')])] };

interface Row extends Given {
  readonly situation: string;
  /** In milliseconds. */
  readonly waits: readonly number[];
  readonly opened: number;
  /** The run's error; null where it went through. */
  readonly code: string | null;
  readonly pauses?: boolean;
}

const attempts: Row[] = [
  { situation: 'a read that goes through is one attempt', attempts: [good], waits: [], opened: 1, code: null },
  {
    situation: 'a refused log-in is tried once, and the source is paused',
    attempts: [refused],
    waits: [],
    opened: 1,
    code: 'login-refused',
    pauses: true,
  },
  {
    situation: 'a log-in refused after a retry is not tried again either',
    attempts: [busy, refused],
    waits: [1_000],
    opened: 2,
    code: 'login-refused',
    pauses: true,
  },
  {
    situation: 'another fatal error is tried once, and pauses nothing',
    attempts: [new SourceError('fatal', 'right-missing', 'may not list')],
    waits: [],
    opened: 1,
    code: 'right-missing',
  },
  {
    situation: 'a busy source is asked again after a while',
    attempts: [busy, good],
    waits: [1_000],
    opened: 2,
    code: null,
  },
  {
    situation: 'and again after a longer one',
    attempts: [busy, unreachable, good],
    waits: [1_000, 5_000],
    opened: 3,
    code: null,
  },
  {
    situation: 'and then no more',
    attempts: [unreachable, busy, unreachable],
    waits: [1_000, 5_000],
    opened: 3,
    code: 'unreachable',
  },
  {
    situation: 'a source that names a delay is given it',
    attempts: [busyFor(30_000), good],
    waits: [30_000],
    opened: 2,
    code: null,
  },
  { situation: 'also a short one', attempts: [busyFor(0), busyFor(10), good], waits: [0, 10], opened: 3, code: null },
  {
    situation: 'a read that was broken off for a cause that may pass is read again',
    attempts: [brokenOff, good],
    waits: [1_000],
    opened: 2,
    code: null,
  },
  {
    situation: 'a read that is broken off each time ends as incomplete',
    attempts: [brokenOff, brokenOff, brokenOff],
    waits: [1_000, 5_000],
    opened: 3,
    code: 'incomplete-read',
  },
  {
    situation: 'a read that reached a limit of the source is not read again',
    attempts: [{ end: { whole: false, reason: 'size limit' } }],
    waits: [],
    opened: 1,
    code: 'incomplete-read',
  },
  {
    situation: 'a source that asks for more than a minute is left for the next run',
    attempts: [busyFor(61_000)],
    waits: [],
    opened: 1,
    code: 'busy',
  },
];

describe('3.4 how often a source is tried', () => {
  for (const row of attempts)
    it(`3.4 ${row.situation}`, async () => {
      const run = await ran(row);
      expect({ waits: clock.waits, opened: run.opened }).toEqual({ waits: row.waits, opened: row.opened });
      expect(run.outcome.failure?.code ?? null).toBe(row.code);
      expect(run.paused).toEqual(row.pauses === true ? [['acd', refused.message, 'fingerprint']] : []);
    });

  it('3.4 a read that breaks off is started anew, and its session closed', async () => {
    const run = await ran({
      attempts: [{ pages: [page([record('a')])], end: busy }, { pages: [page([record('a')]), page([record('b')])] }],
    });
    expect({ opened: run.opened, closed: run.closed, present: run.store.present() }).toEqual({
      opened: 2,
      closed: 2,
      present: ['a', 'b'],
    });
    expect(run.outcome).toMatchObject({ complete: true, failure: null, cursorAfter: 'next' });
  });

  it('2.5 what a broken-off attempt has stored counts once, as new', async () => {
    const { outcome } = await ran({
      attempts: [{ pages: [page([record('a')])], end: busy }, { pages: [page([record('a'), record('b')])] }],
    });
    expect(outcome.counts).toEqual({ read: 2, new: 2, changed: 0, unchanged: 0, rejected: 0 });
  });

  it('14.3 a cancel ends the waiting, and no further attempt is made', async () => {
    const cancelled = new AbortController();
    clock.onWait = () => {
      cancelled.abort(new Error('cancelled by a person'));
    };
    await expect(ran({ attempts: [busy], signal: cancelled.signal })).rejects.toThrow('cancelled by a person');
  });

  it('14.4 what is not the source’s fault is thrown, not retried', async () => {
    const store = new MemoryImportStore();
    store.inLease = () => Promise.reject(new Error('disk full'));
    await expect(ran({ attempts: [good], store })).rejects.toThrow('disk full');
    expect(clock.waits).toEqual([]);
  });
});

const known = (): MemoryImportStore => {
  const store = new MemoryImportStore();
  store.put('a');
  store.put('missing');
  return store;
};

interface EndRow extends Given {
  readonly rule: string;
  readonly situation: string;
  readonly complete: boolean;
  readonly code: string | null;
  readonly cursorAfter: string | null;
  readonly present: readonly string[];
}

const ends: EndRow[] = [
  {
    rule: '3.1',
    situation: 'a complete read proves absence and moves the cursor',
    attempts: [good],
    complete: true,
    code: null,
    cursorAfter: 'next',
    present: ['a'],
  },
  {
    rule: '3.2',
    situation: 'a source that says that there was more: incomplete, nothing concluded, no cursor',
    attempts: [{ pages: [page([record('a')])], end: { whole: false, reason: 'size limit', cursor: 'next' } }],
    complete: false,
    code: 'incomplete-read',
    cursorAfter: null,
    present: ['a', 'missing'],
  },
  {
    rule: '3.2',
    situation: 'a connection that drops after some data, each time: incomplete, and what was read has been stored',
    attempts: Array.from({ length: 3 }, () => ({ pages: [page([record('new')])], end: unreachable })),
    complete: false,
    code: 'incomplete-read',
    cursorAfter: null,
    present: ['a', 'missing', 'new'],
  },
  {
    rule: '3.2',
    situation: 'no connection at all: that is what the run says',
    attempts: [unreachable, unreachable, unreachable],
    complete: false,
    code: 'unreachable',
    cursorAfter: null,
    present: ['a', 'missing'],
  },
  {
    rule: '3.2',
    situation: 'data, and then no connection any more: incomplete, for what was read is there',
    attempts: [{ pages: [page([record('new')])], end: unreachable }, unreachable, unreachable],
    complete: false,
    code: 'incomplete-read',
    cursorAfter: null,
    present: ['a', 'missing', 'new'],
  },
  {
    rule: '2.2',
    situation:
      'a rejected record without an id: whole, yet it proves no absence; the cursor before it stays where there is one',
    attempts: [{ pages: [page([record('a')], { rejected: [rejection()] })] }],
    complete: false,
    code: null,
    cursorAfter: null,
    cursor: 'before',
    present: ['a', 'missing'],
  },
  {
    rule: '2.2',
    situation: 'a rejected record without an id in a first read: a first cursor',
    attempts: [{ pages: [page([record('a')], { rejected: [rejection()] })] }],
    complete: false,
    code: null,
    cursorAfter: 'next',
    present: ['a', 'missing'],
  },
  {
    rule: '2.2',
    situation: 'a rejected record with an id: complete',
    attempts: [{ pages: [page([record('a')], { rejected: [rejection('bad')] })] }],
    complete: true,
    code: null,
    cursorAfter: 'next',
    present: ['a'],
  },
  {
    rule: '2.6',
    situation: 'another system under the source’s id: nothing is read',
    attempts: [{ pages: [page([record('theirs')])], systemId: 'system-2' }],
    complete: false,
    code: 'source-identity-changed',
    cursorAfter: null,
    present: ['a', 'missing'],
  },
];

describe('how an import ends', () => {
  for (const row of ends)
    it(`${row.rule} ${row.situation}`, async () => {
      const { outcome, store } = await ran({ ...row, store: known() });
      expect({
        complete: outcome.complete,
        code: outcome.failure?.code ?? null,
        cursorAfter: outcome.cursorAfter,
        present: store.present(),
      }).toEqual({ complete: row.complete, code: row.code, cursorAfter: row.cursorAfter, present: row.present });
    });

  it('2.6 the first import remembers whom it talks to; later ones only compare', async () => {
    expect((await ran({ attempts: [good], systemId: null })).remembered).toEqual(['system-1']);
    expect((await ran({ attempts: [good] })).remembered).toEqual([]);
  });

  it('2.6 a changed identity names both systems, and is not tried again', async () => {
    const run = await ran({ attempts: [{ systemId: 'system-2' }] });
    expect(run.outcome.failure?.message).toMatch(/system-1.*system-2.*rosterd source confirm acd$/);
    expect(run.others).toEqual([['acd', 'system-2']]);
    expect({ opened: run.opened, closed: run.closed, waits: clock.waits }).toEqual({ opened: 1, closed: 1, waits: [] });
  });

  it('14.4 a delta that cannot go on from its cursor becomes a full import in the same run, and says why', async () => {
    const unusable = new SourceError('fatal', 'cursor-unusable', 'dc1 was restored from a backup');
    const run = await ran({
      attempts: [{ end: unusable }, { pages: [page([record('a')])], end: complete }],
      mode: 'delta',
      cursor: 'k',
      store: known(),
    });
    expect(run.reads).toEqual(['since k', 'all']);
    expect({ closed: run.closed, waits: clock.waits, present: run.store.present() }).toEqual({
      closed: 2,
      waits: [],
      present: ['a'],
    });
    expect(run.outcome).toMatchObject({
      mode: 'full',
      complete: true,
      failure: null,
      cursorAfter: 'next',
      notes: ['read in full instead of the changes only: dc1 was restored from a backup'],
    });
  });

  it('14.4 a full import is not tried for ever', async () => {
    const unusable = new SourceError('fatal', 'cursor-unusable', 'no');
    const run = await ran({ attempts: [{ end: unusable }, { end: unusable }], mode: 'delta', cursor: 'k' });
    expect(run.outcome).toMatchObject({ mode: 'full', failure: { code: 'cursor-unusable' } });
  });

  for (const row of [
    { situation: 'a delta goes on from the cursor', mode: 'delta', cursor: 'k', reads: ['since k'] },
    { situation: 'a delta without a cursor reads everything', mode: 'delta', cursor: null, reads: ['all'] },
    { situation: 'a full import reads everything, whatever the cursor', mode: 'full', cursor: 'k', reads: ['all'] },
  ] as const)
    it(`3.5 ${row.situation}`, async () => {
      const { reads } = await ran({ attempts: [{ end: complete }], mode: row.mode, cursor: row.cursor });
      expect(reads).toEqual(row.reads);
    });
});
