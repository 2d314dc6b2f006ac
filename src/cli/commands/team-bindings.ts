import { apiPath, ask } from '../api-client.ts';
import { addCommand } from '../command.ts';
import type { RosterdCommand, Runner } from '../command.ts';
import { needConsent } from '../consent.ts';
import type { Context } from '../context.ts';
import { changeText } from '../event-line.ts';
import { tableFor } from '../listing.ts';
import type { TeamActed, TeamBinding } from '../shapes.ts';

interface ActOptions {
  readonly reason?: string;
  readonly yes?: boolean;
}

const options = [
  ['--reason <TEXT>', 'why; kept in the history'],
  ['--yes', 'do not ask'],
] as const;
const ofSource = { SOURCE: 'id of the source', 'EXTERNAL-ID': 'of its team, as `team bindings` shows it' };

/** `team bindings`, `bind`, `unbind`, `merge` (spec 11.6): what moves people is shown and asked about. */
export function addTeamBindingCommands(team: RosterdCommand, runner: Runner): void {
  addCommand<{ readonly source?: string; readonly state?: string }>(team, runner, {
    call: 'bindings',
    summary: 'the teams of sources and the teams that they are bound to',
    options: [
      ['--source <SOURCE>', 'only of this source'],
      ['--state <STATE>', 'only these', ['bound', 'unbound', 'undecided']],
    ],
    run: async (context, _args, { source, state }) => {
      // All at once: sources have some hundred teams, and the API has no pages of them.
      const asked = { query: { source, state } };
      const answer = await ask(await context.api('read'), 'GET', apiPath('team-bindings'), asked);
      const { items } = answer as { readonly items: readonly TeamBinding[] };
      const table = tableFor<TeamBinding>(context, [
        { head: 'SOURCE', value: (each) => each.source, whole: true },
        { head: 'EXTERNAL ID', value: (each) => each.externalId, whole: true },
        { head: 'CALLED', value: (each) => each.name },
        { head: 'TEAM', value: (each) => each.team ?? (each.state === 'unbound' ? '(left out)' : '(undecided)') },
        { head: 'MEMBERS', value: (each) => String(each.members), align: 'right' },
        { head: 'GONE', value: (each) => (each.gone ? 'yes' : '') },
      ]);
      if (context.json) await context.out.json(...items);
      else if (items.length === 0) await context.hint('No team of a source.');
      else await context.out.write(table(items));
      return undefined;
    },
  });
  addCommand<ActOptions>(team, runner, {
    call: 'bind <SOURCE> <EXTERNAL-ID> <TEAM>',
    summary: 'memberships of a team of a source become memberships of this team',
    details: 'Its members move in the next run of the source, which the guard may hold as any other.',
    arguments: { ...ofSource, TEAM: 'the name of a team' },
    options,
    run: (context, [source = '', externalId = '', name = ''], asked) =>
      act(context, { method: 'PUT', path: apiPath('team-bindings', source, externalId), body: { team: name } }, asked),
  });
  addCommand<ActOptions>(team, runner, {
    call: 'unbind <SOURCE> <EXTERNAL-ID>',
    summary: 'memberships of a team of a source are left out; who is in no other team stays where they are',
    arguments: ofSource,
    options,
    run: (context, [source = '', externalId = ''], asked) =>
      act(context, { method: 'PUT', path: apiPath('team-bindings', source, externalId), body: { team: null } }, asked),
  });
  addCommand<ActOptions>(team, runner, {
    call: 'merge <TEAM> <INTO>',
    summary: 'one team takes the place of the other wherever it stands; the other is no more',
    details: [
      'Members, supervisors, scopes, what people gave and took, and the teams of sources that are bound to it go over at',
      'once, those of inactive users too. `rosterd undo --event EVENT` parts them again.',
    ].join('\n'),
    arguments: { TEAM: 'the team that goes', INTO: 'the team that stays' },
    options,
    run: (context, [name = '', into = ''], asked) =>
      act(context, { method: 'POST', path: apiPath('teams', name, 'merge'), body: { into } }, asked),
  });
}

interface TeamAct {
  readonly method: 'PUT' | 'POST';
  readonly path: string;
  readonly body: object;
}

/** Shows what the act comes to and asks, then does it and says how it is undone. */
async function act(context: Context, { method, path, body }: TeamAct, { reason, yes }: ActOptions): Promise<undefined> {
  const client = await context.api('write');
  const asked = async (preview: boolean): Promise<TeamActed> => {
    return (await ask(client, method, path, { body: { ...body, preview, reason } })) as TeamActed;
  };
  if (yes !== true) {
    const preview = await asked(true);
    if (preview.told.length > 0) await needConsent(context, `${actText(preview)}Go on?`, yes);
  }
  const acted = await asked(false);
  if (context.json) await context.out.json(acted);
  else if (acted.event === null) await context.out.line('It is so already.');
  else {
    await context.out.write(actText(acted));
    await context.out.line(`\`rosterd undo --event ${String(acted.event)}\` takes it back.`);
  }
  return undefined;
}

function actText({ preview, moved: { count, first }, told }: TeamActed): string {
  const lines = first.map(({ userId, username, changes }) => {
    const texts = changes.filter(({ field }) => shownFields.has(field)).map(changeText);
    return `  ${username ?? `user ${String(userId)}`}  ${texts.join('; ')}`;
  });
  const rest = count - first.length;
  const many = count === 1 ? '1 user' : `${String(count)} users`;
  return [
    ...told,
    `${many} ${preview ? 'would move' : 'move'}${count === 0 ? '.' : ':'}`,
    ...lines,
    ...(rest > 0 ? [`  and ${String(rest)} more`] : []),
  ]
    .map((line) => `${line}\n`)
    .join('');
}

/** The rest of what an event tells says the same of people's words. */
const shownFields: ReadonlySet<string> = new Set(['teams', 'mainTeam', 'supervises', 'scopeTeams']);
