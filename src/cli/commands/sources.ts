import { cleanText } from '../../telemetry/clean-text.ts';
import { apiPath, ask } from '../api-client.ts';
import { addCommand, addGroup, firstOf } from '../command.ts';
import type { RosterdCommand, Runner } from '../command.ts';
import { needConsent } from '../consent.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { exitCode, exitCodeOfCheck } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { printListing } from '../listing.ts';
import { addMoveCommand } from './move-links.ts';
import { paintState } from '../paint.ts';
import { tellWaits, waitingText } from '../run-texts.ts';
import type { CheckReport, Source } from '../shapes.ts';
import type { Column } from '../table.ts';
import { span } from '../times.ts';

type CheckStep = CheckReport['steps'][number];

interface ReasonOption {
  readonly reason?: string;
}

interface ConsentOptions extends ReasonOption {
  readonly yes?: boolean;
}

const consentOption = ['--yes', 'do not ask'] as const;
const sourceArgument = { SOURCE: 'the id of the source, from `rosterd source list`' };
const reasonOption = [['--reason <TEXT>', 'why; kept in the history']] as const;

/** What takes a source out of service or back into it. */
interface Switch {
  readonly action: 'pause' | 'resume' | 'retire';
  readonly summary: string;
  readonly details?: string;
  /** What people are told afterwards. */
  readonly done: (id: string) => string;
}

const switches: readonly Switch[] = [
  {
    action: 'pause',
    summary: 'no more runs of this source, schedule included, until it is resumed',
    done: (id) => `Source ${id} is paused; \`rosterd source resume ${id}\` ends it.`,
  },
  {
    action: 'resume',
    summary: 'let a paused or retired source run again, also after a refused log-in',
    done: (id) => `Source ${id} runs again; \`rosterd sync ${id}\` reads it now.`,
  },
  {
    action: 'retire',
    summary: 'it is not read any more: its values stay, its accounts no longer count as presence',
    details: 'Its links can be moved to another source then; `rosterd source resume` takes it back into service.',
    done: (id) => `Source ${id} is retired; \`rosterd source resume ${id}\` takes it back into service.`,
  },
];

