import type { Context } from './context.ts';
import { paintState } from './paint.ts';
import { isSettled, stageText, whole } from './progress.ts';
import type { Run } from './shapes.ts';
import type { Column } from './table.ts';
import { span } from './times.ts';

/** The counts of a run that are not zero, such as `300 read, 12 new`. */
export function countsText({ counts }: Run): string {
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${whole(count)} ${name === 'review' ? 'for review' : name}`)
    .join(', ');
}

/** How long a run took; empty while it has not ended. */
export function tookText({ startedAt, finishedAt }: Run): string {
  if (!startedAt || !finishedAt) return '';
  return span(new Date(finishedAt).getTime() - new Date(startedAt).getTime());
}

/** What a run came to: its error, whom it waits for, or its counts. */
function resultText(run: Run): string {
  if (run.error) return `${run.error.code}: ${run.error.message}`;
  if (!isSettled(run)) return stageText(run);
  const waits = waitingText(run.waitingFor);
  return waits === '' ? countsText(run) || 'nothing to do' : waits;
}

/** Whom a run or a source waits for (spec 4.8); empty where it waits for nobody. */
export function waitingText(waitingFor: readonly string[]): string {
  return waitingFor.length === 0 ? '' : `waits for ${waitingFor.join(', ')}`;
}

/** The columns of a run's line, in `sync` and `run list`. */
export function runColumns(context: Context): readonly Column<Run>[] {
  return [
    { head: 'RUN', value: (run) => run.id, align: 'right', whole: true },
    { head: 'SOURCE', value: (run) => run.source, whole: true },
    { head: 'MODE', value: (run) => run.mode },
    { head: 'STATE', value: (run) => run.state, paint: (state) => paintState(context.paint, state) },
    { head: 'STARTED', value: (run) => context.time(run.startedAt ?? run.askedAt) },
    { head: 'TOOK', value: tookText, align: 'right' },
    { head: 'RESULT', value: resultText },
  ];
}
