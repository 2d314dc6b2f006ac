import { cleanText } from '../../telemetry/clean-text.ts';
import { apiPath, ask } from '../api-client.ts';
import type { ApiClient } from '../api-client.ts';
import { addCommand } from '../command.ts';
import type { RosterdCommand, Runner } from '../command.ts';
import type { Context } from '../context.ts';
import { Interrupted } from '../errors.ts';
import { exitCodeOfSync } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { tableFor } from '../listing.ts';
import { describeProgress, ProgressLine } from '../progress.ts';
import { runColumns, tellCreationWaits } from '../run-texts.ts';
import type { RefusedSource, Run, Sync, SyncStarted } from '../shapes.ts';
import { runDry } from './dry-run.ts';

interface SyncOptions {
  readonly full?: boolean;
  readonly dryRun?: boolean;
}

/** From quick to patient, in milliseconds: a small sync ends at once, a long one is not asked all the time. */
const firstPauseMs = 50;
const longestPauseMs = 200;

export function addSyncCommand(program: RosterdCommand, runner: Runner): void {
  addCommand<SyncOptions>(program, runner, {
    call: 'sync [SOURCE...]',
    summary: 'read sources and bring the users up to date; ends when everything is at rest',
    details: [
      'Prints one line per run, those included that the sync woke. Sources that are paused are left out unless they are named,',
      'and then refused. Of several results the exit code is the worst: 7, 4, 1, 3, 6, 5, 0.',
    ].join('\n'),
    arguments: { SOURCE: 'the ids of sources; all of them where none is named' },
    options: [
      ['--full', 'read everything, also where the source can tell what changed'],
      [
        '--dry-run',
        'show what this would change, user by user, and change nothing; with --config also another configuration',
      ],
    ],
    run: async (context, sources, { full = false, dryRun = false, config }) => {
      const wish = { ...(sources.length === 0 ? {} : { sources }), mode: full ? 'full' : 'delta' } as const;
      return dryRun ? runDry(context, { ...wish, configFile: config }) : runSync(context, wish);
    },
  });
}

async function runSync(
  context: Context,
  body: { sources?: readonly string[]; mode: 'full' | 'delta' },
): Promise<ExitCode> {
  const { client, where } = await context.connect('write');
  const interrupt = new AbortController();
  // Once only: a second Ctrl-C ends the process at once.
  const stopListening = context.world.onInterrupt(() => {
    stopListening();
    interrupt.abort();
  });
  try {
    const { id, runs: asked, refused } = (await ask(client, 'POST', apiPath('syncs'), { body })) as SyncStarted;
    await tellRefused(context, refused);
    const runs = asked.length === 0 ? [] : await untilAtRest(context, client, id, interrupt.signal);
    await printRuns(context, runs, refused);
    if (runs.some(({ waitingFor }) => waitingFor.length > 0)) await tellCreationWaits(context, client);
    return exitCodeOfSync(runs, refused);
  } catch (error) {
    if (error instanceof Interrupted) await context.err.line(interruptedText(where));
    throw error;
  } finally {
    stopListening();
  }
}

function interruptedText(where: 'daemon' | 'in-process'): string {
  return where === 'daemon'
    ? 'The sync goes on in the daemon: `rosterd run list` shows it, `rosterd run cancel RUN` stops a run.'
    : 'Stopping; what has been applied stays, and the next `rosterd sync` or `rosterd start` goes on.';
}

async function untilAtRest(
  context: Context,
  client: ApiClient,
  id: string,
  signal: AbortSignal,
): Promise<readonly Run[]> {
  const progress = new ProgressLine(context.err, () => context.world.now().getTime());
  let pause = firstPauseMs;
  try {
    for (;;) {
      const { atRest, runs } = (await ask(client, 'GET', apiPath('syncs', id))) as Sync;
      if (atRest) return runs.toSorted((a, b) => a.id - b.id);
      await progress.show(describeProgress(runs));
      await context.world.sleep(pause, signal);
      if (signal.aborted) throw new Interrupted();
      pause = Math.min(longestPauseMs, pause * 1.5);
    }
  } finally {
    await progress.clear();
  }
}

async function tellRefused(context: Context, refused: readonly RefusedSource[]): Promise<void> {
  for (const { source, code, message } of refused) {
    await context.err.line(
      context.json
        ? JSON.stringify({ refused: { source, code, message } })
        : `${source}: ${cleanText(message)} (${code})`,
    );
  }
}

async function printRuns(context: Context, runs: readonly Run[], refused: readonly RefusedSource[]): Promise<void> {
  if (context.json) return context.out.json(...runs);
  await context.out.write(tableFor(context, runColumns(context))(runs));
  for (const { id, source, error } of runs) {
    if (error)
      await context.err.line(
        `error: run ${id} of ${source ?? 'all sources'}: ${cleanText(error.message, 2000)} (${error.code})`,
      );
  }
  if (runs.length === 0 && refused.length === 0) {
    await context.hint('No source to read: none is configured, or all are paused (`rosterd source list`).');
  }
}
