import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunnableSource, RunStore, SourceState, SourceStore } from './ports.ts';

export interface SyncAnswer {
  readonly syncId: string;
  readonly runIds: readonly number[];
  readonly refused: readonly Refusal[];
}

/** Why a source is not read although somebody asked for it. */
interface Refusal {
  readonly source: string;
  readonly code: 'source-paused' | 'source-unknown' | 'source-disabled' | 'source-retired';
  readonly message: string;
}

/** One account that is to be read anew. */
export interface AccountAsked {
  readonly source: string;
  readonly externalId: string;
}

export interface RefreshAnswer {
  readonly syncId: string;
  /** The run of each account whose source can be asked. */
  readonly runIds: readonly (AccountAsked & { readonly runId: number })[];
  readonly refused: readonly Refusal[];
}

interface Configured {
  readonly sources: readonly RunnableSource[];
  readonly disabledSources: readonly string[];
}

/** Why a source cannot be asked for, at most one reason. */
export function refusalOf(
  { sources, disabledSources }: Configured,
  id: string,
  state: SourceState | undefined,
): Refusal[] {
  const say = (code: Refusal['code'], message: string): Refusal[] => [{ source: id, code, message }];
  if (disabledSources.includes(id))
    return say('source-disabled', `source ${id} has enabled: false in the configuration`);
  if (!sources.some((source) => source.id === id))
    return say('source-unknown', `there is no source ${id} in the configuration`);
  if (state?.retired === true) return say('source-retired', `source ${id} is retired`);
  if (state?.paused === true)
    return say('source-paused', `source ${id} is paused; resume it with: rosterd source resume ${id}`);
  return [];
}

interface Asking extends Configured {
  readonly runStore: RunStore;
  readonly sourceStore: SourceStore;
  readonly queueRun: (runId: number) => Promise<void>;
}

/** Queues a run for each account; all of them import before the first reconciles (spec 2.8). */
export async function askForAccounts(
  asking: Asking,
  accounts: readonly AccountAsked[],
  askedBy: string,
): Promise<RefreshAnswer> {
  const { runStore, sourceStore, queueRun } = asking;
  const states = await sourceStore.states();
  const sources = [...new Set(accounts.map(({ source }) => source))];
  const refused = sources.flatMap((id) => refusalOf(asking, id, states.get(id)));
  const syncId = randomUUID();
  const runIds: RefreshAnswer['runIds'][number][] = [];
  for (const { source, externalId } of accounts) {
    if (refused.some((each) => each.source === source)) continue;
    const request = { source, account: externalId, mode: 'delta', askedBy, syncId } as const;
    const runId = await runStore.enqueue(request);
    if (runId !== null) runIds.push({ source, externalId, runId });
  }
  for (const { runId } of runIds) await queueRun(runId);
  return { syncId, runIds, refused };
}

/** Asks again and again, first quickly and then patiently; false where it does not become true in time, or before a stop. */
export async function untilTrue(
  ask: () => Promise<boolean>,
  patienceMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  const until = Date.now() + patienceMs;
  for (let pause = 25; !signal.aborted; pause = Math.min(pause * 1.5, 200)) {
    if (await ask()) return true;
    if (Date.now() > until) return false;
    await sleep(pause);
  }
  return false;
}