export function addSourceCommands(program: RosterdCommand, runner: Runner): void {
  const source = addGroup(
    program,
    'source',
    'list, check, pause, resume, retire, confirm, move-links: the sources',
    'The sources: state, check, pause, retirement',
  );
  addCommand(source, runner, {
    call: 'list',
    summary: 'the sources, their state, and how many accounts they have',
    run: async (context) => {
      const listed: Source[] = [];
      await printListing<Source>(context, {
        seen: (rows) => listed.push(...rows),
        path: apiPath('sources'),
        columns: columns(context),
        empty: 'No sources yet. Put one under `sources:` in the configuration, then `rosterd config check`.',
      });
      if (!context.json) await tellWaits(context, listed);
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
  for (const each of switches)
    addCommand<ReasonOption>(source, runner, {
      ...each,
      call: `${each.action} <SOURCE>`,
      arguments: sourceArgument,
      options: reasonOption,
      run: (context, args, { reason }) => switchSource(context, firstOf(args), each, reason),
    });
  addCommand<ConsentOptions>(source, runner, {
    call: 'confirm <SOURCE>',
    summary: 'another system has taken the place of the one that a source was',
    details:
      'The next run reads the new system in full. What it does not show is absent then, and the guard judges that.',
    arguments: sourceArgument,
    options: [...reasonOption, consentOption],
    run: (context, args, options) => confirmSystem(context, firstOf(args), options),
  });
  addMoveCommand(source, runner);
}

function columns(context: Context): readonly Column<Source>[] {
  return [
    { head: 'SOURCE', value: (source) => source.id, whole: true },
    { head: 'KIND', value: (source) => source.kind },
    { head: 'STATE', value: (source) => source.state, paint: (state) => paintState(context.paint, state) },
    { head: 'PRESENT', value: (source) => source.accounts.present, align: 'right' },
    { head: 'LINKED', value: (source) => source.accounts.linked, align: 'right' },
    { head: 'UNMATCHED', value: (source) => source.accounts.unmatched, align: 'right' },
    { head: 'OTHER', value: ({ accounts }) => accounts.present - accounts.linked - accounts.unmatched, align: 'right' },
    { head: 'DISABLED', value: (source) => source.accounts.disabled, align: 'right' },
    { head: 'GONE', value: (source) => source.accounts.gone, align: 'right' },
    { head: 'LAST SUCCESS', value: (source) => context.time(source.lastSuccessAt) },
    { head: 'NEXT RUN', value: (source) => context.time(source.nextRuns[0]) },
    { head: 'NOTE', value: notesOf },
  ];
}

/** What a person should know of a source, the most pressing first. */
function notesOf(source: Source): string {
  const { id, state, newSystemId, waitingFor, heldRun, failing, freshness } = source;
  const said = (by: string | null, reason: string | null): string =>
    `${by ? `by ${by}` : ''}${reason ? `: ${reason}` : ''}`;
  const { ageSeconds, promisedSeconds, overdue } = freshness;
  const notes = [
    state === 'paused' ? said(source.pausedBy, source.pauseReason) : '',
    state === 'retired' ? said(source.retiredBy, source.retireReason) : '',
    newSystemId === null ? '' : `another system: ${newSystemId}; rosterd source confirm ${id}`,
    failing === null ? '' : `run ${String(failing.run)} failed: ${failing.message ?? failing.error ?? ''}`,
    heldRun === null ? '' : `run ${String(heldRun)} is held: rosterd run show ${String(heldRun)}`,
    overdue
      ? `no success for ${span((ageSeconds ?? 0) * 1_000)}; its schedule promises one every ${span((promisedSeconds ?? 0) * 1_000)}`
      : '',
    waitingText(waitingFor),
  ];
  return notes.filter((note) => note !== '').join('; ');
}

async function checkSource(context: Context, id: string): Promise<ExitCode> {
  // Worth doing before the first start, when there is no store yet.
  const client = await context.api('write');
  const { steps } = (await ask(client, 'POST', apiPath('sources', id, 'check'), { body: {} })) as CheckReport;
  if (context.json) await context.out.json({ source: id, steps });
  else {
    await context.out.write(steps.map((step) => stepText(context, step)).join(''));
    if (steps.some(({ outcome }) => outcome === 'failed'))
      await context.out.line(meanwhileText(context, (await ask(client, 'GET', apiPath('sources', id))) as Source));
  }
  return exitCodeOfCheck(steps);
}

function stepText(context: Context, { name, outcome, detail, remedy }: CheckStep): string {
  const first = `${paintState(context.paint, outcome)}${' '.repeat(9 - outcome.length)}${cleanText(name)}: ${cleanText(detail)}\n`;
  return remedy === undefined ? first : `${first}         → ${cleanText(remedy, 2000)}\n`;
}

/** Since when a source is not read, and what works all the same: for somebody who was woken up by it. */
function meanwhileText(context: Context, { id, lastSuccessAt, nextRuns }: Source): string {
  const [next] = nextRuns;
  const read =
    lastSuccessAt === null
      ? `${id} was never read successfully.`
      : `${id} was last read successfully ${context.time(lastSuccessAt)}.`;
  const again =
    next === undefined
      ? `It is not tried again by itself: \`rosterd sync ${id}\` does it.`
      : `It is tried again by itself ${context.time(next)}; \`rosterd sync ${id}\` does it now.`;
  return `\n${read} Its users keep what they have and can be edited, and other sources are read as ever. ${again}`;
}

async function switchSource(
  context: Context,
  id: string,
  { action, done }: Switch,
  reason: string | undefined,
): Promise<undefined> {
  const client = await context.api('write');
  const body = reason === undefined ? {} : { reason };
  const answer = await ask(client, 'POST', apiPath('sources', id, action), { body });
  if (context.json) await context.out.json(answer);
  else await context.out.line(done(id));
}

async function confirmSystem(context: Context, id: string, { reason, yes }: ConsentOptions): Promise<undefined> {
  const client = await context.api('write');
  const { systemId, newSystemId } = (await ask(client, 'GET', apiPath('sources', id))) as Source;
  if (newSystemId === null)
    throw new CliError('nothing-to-confirm', exitCode.failed, `no run has found another system behind source ${id}`);
  const change = `source ${id} was ${systemId ?? 'nothing'} and is ${newSystemId} now`;
  await needConsent(context, `${change}. Is that meant?`, yes);
  const body = { systemId: newSystemId, ...(reason === undefined ? {} : { reason }) };
  const answer = await ask(client, 'POST', apiPath('sources', id, 'confirm'), { body });
  if (context.json) await context.out.json(answer);
  else await context.out.line(`Confirmed: ${cleanText(change)}; \`rosterd sync ${id}\` reads it.`);
}
