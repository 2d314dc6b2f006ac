import { apiPath, ask, pages } from '../api-client.ts';
import type { ApiClient } from '../api-client.ts';
import { addCommand, firstOf } from '../command.ts';
import type { RosterdCommand, Runner } from '../command.ts';
import { needConsent } from '../consent.ts';
import type { Context } from '../context.ts';
import { CliError, UsageError } from '../errors.ts';
import { exitCode } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { fieldAndValue } from '../field-value.ts';
import { printListing, tableFor } from '../listing.ts';
import type { NumericId, Purged, User } from '../shapes.ts';
import { parseTime } from '../times.ts';
import { personName } from '../person-name.ts';

interface CreateOptions {
  readonly team?: string;
  readonly group?: string;
  readonly reason?: string;
}

interface PurgeOptions {
  readonly deactivatedBefore?: string;
  readonly reason?: string;
  readonly yes?: boolean;
}

/** How users begin and end by hand, and the numeric IDs that people give them; below `user`. */
export function addUserLifeCommands(user: RosterdCommand, runner: Runner): void {
  addCommand<CreateOptions>(user, runner, {
    call: 'create <USERNAME> [FIELD=VALUE...]',
    summary: 'make a local user, who starts inactive',
    details: [
      'A local user needs a language, and an e-mail address or a mobile number: language=cs email=jan@example.com, or',
      'mobileNumber=00420777123456. Other fields as in `rosterd user set`; `rosterd user activate` activates the user.',
    ].join('\n'),
    arguments: { USERNAME: 'the log-in name, which nobody else may have', 'FIELD=VALUE': 'such as language=cs' },
    options: [
      ['--team <TEAM>', 'the name of a team (default: the default team)'],
      ['--group <GROUP>', "the name of a group (default: the team's)"],
      ['--reason <TEXT>', 'why; kept in the history'],
    ],
    run: async (context, args, { team, group, reason }) => {
      const [username = '', ...given] = args;
      const fields = { username, ...Object.fromEntries(given.map(fieldAndValue)) };
      const client = await context.api('write');
      const created = (await ask(client, 'POST', apiPath('users'), { body: { fields, team, group, reason } })) as User;
      if (context.json) await context.out.json(created);
      else
        await context.out.line(
          `User ${created.id} (${username}) is made; \`rosterd user activate ${created.id}\` activates the user.`,
        );
      return undefined;
    },
  });
  addCommand<PurgeOptions>(user, runner, {
    call: 'purge [USER]',
    summary: 'delete inactive users for good, with every value of theirs in the history',
    details: [
      'Only who has been inactive for as long as retention.users of the configuration says (365 days by default), and whom no',
      'source has any more. Ids, kinds and times stay: the events, and who owned which ACD id when. It cannot be undone;',
      'backups that were made before still have everything, and the files of the database keep deleted rows until their',
      'tables have been vacuumed and the space was used again (PostgreSQL: `VACUUM FULL` does it at once).',
    ].join('\n'),
    arguments: { USER: 'id or username' },
    options: [
      ['--deactivated-before <TIME>', 'everybody who was deactivated before: 2025-03-31, or a span such as 500d'],
      ['--reason <TEXT>', 'why; kept in the history'],
      ['--yes', 'do not ask'],
    ],
    run: (context, args, options) => {
      const { deactivatedBefore } = options;
      if ((deactivatedBefore === undefined) === (args[0] === undefined))
        throw new UsageError('name one user, or a time with --deactivated-before');
      return deactivatedBefore === undefined
        ? purgeOne(context, firstOf(args), options)
        : purgeMany(context, parseTime(deactivatedBefore, context.world.now(), 'past'), options);
    },
  });
  addCommand<{ readonly free?: boolean }>(user, runner, {
    call: 'numeric-ids',
    summary: 'the numeric IDs in use, and the next free one',
    options: [['--free', 'only the next free one']],
    run: async (context, _args, { free: only = false }) => {
      const client = await context.api('read');
      const { free } = (await ask(client, 'GET', apiPath('numeric-ids', 'free'))) as { free: number };
      if (only) {
        await (context.json ? context.out.json({ free }) : context.out.line(String(free)));
        return undefined;
      }
      await printListing<NumericId>(context, {
        path: apiPath('numeric-ids'),
        columns: [
          { head: 'NUMERIC ID', value: ({ numericId }) => numericId, align: 'right', whole: true },
          { head: 'USER', value: ({ userId }) => userId, align: 'right', whole: true },
          { head: 'USERNAME', value: ({ username }) => username },
        ],
        empty: 'Nobody has a numeric ID.',
      });
      await context.hint(`The next free one is ${free}: \`rosterd user set USER numericId=${free}\`.`);
      return undefined;
    },
  });
}

