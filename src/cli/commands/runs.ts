import { runStates } from '../../domain/run-state.ts';
import { apiPath, ask } from '../api-client.ts';
import { card, valueText } from '../card.ts';
import { addCommand, addGroup, firstOf } from '../command.ts';
import type { RosterdCommand, Runner } from '../command.ts';
import type { Context } from '../context.ts';
import { printListing } from '../listing.ts';
import { isSettled, stageText } from '../progress.ts';
import { paintState } from '../paint.ts';
import { countsText, runColumns, tellCreationWaits, tookText, waitingText } from '../run-texts.ts';
import type { Run } from '../shapes.ts';
import { parseTime } from '../times.ts';
import { addReopenCommand } from './refusals.ts';
import { addHeldRunCommands, showDecisions } from './held-runs.ts';

interface RunListOptions {
  readonly source?: string;
  readonly state?: string;
  readonly since?: string;
  readonly until?: string;
  readonly all?: boolean;
}

export function addRunCommands(program: RosterdCommand, runner: Runner): void {
  const run = addGroup(
    program,
    'run',
    'list, show, approve, discard, cancel: what ran and how it ended',
    'Runs: what was imported and reconciled, and how it ended',
  );
  addCommand<RunListOptions>(run, runner, {
    call: 'list',
    summary: 'runs that did something, the newest first',
    options: [
      ['--source <SOURCE>', 'only of this source'],
      ['--state <STATE>', 'only in this state', runStates],
      ['--since <TIME>', 'from this time on: 2026-03-31, "2026-03-31 15:00", or a span such as 90m, 12h, 7d'],
      ['--until <TIME>', 'up to this time'],
      ['--all', 'also those that found nothing to do'],
    ],
    run: async (context, _args, { source, state, since, until, all }) => {
      const timeOf = (text: string | undefined): string | undefined =>
        text === undefined ? undefined : parseTime(text, context.world.now(), 'past');
      const busy = all === true || state !== undefined ? undefined : true;
      await printListing<Run>(context, {
        path: apiPath('runs'),
        query: { source, state, since: timeOf(since), until: timeOf(until), busy },
        columns: runColumns(context),
        empty:
          busy === true
            ? 'No run did anything; `rosterd run list --all` shows those that found nothing to do.'
            : 'No such runs. `rosterd sync` starts one.',
        onTerminal: { most: 50, hint: 'These are the newest 50; all of them: `rosterd run list --json`, or `| less`.' },
      });
      return undefined;
    },
  });
  addCommand(run, runner, {
    call: 'show <RUN>',
    summary: 'one run: state, counts, times, error, rejected records',
    arguments: { RUN: 'the number of the run, from `rosterd run list`' },
    run: async (context, args) => {
      const client = await context.api('read');
      const shown = (await ask(client, 'GET', apiPath('runs', firstOf(args)))) as Run;
      if (context.json) await context.out.json(shown);
      else {
        await context.out.write(runCard(context, shown));
        if (shown.waitingFor.length > 0) await tellCreationWaits(context, client);
        if (shown.state === 'held') await showDecisions(context, client, shown);
      }
      return undefined;
    },
  });
  addHeldRunCommands(run, runner);
  addReopenCommand(run, runner);
  addCommand(run, runner, {
    call: 'cancel <RUN>',
    summary: 'stop a run at its next page or batch',
    details: 'What the run has applied so far stays, and each user is wholly before or wholly after a decision.',
    arguments: { RUN: 'the number of the run, from `rosterd run list`' },
    run: async (context, args) => {
      const client = await context.api('write');
      const id = firstOf(args);
      const answer = await ask(client, 'POST', apiPath('runs', id, 'cancel'), { body: {} });
      if (context.json) await context.out.json(answer);
      else
        await context.out.line(
          `Run ${id} stops at its next page or batch; \`rosterd run show ${id}\` shows how it ended.`,
        );
      return undefined;
    },
  });
}

function runCard(context: Context, run: Run): string {
  const head = `${context.paint.bold(`Run ${run.id}`)} · ${run.source ?? 'all sources'} · ${run.mode} · ${paintState(context.paint, run.state)}\n\n`;
  const body = card([
    ['Error', run.error ? `${valueText(run.error.message)} (${run.error.code})` : ''],
    ['Waiting', waitingText(run.waitingFor)],
    ['Now', isSettled(run) ? '' : stageText(run)],
    ['Counts', countsText(run)],
    ['Digest', run.state === 'held' ? valueText(run.digest) : ''],
    ['Asked by', valueText(run.askedBy)],
    ['Asked', context.time(run.askedAt)],
    ['Started', context.time(run.startedAt)],
    ['Finished', context.time(run.finishedAt)],
    ['Took', tookText(run)],
    ...run.notes.map((note, index) => [index === 0 ? 'Notes' : '', valueText(note)] as const),
  ]);
  const rejects = run.rejects.map((reject) => `  ${rejectText(reject)}\n`);
  return `${head}${body}${rejects.length === 0 ? '' : `\nRejected records\n${rejects.join('')}`}`;
}

function rejectText(reject: unknown): string {
  if (typeof reject !== 'object' || reject === null) return valueText(reject);
  const { externalId, position, reason }: Readonly<Record<string, unknown>> = { ...reject };
  const which = [valueText(externalId), valueText(position)].filter(Boolean).join(', ');
  return `${which}: ${valueText(reason)}`;
}
