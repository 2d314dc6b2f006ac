import { apiPath, ask } from '../api-client.ts';
import { addCommand, addGroup, firstOf } from '../command.ts';
import type { RosterdCommand, Runner } from '../command.ts';
import type { Context } from '../context.ts';
import { actorText, changeText } from '../event-line.ts';
import { explanationText } from '../explanation.ts';
import { printListing } from '../listing.ts';
import { tellCreationWaits } from '../run-texts.ts';
import type { Explanation, HistoryEvent, ListedUser, User } from '../shapes.ts';
import type { Column } from '../table.ts';
import { isNarrowed, userSelectionOf, userSelectionOptions, type UserSelectionOptions } from '../user-selection.ts';
import { userCard } from '../user-card.ts';
import { addUserRefresh } from './refresh.ts';
import { addUserActionCommands } from './user-actions.ts';
import { addUserLifeCommands } from './user-life.ts';
import { addUserScopeCommands } from './user-scope.ts';
import { personName } from '../person-name.ts';

const userArgument = { USER: 'id or username; also employee-id:ID, acd-id:ID' };

export function addUserCommands(program: RosterdCommand, runner: Runner): void {
  const user = addGroup(
    program,
    'user',
    'list, show, explain, history, refresh, set, sync on|off, deactivate and more: the users',
    'The users: who they are, where their values come from, what the sync may do',
  );
  addCommand<UserSelectionOptions>(user, runner, {
    call: 'list',
    summary: 'the active users',
    options: userSelectionOptions,
    run: async (context, _args, options) => {
      const { all = false, search, sync } = options;
      const narrowed = isNarrowed(options);
      const listed = await printListing<ListedUser>(context, {
        path: apiPath('users'),
        query: { ...userSelectionOf(options), search, all: all ? true : undefined },
        columns:
          sync === 'off' ? switchedOffColumns(context) : userColumns(context, all || options.state !== undefined),
        empty: !narrowed
          ? 'No users yet. Run `rosterd sync` to read the sources.'
          : 'No such users. `rosterd user list --all` shows everybody.',
      });
      if (listed === 0 && !narrowed && !context.json) await tellCreationWaits(context, await context.api('read'));
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
      if (shown.mergedInto !== null)
        await context.err.line(
          `User ${String(shown.id)} was merged into user ${String(shown.mergedInto)}: \`rosterd user show ${String(shown.mergedInto)}\` shows that one.`,
        );
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
  addUserRefresh(user, runner);
  addUserActionCommands(user, runner);
  addUserLifeCommands(user, runner);
  addUserScopeCommands(user, runner);
}

function userColumns(context: Context, all: boolean): readonly Column<User>[] {
  const active: Column<User> = {
    head: 'ACTIVE',
    value: ({ active: isActive, mergedInto }) =>
      mergedInto === null ? (isActive ? 'yes' : 'no') : `no, merged into ${String(mergedInto)}`,
  };
  return [
    { head: 'ID', value: (user) => user.id, align: 'right', whole: true },
    { head: 'USERNAME', value: (user) => user.username, whole: true },
    { head: 'NAME', value: personName },
    { head: 'ACD ID', value: (user) => user.acdId },
    { head: 'WINDOWS LOGIN', value: (user) => user.windowsLogin },
    { head: 'ROLES', value: (user) => user.roles.map(({ role }) => role).join(', ') },
    { head: 'TEAM', value: (user) => user.teams.find(({ main }) => main)?.name },
    ...(all ? [active] : []),
    {
      head: 'SYNC',
      // Whom no account was ever linked to has no sync that could be on (spec 6.1).
      value: (user) => (user.syncEnabled ? (user.origin === 'local' && user.profiles.length === 0 ? '' : 'on') : 'off'),
      paint: (text) => (text === 'off' ? context.paint.warn(text) : text),
    },
  ];
}

/** Who switched the sync off, why and until when, and what waits (spec 6.5). */
function switchedOffColumns(context: Context): readonly Column<ListedUser>[] {
  const each = (user: ListedUser, text: (off: ListedUser['sync'][number]) => string): string =>
    user.sync.map((off) => `${text(off)}${off.source === null ? '' : ` (${off.source})`}`).join(', ');
  return [
    { head: 'ID', value: (user) => user.id, align: 'right', whole: true },
    { head: 'USERNAME', value: (user) => user.username, whole: true },
    { head: 'NAME', value: personName },
    { head: 'OFF SINCE', value: (user) => each(user, ({ at }) => context.time(at)) },
    { head: 'BY', value: (user) => [...new Set(user.sync.map(({ by }) => by))].join(', ') },
    { head: 'UNTIL', value: (user) => joined(user.sync.map(({ until }) => context.time(until))) },
    { head: 'REASON', value: (user) => joined(user.sync.map(({ reason }) => reason ?? '')) },
    { head: 'WAITING', value: (user) => (user.waiting ?? []).map(changeText).join('; ') },
  ];
}

function joined(texts: readonly string[]): string {
  return texts.filter((text) => text !== '').join(', ');
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
