import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { DryRunRequest, DryRuns } from './api/dependencies.ts';
import { ApiError } from './api/problem.ts';
import type { DryRunReport } from './api/schemas/runs.ts';
import { buildApplication, type ApplicationOptions } from './application.ts';
import { classesOf, type Change, type GuardClass } from './domain/change.ts';
import { heard } from './heard.ts';
import {
  noteBefore,
  playedDecisions,
  playedQuestions,
  playedRuns,
  type Before,
  type PlayedDecision,
} from './store/queries/dry-run.ts';
import { createRunQueries } from './store/queries/runs.ts';
import {
  openScratchStore,
  removeLeftScratchStore,
  type CopiedStore,
  type ScratchStore,
} from './store/scratch-store.ts';
import type { Db } from './store/sql.ts';

/** What a dry run needs of the process that plays it. */
export type DryRunOptions = Pick<
  ApplicationOptions,
  'settings' | 'connectors' | 'log' | 'redactor' | 'osUser' | 'signal'
>;

/** Decisions, and questions, that a report names; what is beyond is said to be left out. */
const mostNamed = 50_000;
/** As for the embedded database: it is one. */
const batchSize = 200;

/** Removes the copy that a dry run which was killed has left. */
export function removeLeftDryRun(dataDir: string): Promise<void> {
  return removeLeftScratchStore(join(dataDir, 'dry-run'));
}

/** A copy of the store to play a sync on; `from` is not needed any more once this has been made. Null: an empty one. */
export function openDryRun(dataDir: string, from: CopiedStore | null): Promise<ScratchStore> {
  return openScratchStore(join(dataDir, 'dry-run'), from);
}

/**
 * Plays a sync through on a copy of the store (spec 13.4), with everything that it would wake, and tells what it would have
 * done. Sources are read as ever; nothing else is touched: no lease, no queue, nobody is told.
 */
export async function playDryRun(
  scratch: ScratchStore,
  options: DryRunOptions,
  request: Pick<DryRunRequest, 'sources' | 'mode' | 'operator'>,
): Promise<DryRunReport> {
  const { db } = scratch;
  const before = await noteBefore(db);
  const working: Promise<void>[] = [];
  const application = await buildApplication({
    ...options,
    db,
    log: options.log.child({ dryRun: true }),
    batchSize,
    overlap: false,
    served: false,
    access: 'write',
    queueRun: (runId) => {
      working.push(heard(application.engine.executeRun(runId)));
      return Promise.resolve();
    },
    requestReconcile: () => Promise.resolve(),
    nextRuns: () => [],
    dryRuns: noDryRuns,
  });
  try {
    await application.epoch.enter(options.signal);
    const { engine } = application;
    const { refused } = await engine.sync({ ...request, askedBy: request.operator });
    await allOf(working);
    await engine.reconcileNow();
    await allOf(working);
    return { refused, ...(await report(db, before)) };
  } finally {
    await application.api.close();
  }
}

/** Waits for work that more may be added to meanwhile. */
async function allOf(working: Promise<void>[]): Promise<void> {
  for (let next = working.shift(); next !== undefined; next = working.shift()) await next;
}

/** For a process that is asked for none. */
export const noDryRuns: DryRuns = {
  start: () => {
    throw new ApiError(409, 'not-possible-here', 'This process plays no dry runs.');
  },
  report: () => Promise.resolve(undefined),
};

/** Plays dry runs one at a time and keeps the last one's report. `ended` waits for the one that is under way. */
export function keepDryRuns(
  play: (request: DryRunRequest) => Promise<DryRunReport>,
): DryRuns & { ended(): Promise<void> } {
  let last: { readonly id: string; atRest: boolean; readonly report: Promise<DryRunReport> } | null = null;
  return {
    start(request) {
      if (last?.atRest === false)
        throw new ApiError(409, 'dry-run-under-way', 'A dry run is under way: wait for its end, then ask again.');
      const begun = { id: `dry-run-${randomUUID()}`, atRest: false, report: play(request) };
      last = begun;
      const rest = (): void => {
        begun.atRest = true;
      };
      // Who asks for the report hears why there is none.
      begun.report.then(rest, rest);
      return begun.id;
    },
    async report(id) {
      if (last?.id !== id) return undefined;
      return last.atRest ? last.report : null;
    },
    async ended() {
      await Promise.allSettled([last?.report]);
    },
  };
}

async function report(db: Db, before: Before): Promise<Omit<DryRunReport, 'refused'>> {
  const queries = createRunQueries(db, null);
  const runs = await Promise.all((await playedRuns(db, before)).map((id) => queries.get(id)));
  const decisions = await playedDecisions(db, before, mostNamed + 1);
  const questions = await playedQuestions(db, before, mostNamed + 1);
  return {
    runs: runs.filter((run) => run !== null),
    decisions: decisions.slice(0, mostNamed).map((decision) => ({ ...decision, changes: classified(decision) })),
    questions: questions.slice(0, mostNamed),
    leftOut: decisions.length > mostNamed || questions.length > mostNamed,
  };
}

/** Each change with the class that the guard counts it in; a link and a creation are counted as one. */
function classified({ kind, changes }: PlayedDecision): DryRunReport['decisions'][number]['changes'] {
  const whole: GuardClass | undefined = kind === 'create' ? 'created' : kind === 'link' ? 'linked' : undefined;
  return changes.map((change) => ({ ...change, class: whole ?? classesOf([change as Change])[0] ?? null }));
}
