import { resolve } from 'node:path';
import { cleanText } from '../../telemetry/clean-text.ts';
import { apiPath, ask } from '../api-client.ts';
import type { ApiClient } from '../api-client.ts';
import { valueText } from '../card.ts';
import type { Context } from '../context.ts';
import { Interrupted } from '../errors.ts';
import { exitCodeOfSync } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { tableFor } from '../listing.ts';
import type { DryRun, DryRunReport, SyncStarted } from '../shapes.ts';

export interface DryRunWish {
  readonly sources?: readonly string[];
  readonly mode: 'full' | 'delta';
  /** As the person named it, in place of the configuration that the daemon runs with. */
  readonly configFile: string | undefined;
}

const pauseMs = 500;
/** For a daemon that is starting, and for a command that holds the data directory. */
const patienceMs = 30_000;

/** `sync --dry-run`: plays the sync through on a copy of the store, in the daemon where one runs, and shows what it would do. */
export async function runDry(context: Context, wish: DryRunWish): Promise<ExitCode> {
  const interrupt = new AbortController();
  const stopListening = context.world.onInterrupt(() => {
    stopListening();
    interrupt.abort(new Interrupted());
  });
  try {
    const report = await reportOf(context, wish, interrupt.signal);
    if (context.json) await printForPrograms(context, report);
    else await printForPeople(context, report);
    return exitCodeOfSync(report.runs, report.refused);
  } finally {
    stopListening();
  }
}

async function reportOf(context: Context, wish: DryRunWish, signal: AbortSignal): Promise<DryRunReport> {
  const found = await context.daemon();
  if (found !== null) return playedThere(context, found.client, wish, signal);
  try {
    return await playedHere(context, wish, signal);
  } catch (error) {
    if (signal.aborted) throw new Interrupted();
    // A daemon that was starting may answer now.
    const held = error instanceof Error && 'code' in error && error.code === 'data-directory-held';
    const started = held ? await context.daemon() : null;
    if (started === null) throw error;
    return playedThere(context, started.client, wish, signal);
  }
}

async function playedHere(
  { world, configFile }: Context,
  { mode, sources }: DryRunWish,
  signal: AbortSignal,
): Promise<DryRunReport> {
  const daemon = await world.loadDaemon();
  const request = { mode, ...(sources === undefined ? {} : { sources }) };
  return daemon.dryRun({ configFile, redactor: world.redactor, wait: patienceMs, signal, request });
}

async function playedThere(
  { world }: Context,
  client: ApiClient,
  { configFile, ...wish }: DryRunWish,
  signal: AbortSignal,
): Promise<DryRunReport> {
  const chosen = configFile === undefined ? {} : { configFile: resolve(configFile) };
  const body = { ...wish, ...chosen, dryRun: true };
  const { id } = (await ask(client, 'POST', apiPath('syncs'), { body })) as SyncStarted;
  for (;;) {
    const { report } = (await ask(client, 'GET', apiPath('syncs', id, 'dry-run'))) as DryRun;
    if (report !== null) return report;
    await world.sleep(pauseMs, signal);
    if (signal.aborted) throw new Interrupted();
  }
}

/** One object per line; `is` tells which they are. */
async function printForPrograms(context: Context, { runs, refused, decisions, questions, leftOut }: DryRunReport) {
  await context.out.json(...decisions.map((decision) => ({ is: 'decision', ...decision })));
  await context.out.json(...questions.map((question) => ({ is: 'question', ...question })));
  await context.out.json(...refused.map((each) => ({ is: 'refused', ...each })));
  await context.out.json(...runs.map((run) => ({ is: 'run', ...run })));
  if (leftOut) await context.out.json({ is: 'left-out', message: leftOutText });
}

const leftOutText = 'There is more than this: only the first 50,000 decisions and questions are shown.';

/** One field of one user, or a whole account. */
interface Line {
  readonly what: string;
  readonly who: string;
  readonly field: string;
  readonly before: string;
  readonly after: string;
}

const columns = [
  { head: 'CLASS', value: (line: Line) => line.what, whole: true },
  { head: 'USER', value: (line: Line) => line.who },
  { head: 'FIELD', value: (line: Line) => line.field, whole: true },
  { head: 'BEFORE', value: (line: Line) => line.before },
  { head: 'AFTER', value: (line: Line) => line.after },
];

async function printForPeople(context: Context, report: DryRunReport): Promise<void> {
  const { runs, refused, decisions, questions } = report;
  const lines = decisions.flatMap(linesOf);
  const byClass = Map.groupBy(lines, (line) => line.what);
  const render = tableFor(context, columns);
  await context.out.write(render([...byClass.values()].flat()));
  for (const [what, of] of byClass)
    await context.hint(`${what}: ${String(new Set(of.map(({ who }) => who)).size)} users or accounts`);
  for (const [kind, of] of Map.groupBy(questions, (question) => question.kind))
    await context.hint(`question ${kind}: ${String(of.length)}`);
  for (const { source, code, message } of refused) await context.err.line(`${source}: ${cleanText(message)} (${code})`);
  for (const { source, state, error } of runs)
    if (error !== undefined)
      await context.err.line(
        `${source ?? 'all users'} would be ${state}: ${cleanText(reasonOf(state, error.message), 2000)} (${error.code})`,
      );
  if (report.leftOut) await context.hint(leftOutText);
  await context.hint(lines.length === 0 ? 'This sync would change nobody.' : 'Nothing of this was done.');
}

/** How to go on with a run that there is not would lead astray. */
function reasonOf(state: string, message: string): string {
  return state === 'held' ? (message.split(': nothing was applied')[0] ?? message) : message;
}

function linesOf(decision: DryRunReport['decisions'][number]): Line[] {
  const { kind, username, externalId, userId, changes, source } = decision;
  const who = username ?? (userId === null ? `${source ?? ''} ${externalId ?? ''}`.trim() : String(userId));
  if (kind === 'unmatched') return [];
  if (changes.length === 0) return [{ what: whole[kind] ?? kind, who, field: '', before: '', after: '' }];
  return changes.map(({ field, before, after, class: what }) => ({
    ...{ what: what ?? kind, who, field },
    ...{ before: valueText(before), after: valueText(after) },
  }));
}

/** What a decision without changes of fields counts as. */
const whole: Readonly<Partial<Record<string, string>>> = { create: 'created', link: 'linked' };
