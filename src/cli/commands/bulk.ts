import { readFile } from 'node:fs/promises';
import { apiPath, ask } from '../api-client.ts';
import { addCommand, firstOf } from '../command.ts';
import type { RosterdCommand, Runner } from '../command.ts';
import { needConsent } from '../consent.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { exitCode } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { printListing } from '../listing.ts';
import { ProgressLine } from '../progress.ts';
import type { BulkAsked, BulkJob, BulkResult } from '../shapes.ts';
import { parseTime } from '../times.ts';
import { isNarrowed, userSelectionOf, userSelectionOptions, type UserSelectionOptions } from '../user-selection.ts';

interface BulkOptions extends UserSelectionOptions {
  readonly users?: string;
  readonly file?: string;
  readonly by?: keyof typeof prefixes;
  readonly filter?: string;
  readonly worklist?: string | boolean;
  readonly until?: string;
  readonly insist?: boolean;
  readonly reason?: string;
  readonly yes?: boolean;
}

const pauseMs = 200;

/** `bulk` (spec 16). */
export function addBulkCommand(program: RosterdCommand, runner: Runner): void {
  addCommand<BulkOptions>(program, runner, {
    call: 'bulk <ACTION> [VALUE]',
    summary: 'do something to many users',
    details: [
      'ACTION is enable, disable, enable-sync, disable-sync, assign-team, unassign-team,',
      'assign-supervisor, unassign-supervisor, assign-role, unassign-role, set-main-team, unlock, or',
      'withdraw-role, -team, -supervisor, -main-team or -field: what people said is withdrawn, and what',
      'the sources say counts again. VALUE is the team, the role or the field.',
      'The users are those of a list, of the worklist, or those that `rosterd user list` shows with the',
      'same options. Their number is shown first. One who is refused is named with the reason and does',
      'not stop the others: exit code 5. It goes on in the daemon when this command is interrupted;',
      '`bulk cancel JOB` stops it.',
    ].join('\n'),
    arguments: {
      ACTION: 'what to do',
      VALUE: 'the name of the team, the role or the field, for actions that name one',
    },
    options: [
      ['--users <USERS>', 'ids or usernames, separated by commas'],
      ['--file <FILE>', 'ids or usernames, one a line; of a CSV file its first column'],
      ['--by <WHAT>', 'what --users and --file hold', Object.keys(prefixes)],
      ['--worklist [REASON]', 'the users of the worklist, or of its entries for this reason'],
      ['--filter <TEXT>', 'as --search; "" for all users'],
      ...userSelectionOptions,
      ['--until <TIME>', 'disable-sync: on again at this time: 2026-03-31, or a span such as 12h, 7d'],
      ['--insist', 'disable although an ACD still has the agent; needs a permission and --reason'],
      ['--reason <TEXT>', 'why; kept in the history'],
      ['--yes', 'do not ask'],
    ],
    run: (context, args, options) => bulk(context, firstOf(args), args[1], options),
  });
}

async function bulk(
  context: Context,
  action: string,
  value: string | undefined,
  options: BulkOptions,
): Promise<ExitCode | undefined> {
  if (action === 'cancel') return cancel(context, value);
  const { insist, reason, until, yes } = options;
  const end = until === undefined ? null : parseTime(until, context.world.now(), 'future');
  const body = {
    action,
    ...(value === undefined ? {} : { value }),
    ...(await selection(options)),
    ...(insist === true ? { insist } : {}),
    ...(end === null ? {} : { until: end }),
    ...(reason === undefined ? {} : { reason }),
  };
  const client = await context.api('write');
  const asked = async (preview: boolean): Promise<BulkAsked> =>
    (await ask(client, 'POST', '/api/v1/bulk', { body: { ...body, preview } })) as BulkAsked;
  if (yes !== true) {
    const { users, unknown } = await asked(true);
    const until = end === null ? '' : ` until ${context.time(end)}`;
    const missing = unknown.length === 0 ? '' : ` (${unknownText(unknown)})`;
    await needConsent(
      context,
      `${action}${value === undefined ? '' : ` ${value}`}${until}: ${String(users)} users${missing}. Go on?`,
      yes,
    );
  }
  const { job } = await asked(false);
  if (job === null) throw new Error('a bulk action was answered without its job');
  return followJob(context, job, 'users');
}

/** Shows how far a job is until it has ended, then what became of its users; of pairs those are who is merged away. */
export async function followJob(context: Context, job: BulkJob, of: 'users' | 'pairs'): Promise<ExitCode | undefined> {
  return show(context, await untilFinished(context, job, of), of);
}

