import { apiPath, ask, pages } from '../api-client.ts';
import type { ApiClient } from '../api-client.ts';
import { addCommand, addGroup } from '../command.ts';
import type { RosterdCommand, Runner } from '../command.ts';
import { needConsent } from '../consent.ts';
import type { Context } from '../context.ts';
import { CliError, UsageError } from '../errors.ts';
import { changeText } from '../event-line.ts';
import { exitCode } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { printListing, tableFor } from '../listing.ts';
import type { MergeCandidate, Merged, MergeOutcome, MergesAsked } from '../shapes.ts';
import { followJob } from './bulk.ts';

type Choice = 'primary' | 'other';

interface MergeOptions {
  readonly candidates?: boolean;
  readonly leaveOut?: string;
  readonly reverse?: string;
  readonly choose?: string;
  readonly prefer?: Choice;
  readonly reason?: string;
  readonly yes?: boolean;
}

const choosing = [
  ['--choose <CHOICES>', 'whose value counts, by field, such as email=other,jobTitle=primary'],
  ['--prefer <WHOSE>', 'whose value counts of every other field that the primary would lose', ['primary', 'other']],
] as const;
const selecting = [
  ['--candidates', 'all pairs of `merge list` that can be merged, in place of PRIMARY and OTHER'],
  ['--leave-out <USERS>', 'with --candidates: no pairs with these users, ids separated by commas'],
  ['--reverse <USERS>', 'with --candidates: of the pairs with these users the other one stays'],
] as const;
const pairArguments = { PRIMARY: 'who stays, id or username', OTHER: 'who is merged into them' };

/** `merge list|preview|apply` (spec 18). */
export function addMergeCommands(program: RosterdCommand, runner: Runner): void {
  const merge = addGroup(
    program,
    'merge',
    'list, preview, apply: users who are one person',
    'Users who are the same person are made one: links, attributes, teams and roles move to the one who stays',
  );
  addCommand(merge, runner, {
    call: 'list',
    summary: 'pairs of users with the same first and last name, with who would stay',
    details:
      'Who stays by default is the one whom an ACD synchronises. What cannot be merged is listed with the reason and the way out.',
    run: async (context) => {
      await printListing<MergeCandidate>(context, {
        path: apiPath('merge-candidates'),
        columns: [
          { head: 'STAYS', value: ({ primary }) => nameOf(primary), whole: true },
          { head: 'OTHER', value: ({ other }) => nameOf(other), whole: true },
          { head: 'NAME', value: ({ primary }) => primary.name },
          { head: 'TO CHOOSE', value: ({ differing }) => openFields(differing).join(', ') },
          { head: 'CANNOT BE MERGED, BECAUSE', value: ({ refusal }) => refusal?.message },
        ],
        empty: 'No two users have the same first and last name.',
      });
      return undefined;
    },
  });
  addCommand<MergeOptions>(merge, runner, {
    call: 'preview [PRIMARY] [OTHER]',
    summary: 'what a merge would do, and which values have to be chosen',
    arguments: pairArguments,
    options: [...choosing, ...selecting],
    run: async (context, [primary, other], options) => {
      const client = await context.api('read');
      if (options.candidates === true) return previewAll(context, client, options);
      const [stays, goes] = pairOf(primary, other, options);
      await showOne(context, await mergeOne(client, stays, goes, options, true));
      return undefined;
    },
  });
  addCommand<MergeOptions>(merge, runner, {
    call: 'apply [PRIMARY] [OTHER]',
    summary: 'merge OTHER into PRIMARY, or all candidates',
    details:
      'A preview is shown first. Where the primary would lose a value, say whose counts with --choose or --prefer.\n' +
      'OTHER is deactivated and marked; `rosterd undo --event EVENT` takes a merge back. Exit code 5 where pairs are refused.',
    arguments: pairArguments,
    options: [...choosing, ...selecting, ['--reason <TEXT>', 'why; kept in the history'], ['--yes', 'do not ask']],
    run: async (context, [primary, other], options) => {
      const client = await context.api('write');
      if (options.candidates === true) return applyAll(context, client, options);
      const [stays, goes] = pairOf(primary, other, options);
      if (options.yes !== true) {
        await showOne(context, await mergeOne(client, stays, goes, options, true));
        await needConsent(context, `Merge ${goes} into ${stays}?`, options.yes);
      }
      await showOne(context, await mergeOne(client, stays, goes, options, false));
      return undefined;
    },
  });
}

