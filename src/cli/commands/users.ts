import { apiPath, ask } from '../api-client.ts';
import { addCommand, addGroup, firstOf } from '../command.ts';
import type { RosterdCommand, Runner } from '../command.ts';
import type { Context } from '../context.ts';
import { actorText, changeText } from '../event-line.ts';
import { explanationText } from '../explanation.ts';
import { printListing } from '../listing.ts';
import type { Explanation, HistoryEvent, User } from '../shapes.ts';
import type { Column } from '../table.ts';
import { parseTime } from '../times.ts';
import { userCard } from '../user-card.ts';
import { addUserActionCommands } from './user-actions.ts';

interface UserListOptions {
  readonly all?: boolean;
  readonly search?: string;
  readonly sync?: 'on' | 'off';
}

interface SwitchOptions {
  readonly source?: string;
  readonly until?: string;
  readonly reason?: string;
}

const userArgument = { USER: 'id or username' };

export function addUserCommands(program: RosterdCommand, runner: Runner): void {
  const user = addGroup(
    program,
    'user',
    'list, show, explain, history, set, sync on|off, deactivate and more: the users',
    'The users: who they are, where their values come from, what the sync may do',
  );
  addCommand<UserListOptions>(user, runner, {
    call: 'list',
    summary: 'the active users',
    options: [
      ['--all', 'inactive ones too'],
      ['--search <TEXT>', 'only whose name, username, e-mail or id has this in it'],
      ['--sync <STATE>', 'only with sync on or off', ['on', 'off']],
    ],
    run: async (context, _args, { all = false, search, sync }) => {
      await printListing<User>(context, {
        path: apiPath('users'),
        query: { all: all ? true : undefined, search, sync },
        columns: userColumns(context, all),
        empty:
          search === undefined && sync === undefined
            ? 'No users yet. Run `rosterd sync` to read the sources.'
            : 'No such users. `rosterd user list --all` shows everybody.',
      });
      return undefined;
    },
  });
  addCommand(user, runner, {
    call: 'show <USER>',
    summary: 'one user: fields, roles, teams, profiles, what the sync may do',
    arguments: userArgument,
    run: async (context, args) => {
      const client = await context.api('read');
      const shown = (await ask(client, 'GET', apiPath('users', firstOf(args)))) as User;
      if (context.json) await context.out.json(shown);
      else await context.out.write(userCard(context, shown));
      return undefined;
    },
  });
  addCommand(user, runner, {
    call: 'explain <USER>',
    summary: 'field by field: which source won, since when, what the others say, what holds a change back',
    arguments: userArgument,
    run: async (context, args) => {
      const client = await context.api('read');
      const explanation = (await ask(client, 'GET', apiPath('users', firstOf(args), 'explain'))) as Explanation;
      if (context.json) await context.out.json(explanation);
      else await context.out.write(explanationText(context, explanation));
      return undefined;
    },
  });
  addCommand(user, runner, {
    call: 'history <USER>',
    summary: 'everything that happened to a user, the newest first',
    arguments: userArgument,
    run: async (context, args) => {
      await printListing<HistoryEvent>(context, {
        path: apiPath('users', firstOf(args), 'events'),
        columns: historyColumns(context),
        empty: 'Nothing has happened to this user yet.',
      });
      return undefined;
    },
  });
  addSwitchCommands(user, runner);
  addUserActionCommands(user, runner);
}

function addSwitchCommands(user: RosterdCommand, runner: Runner): void {
  const sync = addGroup(user, 'sync', 'on, off: what the sync may do to a user', 'What the sync may do to a user');
  addCommand<SwitchOptions>(sync, runner, {
    call: 'on <USER>',
    summary: 'the user follows the sources again, from now on',
    details: 'The user is brought up to date with all sources at once.',
    arguments: userArgument,
    options: [
      ['--source <SOURCE>', 'only for this source'],
      ['--reason <TEXT>', 'why; kept in the history'],
    ],
    run: (context, args, options) => switchSync(context, firstOf(args), true, options),
  });
  addCommand<SwitchOptions>(sync, runner, {
    call: 'off <USER>',
    summary: 'the sync changes nothing of the user any more',
    details: 'The sources are still read, and what would change is shown by `rosterd user explain`.',
    arguments: userArgument,
    options: [
      ['--source <SOURCE>', 'only for this source'],
      ['--until <TIME>', 'on again at this time: 2026-03-31, "2026-03-31 15:00", or a span such as 12h, 7d'],
      ['--reason <TEXT>', 'why; kept in the history'],
    ],
    run: (context, args, options) => switchSync(context, firstOf(args), false, options),
  });
}

async function switchSync(
  context: Context,
  user: string,
  enabled: boolean,
  { source, until, reason }: SwitchOptions,
): Promise<undefined> {
  const body = {
    enabled,
    ...(source === undefined ? {} : { source }),
    ...(until === undefined ? {} : { until: parseTime(until, context.world.now(), 'future') }),
    ...(reason === undefined ? {} : { reason }),
  };
  const client = await context.api('write');
  const answer = await ask(client, 'PUT', apiPath('users', user, 'sync'), { body });
  if (context.json) {
    await context.out.json(answer);
    return undefined;
  }
  const where = source === undefined ? '' : ` with ${source}`;
  const end = body.until === undefined ? '' : ` until ${context.time(body.until)}`;
  await context.out.line(`Sync of user ${user}${where} is ${enabled ? 'on' : 'off'}${end}.`);
  return undefined;
}

function userColumns(context: Context, all: boolean): readonly Column<User>[] {
  const active: Column<User> = { head: 'ACTIVE', value: (user) => (user.active ? 'yes' : 'no') };
  return [
    { head: 'ID', value: (user) => user.id, align: 'right', whole: true },
    { head: 'USERNAME', value: (user) => user.username, whole: true },
    { head: 'NAME', value: (user) => user.displayName },
    { head: 'ACD ID', value: (user) => user.acdId },
    { head: 'WINDOWS LOGIN', value: (user) => user.windowsLogin },
    { head: 'ROLES', value: (user) => user.roles.map(({ role }) => role).join(', ') },
    { head: 'TEAM', value: (user) => user.teams.find(({ main }) => main)?.name },
    ...(all ? [active] : []),
    {
      head: 'SYNC',
      value: (user) => (user.syncEnabled ? 'on' : 'off'),
      paint: (text) => (text === 'off' ? context.paint.warn(text) : text),
    },
  ];
}

function historyColumns(context: Context): readonly Column<HistoryEvent>[] {
  return [
    { head: 'WHEN', value: (event) => context.time(event.at), whole: true },
    { head: 'WHAT', value: (event) => event.type, whole: true },
    { head: 'SOURCE', value: (event) => event.source },
    { head: 'BY', value: (event) => actorText(event.actor) },
    { head: 'CHANGES', value: (event) => event.changes.map(changeText).join('; ') },
    { head: 'WHY', value: (event) => event.reason },
  ];
}
