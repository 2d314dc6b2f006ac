import type { Run } from '../../../api/schemas/runs.ts';
import type { Source } from '../../../api/schemas/sources.ts';

/** What is to be said of a source, the worst that is true of it. */
export type Standing =
  | { readonly kind: 'log-in-refused' | 'other-system'; readonly detail: string | null; readonly since: string | null }
  | {
      readonly kind: 'failing';
      readonly detail: string | null;
      readonly since: string | null;
      /** How many runs in a row have failed. */
      readonly runs: number;
    }
  | { readonly kind: 'held'; readonly run: number; readonly since: string | null }
  | {
      readonly kind: 'stale' | 'waiting' | 'never-run' | 'running' | 'fresh' | 'off';
      readonly since: string | null;
      readonly detail: string | null;
    }
  | {
      readonly kind: 'paused' | 'retired';
      readonly since: string | null;
      readonly detail: string | null;
      readonly by: string;
    };

export interface SourceLine {
  readonly id: string;
  readonly kind: string;
  readonly standing: Standing;
  readonly lastSuccessAt: string | null;
  readonly nextRun: string | null;
  readonly lastRun: number | null;
}

const worstFirst: readonly Standing['kind'][] = [
  'log-in-refused',
  'other-system',
  'failing',
  'held',
  'stale',
  'waiting',
  'never-run',
  'paused',
  'running',
  'fresh',
  'off',
  'retired',
];

/** The sources as the overview tells them, the worst first. Pure. */
export function sourceLines(sources: readonly Source[], held: readonly Run[], now: number): readonly SourceLine[] {
  return sources
    .map((source) => ({
      id: source.id,
      kind: source.kind,
      standing: standingOf(
        source,
        held.find((run) => run.source === source.id),
        now,
      ),
      lastSuccessAt: source.lastSuccessAt,
      nextRun: source.nextRuns[0] ?? null,
      lastRun: source.lastRun?.id ?? null,
    }))
    .sort((one, other) => rankOf(one) - rankOf(other));
}

export function toneOf({ kind }: Standing): 'good' | 'note' | 'bad' | 'quiet' {
  if (['log-in-refused', 'other-system', 'failing', 'held'].includes(kind)) return 'bad';
  if (kind === 'off' || kind === 'retired' || kind === 'paused') return 'quiet';
  return kind === 'fresh' || kind === 'running' ? 'good' : 'note';
}

function rankOf({ standing }: SourceLine): number {
  return worstFirst.indexOf(standing.kind);
}

function standingOf(source: Source, held: Run | undefined, now: number): Standing {
  const { state, lastRun, lastSuccessAt, newSystemId, waitingFor } = source;
  const detail = lastRun?.message ?? null;
  if (source.retiredBy !== null)
    return { kind: 'retired', since: source.retiredAt, detail: source.retireReason, by: source.retiredBy };
  if (!source.enabled) return { kind: 'off', since: null, detail: null };
  if (state === 'paused' && source.pausedBy === 'system')
    return { kind: 'log-in-refused', since: source.pausedAt, detail: source.pauseReason };
  if (state === 'paused')
    return { kind: 'paused', since: source.pausedAt, detail: source.pauseReason, by: source.pausedBy ?? '' };
  if (newSystemId !== null) return { kind: 'other-system', since: null, detail: newSystemId };
  if (source.failures > 0 || state === 'failing')
    return { kind: 'failing', since: lastSuccessAt, detail, runs: source.failures };
  if (held !== undefined) return { kind: 'held', run: held.id, since: held.heldAt };
  if (state === 'never-run') return { kind: 'never-run', since: null, detail: null };
  if (waitingFor.length > 0) return { kind: 'waiting', since: null, detail: waitingFor.join(', ') };
  if (state === 'running') return { kind: 'running', since: lastSuccessAt, detail: null };
  return { kind: isStale(source, now) ? 'stale' : 'fresh', since: lastSuccessAt, detail: null };
}

/** Older than two turns of its schedule (spec 14.6), as far as the next two runs tell how long one is. */
function isStale({ lastSuccessAt, nextRuns }: Source, now: number): boolean {
  const [next, then] = nextRuns.map((time) => Date.parse(time));
  if (lastSuccessAt === null || next === undefined || then === undefined) return false;
  return now - Date.parse(lastSuccessAt) > 2 * (then - next) + 60_000;
}
