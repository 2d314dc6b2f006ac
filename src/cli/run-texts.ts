import { cleanText } from '../telemetry/clean-text.ts';
import { apiPath, ask, type ApiClient } from './api-client.ts';
import type { Context } from './context.ts';
import { paintState } from './paint.ts';
import { isSettled, stageText, whole } from './progress.ts';
import type { Run, Source } from './shapes.ts';
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

/** Why no user is created yet, source by source, and how to go on (spec 4.8); nothing where no source waits. */
function creationWaits(sources: readonly Source[]): string[] {
  const waitedFor = [...new Set(sources.flatMap(({ waitingFor }) => waitingFor))].sort();
  return waitedFor.map((id) => {
    const source = sources.find((each) => each.id === id);
    return (
      `Nobody is created before every source has been read once, and ${id} has not: ${whyNotRead(source)}. ` +
      `Mend that and run \`rosterd sync\`; to go on without it: \`rosterd source pause ${id}\`, then \`rosterd sync\`.`
    );
  });
}

function whyNotRead(source: Source | undefined): string {
  if (source === undefined) return 'it is not known any more';
  if (source.state === 'paused' && source.pauseReason !== null) return `it is paused, ${source.pauseReason}`;
  const { lastRun } = source;
  if (lastRun === null) return 'it has had no run yet';
  const why = lastRun.message === null ? '' : `: ${lastRun.message} (${lastRun.error ?? ''})`;
  return lastRun.state === 'failed' || lastRun.state === 'cancelled'
    ? `its run ${String(lastRun.id)} ${lastRun.state === 'failed' ? 'failed' : 'was cancelled'}${why}`
    : `its run ${String(lastRun.id)} is ${lastRun.state}${why}`;
}

/** Says why no user is created yet, where that is so. */
export async function tellCreationWaits(context: Context, client: ApiClient): Promise<void> {
  const { items } = (await ask(client, 'GET', apiPath('sources'))) as { items: readonly Source[] };
  await tellWaits(context, items);
}

/** The same where the sources are known. */
export async function tellWaits(context: Context, sources: readonly Source[]): Promise<void> {
  for (const text of creationWaits(sources)) await context.err.line(cleanText(text, 2_000));
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
