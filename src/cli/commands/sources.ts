import { cleanText } from '../../telemetry/clean-text.ts';
import { apiPath, ask } from '../api-client.ts';
import { addCommand, addGroup, firstOf } from '../command.ts';
import type { RosterdCommand, Runner } from '../command.ts';
import type { Context } from '../context.ts';
import { exitCode } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { printListing } from '../listing.ts';
import { paintState } from '../paint.ts';
import { waitingText } from '../run-texts.ts';
import type { CheckReport, Source } from '../shapes.ts';
import type { Column } from '../table.ts';

type CheckStep = CheckReport['steps'][number];

interface ReasonOption {
  readonly reason?: string;
}

const sourceArgument = { SOURCE: 'the id of the source, from `rosterd source list`' };
const reasonOption = [['--reason <TEXT>', 'why; kept in the history']] as const;

export function addSourceCommands(program: RosterdCommand, runner: Runner): void {
  const source = addGroup(
    program,
    'source',
    'list, check, pause, resume: the configured sources',
    'The configured sources: state, check, pause',
  );
  addCommand(source, runner, {
    call: 'list',
    summary: 'the sources, their state, and how many accounts they have',
    run: async (context) => {
      await printListing<Source>(context, {
        path: apiPath('sources'),
        columns: columns(context),
        empty: 'No sources yet. Put one under `sources:` in the configuration, then `rosterd config check`.',
      });
      return undefined;
    },
  });
  addCommand(source, runner, {
    call: 'check <SOURCE>',
    summary: 'try a source step by step: connection, TLS, log-in, rights, one page',
    details: 'Nothing is stored. A step that fails says what to do.',
    arguments: sourceArgument,
    run: (context, args) => checkSource(context, firstOf(args)),
  });
  addCommand<ReasonOption>(source, runner, {
    call: 'pause <SOURCE>',
    summary: 'no more runs of this source, schedule included, until it is resumed',
    arguments: sourceArgument,
    options: reasonOption,
    run: (context, args, { reason }) => switchSource(context, firstOf(args), 'pause', reason),
  });
  addCommand<ReasonOption>(source, runner, {
    call: 'resume <SOURCE>',
    summary: 'let a paused source run again, also after a refused log-in',
    arguments: sourceArgument,
    options: reasonOption,
    run: (context, args, { reason }) => switchSource(context, firstOf(args), 'resume', reason),
  });
}

function columns(context: Context): readonly Column<Source>[] {
  return [
    { head: 'SOURCE', value: (source) => source.id, whole: true },
    { head: 'KIND', value: (source) => source.kind },
    { head: 'STATE', value: (source) => source.state, paint: (state) => paintState(context.paint, state) },
    { head: 'PRESENT', value: (source) => source.accounts.present, align: 'right' },
    { head: 'LINKED', value: (source) => source.accounts.linked, align: 'right' },
    { head: 'UNMATCHED', value: (source) => source.accounts.unmatched, align: 'right' },
    { head: 'LAST SUCCESS', value: (source) => context.time(source.lastSuccessAt) },
    { head: 'NEXT RUN', value: (source) => context.time(source.nextRuns[0]) },
    { head: 'NOTE', value: noteOf },
  ];
}

function noteOf({ state, pausedBy, pauseReason, waitingFor }: Source): string {
  if (state !== 'paused') return waitingText(waitingFor);
  return `${pausedBy ? `by ${pausedBy}` : ''}${pauseReason ? `: ${pauseReason}` : ''}`;
}

async function checkSource(context: Context, id: string): Promise<ExitCode> {
  // Worth doing before the first start, when there is no store yet.
  const client = await context.api('write');
  const { steps } = (await ask(client, 'POST', apiPath('sources', id, 'check'), { body: {} })) as CheckReport;
  if (context.json) await context.out.json({ source: id, steps });
  else await context.out.write(steps.map((step) => stepText(context, step)).join(''));
  return exitCodeOfSteps(steps);
}

function stepText(context: Context, { name, outcome, detail, remedy }: CheckStep): string {
  const first = `${paintState(context.paint, outcome)}${' '.repeat(9 - outcome.length)}${cleanText(name)}: ${cleanText(detail)}\n`;
  return remedy === undefined ? first : `${first}         → ${cleanText(remedy, 2000)}\n`;
}

const connectionSteps = new Set(['dns', 'tcp', 'connect', 'connection', 'tls', 'starttls']);
const rightSteps = new Set(['bind', 'login', 'log-in', 'rights']);

function exitCodeOfSteps(steps: readonly CheckStep[]): ExitCode {
  const failed = steps.find((step) => step.outcome === 'failed');
  if (failed === undefined) return exitCode.done;
  if (connectionSteps.has(failed.name)) return exitCode.noConnection;
  return rightSteps.has(failed.name) ? exitCode.notAllowed : exitCode.failed;
}

async function switchSource(
  context: Context,
  id: string,
  action: 'pause' | 'resume',
  reason: string | undefined,
): Promise<undefined> {
  const client = await context.api('write');
  const body = reason === undefined ? {} : { reason };
  const answer = await ask(client, 'POST', apiPath('sources', id, action), { body });
  if (context.json) await context.out.json(answer);
  else if (action === 'pause')
    await context.out.line(`Source ${id} is paused; \`rosterd source resume ${id}\` ends it.`);
  else await context.out.line(`Source ${id} runs again; \`rosterd sync ${id}\` reads it now.`);
}
