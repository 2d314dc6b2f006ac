import type { FastifyRequest } from 'fastify';
import { requireFullScope } from './authentication.ts';
import type { ApiDependencies } from './dependencies.ts';
import type { Diagnostics } from './schemas/diagnostics.ts';

const latestRuns = 50;
/** Counted up to here. */
const most = 200;

/**
 * What whoever helps wants to know: versions, sources, runs, what waits. Codes and numbers, and no text that may name a
 * person: messages, notes, reasons and rejects stay out, and of the configuration the values that are more than a number.
 */
export async function diagnosticsOf(dependencies: ApiDependencies, request: FastifyRequest): Promise<Diagnostics> {
  requireFullScope(request, 'Diagnostics are of everything');
  const queries = dependencies.queries(request);
  const [sources, runs, questions, worklist, held] = await Promise.all([
    queries.sources.list(),
    queries.runs.list({ limit: latestRuns }),
    queries.reviewItems.list({ limit: most }),
    queries.worklist.list({ limit: most }),
    queries.runs.list({ state: 'held', limit: most }),
  ]);
  const kinds: Record<string, number> = {};
  for (const { kind } of questions.items) kinds[kind] = (kinds[kind] ?? 0) + 1;
  return {
    madeAt: new Date().toISOString(),
    version: dependencies.version,
    platform: `${process.platform} ${process.arch}`,
    settings: dependencies.settings().map(({ key, value, origin }) => ({
      ...{ key, origin },
      value: /^(true|false|\d+)$/.test(value) ? value : null,
    })),
    sources: sources.map(({ id, kind, as, enabled, state, failures, accounts, freshness, lastRun, ...source }) => ({
      ...{ id, kind, as, enabled, state, failures, accounts, freshness, lastError: lastRun?.error ?? null },
      ...{ lastSuccessAt: source.lastSuccessAt, lastCompleteAt: source.lastCompleteAt, schedule: source.schedule },
    })),
    runs: runs.items.map(({ id, source, mode, state, counts, error, notes, ...run }) => ({
      ...{ id, source, mode, state, counts, error: error?.code ?? null, notes: notes.length },
      ...{ askedAt: run.askedAt, startedAt: run.startedAt, importedAt: run.importedAt, finishedAt: run.finishedAt },
    })),
    waiting: { held: held.items.length, questions: kinds, worklist: worklist.items.length },
  };
}
