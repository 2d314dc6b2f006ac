import type { Run } from '../../../api/schemas/runs.ts';

/** How a state looks: good only for what is whole. */
export function toneOf({ state }: Pick<Run, 'state'>): 'good' | 'note' | 'bad' | 'quiet' {
  if (state === 'completed') return 'good';
  if (state === 'failed' || state === 'held') return 'bad';
  return state === 'cancelled' ? 'quiet' : 'note';
}

/** Whether anything about it may still change by itself. */
export function isUnderWay({ state }: Pick<Run, 'state'>): boolean {
  return state === 'queued' || state === 'importing' || state === 'reconciling';
}

/** What it counted, without what it did not. */
export function countsOf({ counts }: Pick<Run, 'counts'>): readonly (readonly [keyof Run['counts'], number])[] {
  return (Object.entries(counts) as [keyof Run['counts'], number][]).filter(([, count]) => count > 0);
}

/** How long it took, or has taken so far, in seconds. */
export function secondsOf({ startedAt, finishedAt }: Run, now: number): number | null {
  if (startedAt === null) return null;
  return Math.max(0, Math.round(((finishedAt === null ? now : Date.parse(finishedAt)) - Date.parse(startedAt)) / 1000));
}