function pairOf(primary: string | undefined, other: string | undefined, options: MergeOptions): [string, string] {
  if (options.leaveOut !== undefined || options.reverse !== undefined)
    throw new UsageError('--leave-out and --reverse belong to --candidates');
  if (primary === undefined || other === undefined)
    throw new UsageError('name who stays and who is merged into them, or --candidates');
  return [primary, other];
}

function choicesOf({ choose }: MergeOptions): Record<string, Choice> {
  const given = (choose ?? '').split(',').filter((each) => each.trim() !== '');
  return Object.fromEntries(
    given.map((each): [string, Choice] => {
      const [, field, whose] = /^\s*([^=]+)=(primary|other)\s*$/.exec(each) ?? [];
      if (field === undefined || whose === undefined)
        throw new UsageError(`--choose takes FIELD=primary or FIELD=other, not "${each}"`);
      return [field, whose as Choice];
    }),
  );
}

function commonOf({ prefer, reason }: MergeOptions): object {
  return { ...(prefer === undefined ? {} : { prefer }), ...(reason === undefined ? {} : { reason }) };
}

async function mergeOne(
  client: ApiClient,
  primary: string,
  other: string,
  options: MergeOptions,
  preview: boolean,
): Promise<Merged> {
  const body = { other, choices: choicesOf(options), ...commonOf(options) };
  const query = { preview: preview ? true : undefined };
  return (await ask(client, 'POST', apiPath('users', primary, 'merge'), { body, query })) as Merged;
}

async function showOne(context: Context, merged: Merged): Promise<void> {
  const { preview, primary, other, outcome, differing, changes, warnings, event } = merged;
  if (context.json) {
    await context.out.json(merged);
    return;
  }
  if (outcome === 'unchanged') {
    await context.out.line(`User ${String(other)} was merged into user ${String(primary)} already.`);
    return;
  }
  const table = tableFor<MergeOutcome['differing'][number]>(context, [
    { head: 'DIFFERS', value: ({ field }) => field, whole: true },
    { head: `USER ${String(primary)}`, value: (each) => each.primary },
    { head: `USER ${String(other)}`, value: (each) => each.other },
    { head: 'BECOMES', value: ({ becomes, open }) => (open ? `${becomes} (choose)` : becomes) },
  ]);
  await context.out.write(table(differing));
  for (const change of changes) await context.out.line(`  ${changeText(change)}`);
  for (const warning of warnings) await context.err.line(context.paint.warn(warning));
  const open = openFields(differing);
  if (open.length > 0)
    await context.err.line(
      `User ${String(primary)} would lose ${open.join(', ')}: say whose value counts, with --choose ${open.map((field) => `${field}=primary`).join(',')} or --prefer.`,
    );
  await context.out.line(
    preview
      ? `User ${String(other)} would be merged into user ${String(primary)}.`
      : `User ${String(other)} is merged into user ${String(primary)}. \`rosterd undo --event ${String(event)}\` takes it back.`,
  );
}

interface AskedPair {
  readonly primary: string;
  readonly other: string;
  readonly choices: Record<string, Choice>;
}

/** The candidates that can be merged, without those left out and turned round where that is asked for (spec 18.2). */
async function candidatePairs(client: ApiClient, options: MergeOptions): Promise<AskedPair[]> {
  const [leaveOut, reverse] = [idsOf(options.leaveOut), idsOf(options.reverse)];
  const choices = choicesOf(options);
  const pairs: AskedPair[] = [];
  for await (const { items } of pages(client, apiPath('merge-candidates')))
    for (const { primary, other, refusal, differing } of items as readonly MergeCandidate[]) {
      const both = [String(primary.userId), String(other.userId)];
      const turned = both.some((id) => reverse.has(id));
      if ((refusal !== null && !turned) || both.some((id) => leaveOut.has(id))) continue;
      const [stays = '', goes = ''] = turned ? both.toReversed() : both;
      const named = Object.entries(choices).filter(([field]) => differing.some((each) => each.field === field));
      pairs.push({ primary: `id:${stays}`, other: `id:${goes}`, choices: Object.fromEntries(named) });
    }
  if (pairs.length === 0) throw new CliError('no-users', exitCode.notFound, 'there is no pair that can be merged');
  return pairs;
}