async function cancel(context: Context, job: string | undefined): Promise<undefined> {
  if (job === undefined || !/^[1-9]\d{0,9}$/.test(job)) throw new UsageError('name the job: rosterd bulk cancel JOB');
  const cancelled = (await ask(await context.api('write'), 'POST', apiPath('bulk', job, 'cancel'))) as BulkJob;
  const { done, users } = cancelled.counts;
  if (context.json) await context.out.json(cancelled);
  else if (cancelled.cancelledBy === null) await context.out.line(`Job ${job} was finished already.`);
  else await context.out.line(`Job ${job} is cancelled: ${String(done)} of ${String(users)} users were done.`);
  return undefined;
}

/** What each kind of name is called by where users are named. */
const prefixes = { user: '', 'employee-id': 'employee-id:', 'acd-id': 'acd-id:' } as const;
const mostNamed = 20;

function unknownText(unknown: readonly string[]): string {
  const more = unknown.length > mostNamed ? `, and ${String(unknown.length - mostNamed)} more` : '';
  return `nobody has ${unknown.slice(0, mostNamed).join(', ')}${more}`;
}

async function selection(options: BulkOptions): Promise<object> {
  const { users, file, filter, worklist, by, all } = options;
  const filtered = filter !== undefined || all === true || isNarrowed(options);
  const ways = [users !== undefined, file !== undefined, worklist !== undefined, filtered];
  if (ways.filter(Boolean).length !== 1)
    throw new UsageError(
      'name the users, in one way: --users, --file, --worklist, or --filter and what narrows it down',
    );
  if (by !== undefined && users === undefined && file === undefined)
    throw new UsageError('--by belongs to --users and --file');
  if (worklist !== undefined) return { worklist: worklist === true ? {} : { why: worklist } };
  if (filtered) {
    const search = options.search ?? filter ?? '';
    return {
      filter: {
        ...userSelectionOf(options),
        ...(search === '' ? {} : { search }),
        ...(all === true ? { all } : {}),
      },
    };
  }
  const list = users === undefined ? firstCells(await readFile(file ?? '', 'utf8')) : users.split(',');
  const prefix = prefixes[by ?? 'user'];
  return { users: list.flatMap((name) => (name.trim() === '' ? [] : [`${prefix}${name.trim()}`])) };
}

/** The first cell of each line: a plain list, or the first column of a table. */
function firstCells(text: string): string[] {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  return lines.map((line) =>
    (/^\s*(?:"((?:[^"]|"")*)"|([^,;\t]*))/.exec(line) ?? []).slice(1).join('').replaceAll('""', '"'),
  );
}

async function untilFinished(context: Context, { id }: BulkJob, of: string): Promise<BulkJob> {
  const client = await context.api('write');
  const progress = new ProgressLine(context.err, () => context.world.now().getTime());
  for (;;) {
    const job = (await ask(client, 'GET', apiPath('bulk', id))) as BulkJob;
    if (job.finishedAt !== null) {
      await progress.clear();
      return job;
    }
    await progress.show(`${String(job.counts.done)} of ${String(job.counts.users)} ${of}`);
    await context.world.sleep(pauseMs, AbortSignal.timeout(pauseMs * 2));
  }
}

/** For programs every result, for people the refused ones and the numbers. */
async function show(
  context: Context,
  { id, counts, unknown, cancelledBy }: BulkJob,
  of: string,
): Promise<ExitCode | undefined> {
  if (context.json || counts.refused > 0)
    await printListing<BulkResult>(context, {
      path: apiPath('bulk', id, 'results'),
      query: context.json ? {} : { outcome: 'refused' },
      columns: [
        { head: 'USER', value: ({ userId }) => userId, align: 'right' },
        { head: 'USERNAME', value: ({ username }) => username },
        { head: 'REFUSED, BECAUSE', value: ({ message }) => message },
      ],
      empty: 'No users.',
    });
  if (!context.json)
    await context.out.line(
      `${String(counts.changed)} ${of} changed, ${String(counts.unchanged)} were so already, ${String(counts.refused)} refused.`,
    );
  if (unknown.length > 0) await context.err.line(unknownText(unknown));
  if (cancelledBy !== null) {
    await context.err.line(
      `cancelled by ${cancelledBy}: ${String(counts.users - counts.done)} ${of} were left as they are`,
    );
    return exitCode.failed;
  }
  return counts.refused + unknown.length > 0 ? exitCode.rejects : undefined;
}
