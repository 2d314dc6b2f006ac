import type { Lease } from '../domain/lease.ts';
import type { Pass } from '../apply/pass.ts';
import type { RunCounts, RunRecord, RunStore } from './ports.ts';

/** A person asked for the run to stop (spec 14.3). */
export class Cancelled extends Error {
  override readonly name = 'Cancelled';
}

/** How far an import is, several times a second at the most; hears whether a person has cancelled it. */
export function importProgress(
  runs: RunStore,
  lease: Lease,
  runId: number,
): (counts: Partial<RunCounts>, total: number | undefined) => Promise<void> {
  const started = performance.now();
  let saved = 0;
  return async (counts, total) => {
    const now = performance.now();
    if (now - saved < 300) return;
    saved = now;
    const done = counts.read ?? 0;
    const rate = Math.round((done * 1000) / Math.max(now - started, 1));
    const progress = total === undefined ? { done, rate } : { done, rate, total };
    const { cancelAsked } = await runs.saveProgress(lease, runId, 'import', counts, progress);
    if (cancelAsked) throw new Cancelled();
  };
}

/** Says of each batch how far the run is, at which pace, and hears whether a person has cancelled it (spec 14.2, 14.3). */
export function progressOf(
  { run, runs, lease }: { readonly run: RunRecord; readonly runs: RunStore; readonly lease: Lease },
  counts: Pass['counts'],
): Pass['progress'] {
  let [current, started] = ['', 0];
  return async (phase, done) => {
    const now = performance.now();
    if (phase !== current) [current, started] = [phase, now];
    const rate = Math.round((done * 1000) / Math.max(now - started, 1));
    const known = { ...run.counts, skipped: counts.skipped };
    const { cancelAsked } = await runs.saveProgress(lease, run.id, phase, known, { done, rate });
    if (cancelAsked) throw new Cancelled();
  };
}