function idsOf(list: string | undefined): ReadonlySet<string> {
  const ids = (list ?? '').split(',').flatMap((id) => (id.trim() === '' ? [] : [id.trim()]));
  const wrong = ids.find((id) => !/^[1-9]\d{0,9}$/.test(id));
  if (wrong !== undefined)
    throw new UsageError(`name users by their ids, as \`merge list\` shows them, not "${wrong}"`);
  return new Set(ids);
}

/** As many pairs as one request takes. */
const mostPairs = 1_000;

async function previewAll(context: Context, client: ApiClient, options: MergeOptions): Promise<ExitCode | undefined> {
  const outcomes = await previewOf(client, await candidatePairs(client, options), options);
  await showAll(context, outcomes);
  return stuck(outcomes).length > 0 ? exitCode.rejects : undefined;
}

async function previewOf(
  client: ApiClient,
  pairs: readonly AskedPair[],
  options: MergeOptions,
): Promise<MergeOutcome[]> {
  const outcomes: MergeOutcome[] = [];
  for (let start = 0; start < pairs.length; start += mostPairs) {
    const body = { pairs: pairs.slice(start, start + mostPairs), ...commonOf(options), preview: true };
    outcomes.push(...((await ask(client, 'POST', apiPath('merges'), { body })) as MergesAsked).pairs);
  }
  return outcomes;
}

async function applyAll(context: Context, client: ApiClient, options: MergeOptions): Promise<ExitCode | undefined> {
  const pairs = await candidatePairs(client, options);
  if (options.yes !== true) {
    const outcomes = await previewOf(client, pairs, options);
    await showAll(context, outcomes);
    const left = stuck(outcomes).length;
    await needConsent(
      context,
      `Merge ${String(outcomes.length - left)} pairs${left === 0 ? '' : `, and leave ${String(left)} as they are`}?`,
      options.yes,
    );
  }
  let worst: ExitCode | undefined;
  for (let start = 0; start < pairs.length; start += mostPairs) {
    const body = { pairs: pairs.slice(start, start + mostPairs), ...commonOf(options), preview: false };
    const { job } = (await ask(client, 'POST', apiPath('merges'), { body })) as MergesAsked;
    if (job === null) throw new Error('merges were answered without their job');
    worst = (await followJob(context, job, 'pairs')) ?? worst;
  }
  return worst;
}

/** Pairs that would not be merged as they stand: refused, or with a value to choose. */
function stuck(outcomes: readonly MergeOutcome[]): MergeOutcome[] {
  return outcomes.filter(({ outcome, differing }) => outcome === 'refused' || openFields(differing).length > 0);
}

async function showAll(context: Context, outcomes: readonly MergeOutcome[]): Promise<void> {
  if (context.json) {
    await context.out.json(...outcomes);
    return;
  }
  const table = tableFor<MergeOutcome>(context, [
    { head: 'STAYS', value: ({ primary }) => primary, align: 'right' },
    { head: 'OTHER', value: ({ other }) => other, align: 'right' },
    { head: 'CHANGES', value: ({ changes }) => changes.map(changeText).join('; ') },
    {
      head: 'NOT MERGED, BECAUSE',
      value: ({ refusal, differing }) =>
        refusal?.message ??
        (openFields(differing).length === 0
          ? ''
          : `to be chosen: ${openFields(differing).join(', ')} (--choose, --prefer)`),
    },
  ]);
  await context.out.write(table(outcomes));
}

function openFields(differing: MergeOutcome['differing']): string[] {
  return differing.filter(({ open }) => open).map(({ field }) => field);
}

function nameOf({ userId, username }: MergeCandidate['primary']): string {
  return `${String(userId)}${username === null ? '' : ` ${username}`}`;
}
