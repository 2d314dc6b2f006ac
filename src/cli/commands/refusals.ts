import { apiPath, ask } from '../api-client.ts';
import { addCommand, addGroup, firstOf } from '../command.ts';
import type { RosterdCommand, Runner } from '../command.ts';
import { needConsent } from '../consent.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { changeText } from '../event-line.ts';
import { exitCode, type ExitCode } from '../exit-codes.ts';
import { printListing, tableFor } from '../listing.ts';
import type { LiftReport, Refusal } from '../shapes.ts';

interface FilterOptions {
  readonly run?: string;
  readonly user?: string;
  readonly source?: string;
  readonly field?: string;
}

const filterOptions = [
  ['--run <RUN>', 'what this run proposed or did'],
  ['--user <USER>', 'id or username'],
  ['--source <SOURCE>', 'of this source'],
  [
    '--field <FIELD>',
    'a field, roles, teams, supervises; gone; identity (whom an account belongs to); link (an undone one)',
  ],
] as const;

/** `refusal list|lift`: what discarding and undoing have refused, and how it is allowed again (spec 13.2, 15.3). */
export function addRefusalCommands(program: RosterdCommand, runner: Runner): void {
  const refusal = addGroup(
    program,
    'refusal',
    'list, lift: what is refused until its source says another value',
    'What is refused',
  );
  addCommand<FilterOptions>(refusal, runner, {
    call: 'list',
    isDefault: true,
    summary: 'what discarding, undoing and answers have refused, by whom and why',
    options: filterOptions,
    run: async (context, _args, { run, user, source, field }) => {
      await printListing<Refusal>(context, {
        path: '/api/v1/refusals',
        query: { run, user, source, field },
        columns: columnsOf(context),
        empty: 'Nothing is refused.',
      });
      return undefined;
    },
  });
  addCommand<FilterOptions & { readonly reason?: string; readonly yes?: boolean }>(refusal, runner, {
    call: 'lift',
    summary: 'allow again what is refused: of a run, of a user, or a field of a source',
    details: [
      'What comes of it is shown first. Values, teams, roles and whom accounts belong to are decided on anew by the next run,',
      'which the guard may hold; links that an undo ended are made again at once, and users whom it deactivated are active again.',
    ].join('\n'),
    options: [...filterOptions, ['--reason <TEXT>', 'why; kept in the history'], ['--yes', 'do not ask']],
    run: (context, _args, options) => lift(context, options),
  });
}

/** `run reopen`: takes a discard back (spec 13.2). */
export function addReopenCommand(run: RosterdCommand, runner: Runner): void {
  addCommand<{ readonly reason?: string }>(run, runner, {
    call: 'reopen <RUN>',
    summary: 'take a discard back: the next run proposes it again',
    arguments: { RUN: 'the number of the run, from `rosterd run list`' },
    options: [['--reason <TEXT>', 'why; kept in the history']],
    run: async (context, args, { reason }) => {
      const id = firstOf(args);
      const client = await context.api('write');
      const body = reason === undefined ? {} : { reason };
      const answer = (await ask(client, 'POST', apiPath('runs', id, 'reopen'), { body })) as { lifted: number };
      if (context.json) await context.out.json(answer);
      else
        await context.out.line(
          `Run ${id} is open again: ${String(answer.lifted)} refusals are lifted, and the next run of its source proposes them again.`,
        );
      return undefined;
    },
  });
}

function columnsOf(context: Context) {
  return [
    { head: 'ACCOUNT', value: ({ source, externalId }: Refusal) => `${source} ${externalId}` },
    { head: 'USER', value: ({ userId, username }: Refusal) => username ?? (userId === null ? '' : String(userId)) },
    { head: 'REFUSED', value: ({ part, said }: Refusal) => (said === '' ? part : `${part}: ${said}`) },
    { head: 'BY', value: ({ cause, by }: Refusal) => `${cause}, ${by}` },
    { head: 'SINCE', value: ({ at }: Refusal) => context.time(at) },
    { head: 'WHY', value: ({ reason }: Refusal) => reason ?? '' },
  ];
}

async function lift(
  context: Context,
  { run, user, source, field, reason, yes }: FilterOptions & { readonly reason?: string; readonly yes?: boolean },
): Promise<ExitCode | undefined> {
  if (run === undefined && user === undefined && (source === undefined || field === undefined))
    throw new UsageError('say what is lifted: --run RUN, --user USER, or --source SOURCE with --field FIELD');
  if (run !== undefined && !/^[1-9]\d{0,9}$/.test(run)) throw new UsageError(`--run takes a number, not "${run}"`);
  const body = {
    ...(run && { run: Number(run) }),
    ...(user && { user }),
    ...(source && { source }),
    ...(field && { field }),
  };
  const client = await context.api('write');
  const asked = async (preview: boolean): Promise<LiftReport> =>
    (await ask(client, 'POST', '/api/v1/refusals/lift', {
      body: { ...body, preview, ...(reason === undefined ? {} : { reason }) },
    })) as LiftReport;
  if (yes !== true) {
    const preview = await asked(true);
    await show(context, preview);
    await needConsent(context, `${sentence(preview)} Go on?`, yes);
  }
  const report = await asked(false);
  if (yes === true || context.json) await show(context, report);
  else await context.out.line(sentence(report));
  return report.counts.refused > 0 ? exitCode.rejects : undefined;
}

async function show(context: Context, report: LiftReport): Promise<void> {
  if (context.json) {
    await context.out.json(report);
    return;
  }
  const table = tableFor<LiftReport['named'][number]>(context, [
    { head: 'ACCOUNT', value: ({ source, externalId }) => `${source} ${externalId}` },
    { head: 'USER', value: ({ userId, username }) => username ?? (userId === null ? '' : String(userId)) },
    { head: 'LIFTED', value: ({ parts }) => parts.join(', ') },
    { head: 'COMES', value: ({ changes, refused }) => refused?.message ?? changes.map(changeText).join('; ') },
  ]);
  await context.out.write(table(report.named));
  await context.out.line(sentence(report));
}

function sentence({ preview, counts }: LiftReport): string {
  const { refusals, accounts, links, refused } = counts;
  const parts = [
    `${String(refusals)} refusals of ${String(accounts)} accounts ${preview ? 'would be' : 'are'} lifted`,
    ...(links > 0 ? [`${String(links)} links ${preview ? 'would be' : 'are'} made again`] : []),
    ...(refused > 0 ? [`${String(refused)} stay refused`] : []),
  ];
  return `${parts.join(', ')}.`;
}
