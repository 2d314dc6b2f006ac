import { apiPath, ask } from '../api-client.ts';
import type { ApiClient } from '../api-client.ts';
import { addCommand } from '../command.ts';
import type { RosterdCommand, Runner } from '../command.ts';
import { needConsent } from '../consent.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { exitCode } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { tableFor } from '../listing.ts';
import type { MoveReport } from '../shapes.ts';

interface MoveOptions {
  readonly pairs?: string;
  readonly reason?: string;
  readonly yes?: boolean;
}

/** `source move-links` (spec 14.1). */
export function addMoveCommand(source: RosterdCommand, runner: Runner): void {
  addCommand<MoveOptions>(source, runner, {
    call: 'move-links <OLD> <NEW>',
    summary: 'link the users of a retired source to the accounts of another one',
    details:
      'The file has the columns old and new: external ids. Each pair is moved wholly or not at all, after a preview; ' +
      'what cannot be moved is named with the reason and does not stop the others.',
    arguments: { OLD: 'the retired source', NEW: 'the source that takes its place' },
    options: [
      ['--pairs <FILE>', 'CSV file of the pairs'],
      ['--reason <TEXT>', 'why; kept in the history'],
      ['--yes', 'do not ask'],
    ],
    run: moveLinks,
  });
}

async function moveLinks(
  context: Context,
  [from = '', to = '']: readonly string[],
  { pairs: file, reason, yes }: MoveOptions,
): Promise<ExitCode | undefined> {
  if (file === undefined) throw new UsageError('name the file of the pairs with --pairs FILE');
  // Loaded when it is needed: help has to be quick.
  const { readLinkPairs } = await import('../link-pairs.ts');
  const pairs = await readLinkPairs(file);
  const client = await context.api('write');
  const request = { to, pairs, ...(reason === undefined ? {} : { reason }) };
  if (yes !== true) {
    const preview = await move(client, from, { ...request, preview: true });
    await show(context, preview);
    if (preview.movable === 0) return outcome(preview);
    await needConsent(context, `Move ${String(preview.movable)} links from ${from} to ${to}?`, yes);
  }
  const report = await move(client, from, { ...request, preview: false });
  await show(context, report);
  return outcome(report);
}

async function move(client: ApiClient, from: string, body: object): Promise<MoveReport> {
  return (await ask(client, 'POST', apiPath('sources', from, 'move-links'), { body })) as MoveReport;
}

/** For programs every pair, for people the refused ones and the numbers. */
async function show(context: Context, { preview, movable, refused, pairs }: MoveReport): Promise<void> {
  if (context.json) {
    await context.out.json(...pairs.map((pair) => ({ ...pair, preview })));
    return;
  }
  const table = tableFor<MoveReport['pairs'][number]>(context, [
    { head: 'OLD', value: (pair) => pair.old, whole: true },
    { head: 'NEW', value: (pair) => pair.new, whole: true },
    { head: 'USER', value: (pair) => pair.userId, align: 'right' },
    { head: 'NOT MOVED, BECAUSE', value: (pair) => pair.refusal?.message },
  ]);
  await context.out.write(table(pairs.filter((pair) => pair.refusal !== null)));
  await context.out.line(
    `${String(movable)} links ${preview ? 'can be moved' : 'were moved'}, ${String(refused)} ${preview ? 'cannot' : 'were not'}.`,
  );
}

function outcome({ refused }: MoveReport): ExitCode | undefined {
  return refused > 0 ? exitCode.rejects : undefined;
}
