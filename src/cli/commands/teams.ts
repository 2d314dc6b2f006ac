import { apiPath, ask } from '../api-client.ts';
import { card } from '../card.ts';
import { addCommand, addGroup, firstOf } from '../command.ts';
import type { RosterdCommand, Runner } from '../command.ts';
import { needConsent } from '../consent.ts';
import type { Context } from '../context.ts';
import { printListing } from '../listing.ts';
import type { Team, TeamDetail } from '../shapes.ts';
import { addTeamBindingCommands } from './team-bindings.ts';

interface ReasonOption {
  readonly reason?: string;
}

const teamArgument = { TEAM: 'the name of a team' };
const reasonOption = ['--reason <TEXT>', 'why; kept in the history'] as const;

/** `team` (spec 11.6). */
export function addTeamCommands(program: RosterdCommand, runner: Runner): void {
  const team = addGroup(
    program,
    'team',
    'list · show · rename · merge · remove · bindings · bind · unbind: teams and what is bound to them',
    'Teams, their members, and the teams of sources that are bound to them',
  );
  addCommand(team, runner, {
    call: 'list',
    summary: 'all teams with their members and what is bound to them',
    run: async (context) => {
      await printListing<Team>(context, {
        path: apiPath('teams'),
        columns: [
          { head: 'TEAM', value: (each) => each.name, whole: true },
          { head: 'GROUP', value: (each) => each.group },
          { head: 'MEMBERS', value: (each) => String(each.members) },
          { head: 'SUPERVISORS', value: (each) => String(each.supervisors) },
          { head: 'BOUND', value: (each) => each.bindings.map(bindingText).join(', ') },
        ],
        empty: 'No teams.',
      });
      return undefined;
    },
  });
  addCommand(team, runner, {
    call: 'show <TEAM>',
    summary: 'one team: members, supervisors, and the teams of sources that are bound to it',
    arguments: teamArgument,
    run: async (context, args) => {
      const shown = await teamOf(context, firstOf(args));
      if (context.json) await context.out.json(shown);
      else await context.out.write(`${shown.name}\n${teamCard(shown)}`);
      return undefined;
    },
  });
  addChangeCommands(team, runner);
  addTeamBindingCommands(team, runner);
}

function addChangeCommands(team: RosterdCommand, runner: Runner): void {
  addCommand<ReasonOption & { readonly yes?: boolean }>(team, runner, {
    call: 'rename <TEAM> <NAME>',
    summary: 'give a team another name; nobody moves',
    details: 'Where a source has a team that is bound to it, the name holds until that source renames it.',
    arguments: { ...teamArgument, NAME: 'its new name; no other team may have it' },
    options: [reasonOption, ['--yes', 'do not ask']],
    run: async (context, [name = '', after = ''], { reason, yes }) => {
      const { members, supervisors } = await teamOf(context, name);
      const question = `${name} becomes ${after} for ${String(members)} members and ${String(supervisors)} supervisors; nobody moves. Rename it?`;
      await needConsent(context, question, yes);
      const body = { name: after, reason };
      const renamed = await ask(await context.api('write'), 'PUT', apiPath('teams', name), { body });
      if (context.json) await context.out.json(renamed);
      else await context.out.line(`${name} is called ${after} now.`);
      return undefined;
    },
  });
  addCommand<ReasonOption>(team, runner, {
    call: 'remove <TEAM>',
    summary: 'remove a team that nobody is in and no source has',
    arguments: teamArgument,
    options: [reasonOption],
    run: async (context, args, { reason }) => {
      const path = apiPath('teams', firstOf(args), 'remove');
      const left = (await ask(await context.api('write'), 'POST', path, { body: { reason } })) as {
        readonly items: readonly Team[];
      };
      if (context.json) await context.out.json(...left.items);
      else await context.out.line(`There is no team ${firstOf(args)} any more.`);
      return undefined;
    },
  });
}

async function teamOf(context: Context, name: string): Promise<TeamDetail> {
  return (await ask(await context.api('read'), 'GET', apiPath('teams', name))) as TeamDetail;
}

function teamCard({ group, members, memberNames, supervisors, supervisorNames, bindings }: TeamDetail): string {
  return card([
    ['Group', group],
    ['Members', people(members, memberNames)],
    ['Supervisors', people(supervisors, supervisorNames)],
    ['Bound', bindings.length === 0 ? 'to no team of a source' : bindings.map(bindingText).join(', ')],
  ]);
}

function people(count: number, names: readonly string[]): string {
  const rest = count - names.length;
  return [
    String(count),
    ...(count > 0 ? [`: ${names.join(', ')}`] : []),
    ...(rest > 0 ? [` and ${String(rest)} more`] : []),
  ].join('');
}

function bindingText({ source, externalId, name, gone }: Team['bindings'][number]): string {
  const called = name === externalId ? name : `${name} (${externalId})`;
  return `${source}: ${called}${gone ? ', gone' : ''}`;
}
