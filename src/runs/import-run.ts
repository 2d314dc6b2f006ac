import { setTimeout as sleep } from 'node:timers/promises';
import { SourceError } from '../connector-kit/errors.ts';
import type { Session } from '../connector-kit/contract.ts';
import { importSource, type ImportEnd } from '../import/import-source.ts';
import { readOneAccount } from '../import/one-account.ts';
import type { ImportStore } from '../import/ports.ts';
import type { Lease } from '../domain/lease.ts';
import { failureOf, incompleteRead, isRetryable } from './failures.ts';
import type { ImportOutcome, RunCounts, RunnableSource, SourceState, SourceStore } from './ports.ts';

/** Waits between attempts where the source names none (spec 3.4), in milliseconds. */
const backoff = [1_000, 5_000];
const longestWait = 60_000;

export interface ImportRunInput {
  readonly source: RunnableSource;
  readonly state: SourceState;
  readonly mode: 'full' | 'delta';
  /** Only this account is read, as a delta of one that moves no cursor (spec 2.8); null: the source. */
  readonly account: string | null;
  readonly imports: ImportStore;
  readonly sources: SourceStore;
  readonly lease: Lease;
  readonly signal: AbortSignal;
  /** Whether two pages of a full read may be stored at once. */
  readonly overlap: boolean;
  readonly progress: (counts: Partial<RunCounts>, total: number | undefined) => Promise<void>;
}

/**
 * Reads one source into accounts, with retries where the source asks for patience and a single attempt where it refuses
 * (spec 3.4). A delta whose cursor the connector cannot use any more becomes a full import (spec 14.4). Never throws for what a source does; a lost lease, a cancel and the database's failures are thrown.
 */
export async function importRun(asked: ImportRunInput): Promise<ImportOutcome> {
  let input = asked;
  let whyFull: readonly string[] = [];
  const counts = { read: 0, new: 0, changed: 0, unchanged: 0, rejected: 0 };
  let anythingRead = false;
  for (let attempt = 0; ; attempt++) {
    Object.assign(counts, { read: 0, unchanged: 0, rejected: 0 });
    const tried = await readOnce(input, counts).catch(sourceErrors);
    anythingRead ||= counts.read + counts.rejected > 0;
    if (input.mode === 'delta' && tried instanceof SourceError && tried.code === 'cursor-unusable') {
      input = { ...input, mode: 'full' };
      whyFull = [`read in full instead of the changes only: ${tried.message}`];
      attempt = -1;
      continue;
    }
    const wait = patience(tried, attempt);
    if (wait !== null) await sleep(wait, undefined, { signal: input.signal });
    else if (tried instanceof SourceError) return refused(input, tried, { counts, anythingRead, whyFull });
    else return outcomeOf(input, tried, counts, whyFull);
  }
}

/** What a source does is an outcome; everything else is thrown on. */
function sourceErrors(error: unknown): SourceError {
  if (error instanceof SourceError) return error;
  throw error;
}

/** How long to wait before the next attempt, in milliseconds; null where there is none (spec 3.4). */
function patience(tried: ImportEnd | SourceError, attempt: number): number | null {
  const passing = tried instanceof SourceError ? isRetryable(tried) : tried.retryable;
  const usual = backoff[attempt];
  if (!passing || usual === undefined) return null;
  const wait = tried instanceof SourceError ? (tried.retryAfterMs ?? usual) : usual;
  return wait <= longestWait ? wait : null;
}

async function refused(
  input: ImportRunInput,
  error: SourceError,
  so: { counts: Partial<RunCounts>; anythingRead: boolean; whyFull: readonly string[] },
): Promise<ImportOutcome> {
  if (error.code === 'login-refused')
    await input.sources.pauseAfterRefusal(input.source.id, error.message, await input.source.secretFingerprint());
  const failure = so.anythingRead ? incompleteRead(error.message) : failureOf(error);
  const { counts, whyFull: notes } = so;
  const nothing = { whole: false, complete: false, unlisted: false, rejects: [], cursorAfter: null };
  return { ...nothing, mode: input.mode, counts, failure, notes };
}

async function readOnce(input: ImportRunInput, counts: ImportCountsOf): Promise<ImportEnd> {
  const session = await input.source.open(input.signal);
  try {
    await checkIdentity(input, session);
    return await importSource({
      store: input.imports,
      lease: input.lease,
      source: input.source.id,
      match: input.source.rules,
      read: readOf(input, session),
      full: input.mode === 'full',
      overlap: input.overlap,
      counts,
      signal: input.signal,
      progress: (_, total) => input.progress(counts, total),
    });
  } finally {
    await session.close();
  }
}

type ImportCountsOf = Parameters<typeof importSource>[0]['counts'];

function readOf(input: ImportRunInput, session: Session): ReturnType<Session['readAll']> {
  const { cursor } = input.state;
  if (input.account !== null) return readOneAccount(session, input.account, input.signal);
  if (input.mode === 'delta' && session.readChanges !== undefined && cursor !== null)
    return session.readChanges(cursor, input.signal);
  return session.readAll(input.signal);
}

/** Another system under a known source id is an error until a person confirms (spec 2.6). */
async function checkIdentity(input: ImportRunInput, session: Session): Promise<void> {
  const known = input.state.systemId;
  if (known === null) {
    await input.sources.rememberSystem(input.source.id, session.systemId);
    return;
  }
  if (known === session.systemId) return;
  await input.sources.noteOtherSystem(input.source.id, session.systemId);
  throw new SourceError(
    'fatal',
    'source-identity-changed',
    `source ${input.source.id} is another system now: it was ${known}, it is ${session.systemId}. Nothing was read; ` +
      'point the source back at the old one, or give the new system a source id of its own; where it is meant to take ' +
      `the place of the old one, say so with: rosterd source confirm ${input.source.id}`,
  );
}

function outcomeOf(
  { mode, state }: ImportRunInput,
  end: ImportEnd,
  counts: Partial<RunCounts>,
  whyFull: readonly string[],
): ImportOutcome {
  return {
    mode,
    counts,
    whole: end.whole,
    complete: end.complete,
    unlisted: end.unlisted,
    failure: end.reason === null ? null : incompleteRead(end.reason),
    rejects: end.rejects,
    notes: [...whyFull, ...end.notes],
    // Whoever was deleted before a read that proves no absence is told of by the former place only, where there is one.
    cursorAfter: end.complete || (end.whole && state.cursor === null) ? end.cursor : null,
  };
}
