import { apiPath } from '../api-client.ts';
import { addCommand, addGroup, firstOf } from '../command.ts';
import type { RosterdCommand, Runner } from '../command.ts';
import { UsageError } from '../errors.ts';
import { carryOut } from './user-actions.ts';

interface ReasonOption {
  readonly reason?: string;
}

interface ScopeOptions extends ReasonOption {
  readonly full?: boolean;
  readonly group?: readonly string[];
  readonly team?: readonly string[];
}

const userArgument = { USER: 'id or username' };
const reasonOption = ['--reason <TEXT>', 'why; kept in the history'] as const;

const changes = [
  {
    change: 'set',
    summary: 'the scope beside the own group and teams is this and nothing else; without options: nothing',
  },
  { change: 'add', summary: 'put groups, teams or everything into the scope' },
  { change: 'remove', summary: 'take groups, teams or everything out of the scope' },
] as const;

/** `user group` and `user scope` (spec 11.5). */
export function addUserScopeCommands(user: RosterdCommand, runner: Runner): void {
  addCommand<ReasonOption>(user, runner, {
    call: 'group <USER> [GROUP]',
    summary: 'choose the group that the user belongs to; without GROUP it is that of the main team again',
    arguments: { ...userArgument, GROUP: 'the name of a group' },
    options: [reasonOption],
    run: (context, args, { reason }) =>
      carryOut(context, {
        method: 'PUT',
        path: apiPath('users', firstOf(args), 'group'),
        body: { group: args[1] ?? null, reason },
        done: args[1] === undefined ? 'The group is that of the main team.' : `${args[1]} is the group.`,
      }),
  });
  const scope = addGroup(user, 'scope', 'set, add, remove: the groups and teams in the scope', "A user's scope");
  for (const { change, summary } of changes)
    addCommand<ScopeOptions>(scope, runner, {
      call: `${change} <USER>`,
      summary,
      details: "A group includes every team below it. The user's own group and teams are always in the scope.",
      arguments: userArgument,
      options: [
        ['--group <GROUP...>', 'names of groups'],
        ['--team <TEAM...>', 'names of teams'],
        ['--full', 'everything'],
        reasonOption,
      ],
      run: (context, args, { full = false, group = [], team = [], reason }) => {
        if (change !== 'set' && !full && group.length + team.length === 0)
          throw new UsageError('say what: --group GROUP, --team TEAM or --full');
        return carryOut(context, {
          method: 'PUT',
          path: apiPath('users', firstOf(args), 'scope'),
          body: { change, full, groups: group, teams: team, reason },
          done: `The scope of user ${firstOf(args)} is changed.`,
        });
      },
    });
}