async function purgeOne(context: Context, user: string, { reason, yes }: PurgeOptions): Promise<undefined> {
  const client = await context.api('write');
  const shown = (await ask(client, 'GET', apiPath('users', user))) as User;
  const preview = await purge(client, shown, reason, true);
  await needConsent(
    context,
    `${personText(context, shown)} would be purged for good: ${purgedText(preview)}. Go on?`,
    yes,
  );
  const purged = await purge(client, shown, reason, false);
  if (context.json) await context.out.json(purged);
  else await context.out.line(`User ${purged.userId} is purged: ${purgedText(purged)}.`);
  return undefined;
}

async function purge(client: ApiClient, user: User, reason: string | undefined, preview: boolean): Promise<Purged> {
  const request = {
    query: preview ? { preview } : {},
    body: reason === undefined ? {} : { reason },
    headers: { 'if-match': `"${user.version}"` },
  };
  return (await ask(client, 'POST', apiPath('users', `id:${user.id}`, 'purge'), request)) as Purged;
}

function personText(context: Context, user: User): string {
  const { id, username, deactivatedAt } = user;
  const known = [username, personName(user)].filter(Boolean).join(', ');
  const inactive = deactivatedAt === null ? 'never active' : `inactive since ${context.time(deactivatedAt)}`;
  return `User ${id} (${known}), ${inactive},`;
}

function purgedText({ events, accounts }: Purged): string {
  return `${events} events and the copies of ${accounts} accounts blanked`;
}

/** Asks of everybody first who can be purged; purges whom the person has seen, and names whom it was refused for. */
async function purgeMany(
  context: Context,
  before: string,
  { reason, yes }: PurgeOptions,
): Promise<ExitCode | undefined> {
  const client = await context.api('write');
  const purgeable: User[] = [];
  let refused = 0;
  for await (const page of pages(client, apiPath('users'), { deactivatedBefore: before }))
    for (const user of page.items as readonly User[]) {
      const preview = await unlessRefused(context, () => purge(client, user, reason, true));
      if (preview === null) refused += 1;
      else purgeable.push(user);
    }
  if (purgeable.length === 0) {
    await context.hint('Nobody is purged.');
    return refused === 0 ? undefined : exitCode.rejects;
  }
  if (!context.json) await context.out.write(listOf(context, purgeable));
  await needConsent(context, `${purgeable.length} users would be purged for good. Go on?`, yes);
  for (const user of purgeable) {
    const purged = await unlessRefused(context, () => purge(client, user, reason, false));
    if (purged === null) refused += 1;
    else if (context.json) await context.out.json(purged);
    else await context.out.line(`User ${purged.userId} is purged: ${purgedText(purged)}.`);
  }
  return refused === 0 ? undefined : exitCode.rejects;
}

function listOf(context: Context, users: readonly User[]): string {
  return tableFor<User>(context, [
    { head: 'ID', value: (user) => user.id, align: 'right', whole: true },
    { head: 'USERNAME', value: (user) => user.username, whole: true },
    { head: 'NAME', value: personName },
    { head: 'INACTIVE SINCE', value: (user) => context.time(user.deactivatedAt) },
  ])(users);
}

/** Null for a user whom this is refused for, which is told; one refused user does not stop the others. */
async function unlessRefused<Answer>(context: Context, work: () => Promise<Answer>): Promise<Answer | null> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof CliError) || !refusals.has(error.code)) throw error;
    await context.err.line(error.message);
    return null;
  }
}

/** What may be refused for one user and not for another. */
const refusals: ReadonlySet<string> = new Set([
  ...['user-unknown', 'user-active', 'version-changed'],
  ...['retention-not-over', 'merged-users-remain', 'account-still-there'],
]);
