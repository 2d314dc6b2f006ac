import { apiPath, ask } from '../api-client.ts';
import { addCommand, addGroup, firstOf } from '../command.ts';
import type { RosterdCommand, Runner } from '../command.ts';
import type { Context } from '../context.ts';
import { printListing } from '../listing.ts';
import type { Group, Role } from '../shapes.ts';

interface ReasonOption {
  readonly reason?: string;
}

const groupArgument = { GROUP: 'the name of a group' };
const reasonOption = ['--reason <TEXT>', 'why; kept in the history'] as const;

/** `group` (spec 11.5) and `role` (spec 10.6). */
export function addGroupCommands(program: RosterdCommand, runner: Runner): void {
  const group = addGroup(
    program,
    'group',
    'list · add · rename · move · remove · team: the tree of groups that contain teams',
    'The tree of groups that contain teams; a group in a scope includes every team below it',
  );
  addListCommand(group, runner);
  addTreeCommands(group, runner);
  addTeamCommand(group, runner);
  const role = addGroup(program, 'role', 'list: the roles that exist, with their privileges', 'The roles that exist');
  addCommand(role, runner, {
    call: 'list',
    summary: 'the roles of the catalogue with their privileges per application',
    details: 'Roles are those of roles.catalogue in the configuration, and the built-in agent and supervisor.',
    run: async (context) => {
      await printListing<Role>(context, {
        path: apiPath('roles'),
        columns: [
          { head: 'ROLE', value: (each) => each.role, whole: true },
          { head: 'MANAGES TEAMS', value: (each) => (each.managesTeams ? 'yes' : 'no') },
          { head: 'PRIVILEGES', value: (each) => each.privileges.map(privilegeText).join(', ') },
        ],
        empty: 'No roles.',
      });
      return undefined;
    },
  });
}

function privilegeText({ application, privilege }: Role['privileges'][number]): string {
  return application === null ? privilege : `${application}: ${privilege}`;
}

function addListCommand(group: RosterdCommand, runner: Runner): void {
  addCommand(group, runner, {
    call: 'list',
    summary: 'all groups as a tree, with the teams in each',
    run: async (context) => {
      await printListing<Group>(context, {
        path: apiPath('groups'),
        columns: [
          { head: 'GROUP', value: (each) => each.path.join(' / '), whole: true },
          { head: 'DEFAULT', value: (each) => (each.default ? 'yes' : '') },
          { head: 'TEAMS', value: (each) => each.teams.join(', ') },
        ],
        empty: 'No groups.',
      });
      return undefined;
    },
  });
}

function addTreeCommands(group: RosterdCommand, runner: Runner): void {
  addCommand<ReasonOption & { readonly below?: string }>(group, runner, {
    call: 'add <GROUP>',
    summary: 'make a group, at the top or below another one',
    arguments: { GROUP: 'its name; no other group may have it' },
    options: [['--below <GROUP>', 'the group that contains it'], reasonOption],
    run: (context, args, { below, reason }) => {
      const body = { name: firstOf(args), ...(below === undefined ? {} : { below }), reason };
      return change(context, 'POST', apiPath('groups'), body, `There is a group ${firstOf(args)}.`);
    },
  });
  addCommand<ReasonOption>(group, runner, {
    call: 'rename <GROUP> <NAME>',
    summary: 'give a group another name',
    arguments: { ...groupArgument, NAME: 'its new name; no other group may have it' },
    options: [reasonOption],
    run: (context, [name = '', after = ''], { reason }) =>
      change(context, 'PUT', apiPath('groups', name), { name: after, reason }, `${name} is called ${after} now.`),
  });
  addCommand<ReasonOption>(group, runner, {
    call: 'move <GROUP> [BELOW]',
    summary: 'put a group below another one; without BELOW at the top',
    arguments: { ...groupArgument, BELOW: 'the group that contains it from now on' },
    options: [reasonOption],
    run: (context, [name = '', below], { reason }) =>
      change(
        context,
        'PUT',
        apiPath('groups', name),
        { below: below ?? null, reason },
        below === undefined ? `${name} is at the top.` : `${name} is below ${below}.`,
      ),
  });
  addCommand<ReasonOption>(group, runner, {
    call: 'remove <GROUP>',
    summary: 'remove an empty group that nobody belongs to or has in a scope',
    arguments: groupArgument,
    options: [reasonOption],
    run: (context, args, { reason }) =>
      change(
        context,
        'POST',
        apiPath('groups', firstOf(args), 'remove'),
        { reason },
        `There is no group ${firstOf(args)} any more.`,
      ),
  });
}

function addTeamCommand(group: RosterdCommand, runner: Runner): void {
  addCommand<ReasonOption>(group, runner, {
    call: 'team <TEAM> [GROUP]',
    summary: 'put a team into a group; without GROUP into the default one',
    arguments: { TEAM: 'the name of a team', ...groupArgument },
    options: [reasonOption],
    run: (context, [team = '', name], { reason }) =>
      change(
        context,
        'PUT',
        apiPath('teams', team, 'group'),
        { group: name ?? null, reason },
        `${team} is in ${name ?? 'the default group'}.`,
      ),
  });
}

async function change(
  context: Context,
  method: 'PUT' | 'POST',
  path: string,
  body: object,
  done: string,
): Promise<undefined> {
  const tree = (await ask(await context.api('write'), method, path, { body })) as { readonly items: readonly Group[] };
  if (context.json) await context.out.json(...tree.items);
  else await context.out.line(done);
  return undefined;
}
