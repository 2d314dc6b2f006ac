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

interface BulkOptions {
  readonly users?: string;
  readonly filter?: string;
  readonly sync?: 'on' | 'off';
  readonly all?: boolean;
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
      'ACTION is enable, disable, enable-sync, disable-sync, assign-team, unassign-team, assign-supervisor,',
      'unassign-supervisor, assign-role, unassign-role, set-main-team or unlock; VALUE is the team or the role.',
      'The number of users is shown first. One who is refused is named with the reason and does not stop the others:',
      'exit code 5. It goes on in the daemon when this command is interrupted; `bulk cancel JOB` stops it.',
    ].join('\n'),
    arguments: { ACTION: 'what to do', VALUE: 'the name of the team or the role, for actions that name one' },
    options: [
      ['--users <USERS>', 'ids or usernames, separated by commas'],
      ['--filter <TEXT>', 'the users that `rosterd user list --search TEXT` shows; "" for all of them'],
      ['--sync <STATE>', 'with --filter: only with sync on or off', ['on', 'off']],
      ['--all', 'with --filter: inactive users too'],
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
  const { insist, reason, yes } = options;
  const body = {
    action,
    ...(value === undefined ? {} : { value }),
    ...selection(options),
    ...(insist === true ? { insist } : {}),
    ...(reason === undefined ? {} : { reason }),
  };
  const client = await context.api('write');
  const asked = async (preview: boolean): Promise<BulkAsked> =>
    (await ask(client, 'POST', '/api/v1/bulk', { body: { ...body, preview } })) as BulkAsked;
  if (yes !== true) {
    const { users } = await asked(true);
    await needConsent(
      context,
      `${action}${value === undefined ? '' : ` ${value}`}: ${String(users)} users. Go on?`,
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

function selection({ users, filter, sync, all }: BulkOptions): object {
  if ((users === undefined) === (filter === undefined)) throw new UsageError('name the users with --users or --filter');
  if (users !== undefined) {
    if (sync !== undefined || all === true) throw new UsageError('--sync and --all belong to --filter');
    const list = users.split(',').flatMap((user) => (user.trim() === '' ? [] : [user.trim()]));
    return { users: list };
  }
  return {
    filter: {
      ...(filter === undefined || filter === '' ? {} : { search: filter }),
      ...(sync === undefined ? {} : { sync }),
      ...(all === true ? { all } : {}),
    },
  };
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
async function show(context: Context, { id, counts, cancelledBy }: BulkJob, of: string): Promise<ExitCode | undefined> {
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
  if (cancelledBy !== null) {
    await context.err.line(
      `cancelled by ${cancelledBy}: ${String(counts.users - counts.done)} ${of} were left as they are`,
    );
    return exitCode.failed;
  }
  return counts.refused > 0 ? exitCode.rejects : undefined;
}
