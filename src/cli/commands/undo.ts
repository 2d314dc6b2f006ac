import { apiPath, ask, type ApiClient } from '../api-client.ts';
import { addCommand } from '../command.ts';
import type { RosterdCommand, Runner } from '../command.ts';
import { needConsent } from '../consent.ts';
import type { Context } from '../context.ts';
import { CliError, UsageError } from '../errors.ts';
import { changeText } from '../event-line.ts';
import { exitCode, exitCodeOf } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { tableFor } from '../listing.ts';
import { ProgressLine } from '../progress.ts';
import { parseTime } from '../times.ts';
import type { UndoJob, UndoReport } from '../shapes.ts';

interface UndoOptions {
  readonly run?: string;
  readonly user?: string;
  readonly event?: string;
  readonly field?: string;
  readonly since?: string;
  readonly source?: string;
  readonly reason?: string;
  readonly yes?: boolean;
}

/** `undo` (spec 15.3). */
export function addUndoCommand(program: RosterdCommand, runner: Runner): void {
  addCommand<UndoOptions>(program, runner, {
    call: 'undo',
    summary: 'put back what the sync did: since a moment, in a run, to a user, or one field',
    details: [
      'Name a run (--run), a user (--user, with --run what that run did, else what the sync did last), or one decision',
      'of the log (--event), which may be what a person did to a team or a merge. What goes back of the sync is refused:',
      'it is not applied again until its source says another value.',
      'A link that was made ends, and account and user wait for a person; a user who was created is deactivated.',
      'What has changed since is named and stays. Exit code 5 where something stays.',
    ].join('\n'),
    options: [
      ['--since <TIME>', 'everything since then, newest first: 2026-03-31, "2026-03-31 15:00", or a span such as 2h'],
      ['--source <SOURCE>', 'with --since: only of this source'],
      ['--run <RUN>', 'a run, from `rosterd run list`'],
      ['--user <USER>', 'id or username'],
      ['--event <EVENT>', 'one entry of the history, from `rosterd log --json`'],
      ['--field <FIELD>', 'only this field of the user or the decision'],
      ['--reason <TEXT>', 'why; kept in the history'],
      ['--yes', 'do not ask'],
    ],
    run: (context, _args, options) => undo(context, options),
  });
}

async function undo(context: Context, options: UndoOptions): Promise<ExitCode | undefined> {
  const body = requestOf(options, context.world.now());
  const client = await context.api('write');
  const asked = async (preview: boolean): Promise<UndoReport> => {
    const answer = (await ask(client, 'POST', '/api/v1/undo', { body: { ...body, preview } })) as UndoReport | UndoJob;
    return 'counts' in answer ? answer : untilEnded(context, client, answer);
  };
  if (options.yes !== true) {
    const preview = await asked(true);
    const nothing = preview.counts.back + preview.counts.partly === 0 && preview.told.length === 0;
    // The question has the numbers.
    await show(context, preview, nothing);
    if (nothing) return outcome(preview);
    await needConsent(context, `${sentence(preview)} Go on?`, options.yes);
  }
  const report = await asked(false);
  await show(context, report);
  return outcome(report);
}

const pauseMs = 300;

/** A run of many users goes back behind the request, and after this command too where a daemon does it. */
async function untilEnded(context: Context, client: ApiClient, begun: UndoJob): Promise<UndoReport> {
  const progress = new ProgressLine(context.err, () => context.world.now().getTime());
  for (let job = begun; ;) {
    if (job.state === 'cancelled')
      throw new CliError('cancelled', exitCode.failed, `undo ${String(job.id)} was cancelled`);
    if (job.failure !== null)
      throw new CliError(job.failure.code, exitCodeOf(job.failure.code) ?? exitCode.failed, job.failure.message);
    if (job.report !== null) {
      await progress.clear();
      return job.report;
    }
    await progress.show(`${String(job.done)} decisions ${job.preview ? 'looked at' : 'taken back'}`);
    await context.world.sleep(pauseMs, AbortSignal.timeout(pauseMs * 2));
    job = (await ask(client, 'GET', apiPath('undos', job.id))) as UndoJob;
  }
}

function requestOf({ run, user, event, field, since, source, reason }: UndoOptions, now: Date): object {
  if (source !== undefined && since === undefined) throw new UsageError('--source belongs to --since');
  if (since !== undefined) {
    if ([run, user, event, field].some((each) => each !== undefined))
      throw new UsageError('--since takes --source, and nothing else that says what is undone');
    const narrowed = source === undefined ? {} : { source };
    return { since: parseTime(since, now, 'past'), ...narrowed, ...(reason === undefined ? {} : { reason }) };
  }
  if (event === undefined ? run === undefined && user === undefined : run !== undefined || user !== undefined)
    throw new UsageError('say what to undo: --since TIME, --run RUN, --user USER [--run RUN], or --event EVENT');
  if (field !== undefined && user === undefined && event === undefined)
    throw new UsageError('--field belongs to --user or --event');
  const numbers = Object.entries({ run, event }).flatMap(([name, text]): [string, number][] =>
    text === undefined ? [] : [[name, numberOf(name, text)]],
  );
  return {
    ...Object.fromEntries(numbers),
    ...(user === undefined ? {} : { user }),
    ...(field === undefined ? {} : { field }),
    ...(reason === undefined ? {} : { reason }),
  };
}

function numberOf(name: string, text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new UsageError(`--${name} takes a number, not "${text}"`);
  return Number(text);
}

type UndoneUser = UndoReport['named'][number];

const whys: Readonly<Record<UndoneUser['kept'][number]['why'], string>> = {
  'edited-since': 'a person has changed the user since',
  'changed-since': 'it has changed since',
  'unique-taken': 'somebody else has it now',
};

async function show(context: Context, report: UndoReport, withNumbers = true): Promise<void> {
  if (context.json) {
    await context.out.json(report);
    return;
  }
  const table = tableFor<UndoneUser>(context, [
    { head: 'USER', value: ({ userId, username }) => username ?? String(userId), whole: true },
    { head: 'GOES BACK', value: ({ changes }) => changes.map(changeText).join('; ') },
    { head: 'STAYS', value: ({ kept }) => kept.map(keptText).join('; ') },
  ]);
  await context.out.write(table(report.named));
  for (const line of report.told) await context.out.line(line);
  if (withNumbers) await context.out.line(sentence(report));
}

function keptText({ field, undone, now, why }: UndoneUser['kept'][number]): string {
  return `${changeText({ field, before: undone, after: now })} (${whys[why]})`;
}

function sentence({ preview, counts }: UndoReport): string {
  const { back, partly, untouched, already, linksEnded, deactivated } = counts;
  const parts = [
    `${String(back)} users ${preview ? 'would go' : 'went'} back`,
    ...(partly > 0 ? [`${String(partly)} in part`] : []),
    ...(linksEnded > 0 ? [`${String(linksEnded)} links ${preview ? 'would end' : 'ended'}`] : []),
    ...(deactivated > 0 ? [`${String(deactivated)} users ${preview ? 'would be' : 'were'} deactivated`] : []),
    ...(untouched > 0 ? [`${String(untouched)} stay as they are`] : []),
    ...(already > 0 ? [`${String(already)} are back already`] : []),
  ];
  return `${parts.join(', ')}.`;
}

function outcome({ counts }: UndoReport): ExitCode | undefined {
  return counts.untouched + counts.partly > 0 ? exitCode.rejects : undefined;
}
