import { apiPath, ask as askApi } from '../api-client.ts';
import { addCommand, addGroup, firstOf } from '../command.ts';
import type { RosterdCommand, Runner } from '../command.ts';
import { needConsent } from '../consent.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { changeText } from '../event-line.ts';
import { fieldAndValue } from '../field-value.ts';
import type { UserActed } from '../shapes.ts';
import { parseTime } from '../times.ts';

interface ReasonOption {
  readonly reason?: string;
}

interface ConsentOptions extends ReasonOption {
  readonly yes?: boolean;
}

/** One request that changes a user. */
interface Act {
  readonly method: 'PUT' | 'POST';
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** What a person is told when it is done. */
  readonly done: string;
}

const userArgument = { USER: 'id or username' };
const sourceArgument = { SOURCE: 'the id of the source, from `rosterd source list`' };
const reasonOption = [['--reason <TEXT>', 'why; kept in the history']] as const;
const consentOptions = [...reasonOption, ['--yes', 'do not ask']] as const;

/** What people do to one user, below `user`. */
export function addUserActionCommands(user: RosterdCommand, runner: Runner): void {
  addSwitchCommands(user, runner);
  addFieldCommands(user, runner);
  addWordCommands(user, runner);
  addActivationCommands(user, runner);
  addLinkCommands(user, runner);
}

function addFieldCommands(user: RosterdCommand, runner: Runner): void {
  addCommand<ReasonOption>(user, runner, {
    call: 'set <USER> <FIELD=VALUE>',
    summary: 'give a field a value; where a source supplies it, as an override',
    details: 'Fields have the names of `rosterd user show USER --json`; attributes are attribute.NAME.',
    arguments: { ...userArgument, 'FIELD=VALUE': 'such as email=jan@example.com' },
    options: reasonOption,
    run: (context, args, { reason }) => {
      const [field, value] = fieldAndValue(args[1] ?? '');
      return carryOut(context, fieldAct(firstOf(args), field, value, reason));
    },
  });
  addCommand<ReasonOption>(user, runner, {
    call: 'unset <USER> <FIELD>',
    summary: "take an override or a local value away; the sources' value counts again",
    details: 'A value kept from an ended link is let go: the next source that has one supplies the field.',
    arguments: { ...userArgument, FIELD: 'the name of the field' },
    options: reasonOption,
    run: (context, args, { reason }) => carryOut(context, fieldAct(firstOf(args), args[1] ?? '', null, reason)),
  });
}

function fieldAct(user: string, field: string, value: string | null, reason: string | undefined): Act {
  const done =
    value === null ? `${field} of user ${user} is no longer set by hand.` : `${field} of user ${user} is set.`;
  return { method: 'PUT', path: apiPath('users', user, 'fields', field), body: { value, reason }, done };
}

const kinds = [
  { name: 'role', path: 'roles', argument: 'ROLE', help: 'a role of the catalogue', what: 'roles' },
  { name: 'team', path: 'teams', argument: 'TEAM', help: 'the name of a team', what: 'teams' },
  { name: 'supervision', path: 'supervision', argument: 'TEAM', help: 'the name of a team', what: 'supervised teams' },
] as const;

const words = [
  { word: 'give', summary: 'the user has it, whatever the sources say', done: 'given' },
  { word: 'take', summary: 'the user does not have it, whatever the sources say', done: 'taken' },
  {
    word: 'withdraw',
    summary: 'what a person said of it no longer counts; the sources decide again',
    done: 'withdrawn',
  },
] as const;

function addWordCommands(user: RosterdCommand, runner: Runner): void {
  for (const { name, path, argument, help, what } of kinds) {
    const more = name === 'team' ? ', main' : '';
    const group = addGroup(user, name, `give, take, withdraw${more}: the user's ${what}`, `A user's ${what}`);
    for (const { word, summary, done } of words)
      addCommand<ReasonOption>(group, runner, {
        call: `${word} <USER> <${argument}>`,
        summary,
        arguments: { ...userArgument, [argument]: help },
        options: reasonOption,
        run: (context, args, { reason }) =>
          carryOut(context, {
            method: 'PUT',
            path: apiPath('users', firstOf(args), path, args[1] ?? ''),
            body: { word, reason },
            done: `${args[1] ?? ''}: ${done}.`,
          }),
      });
    if (name === 'team') addMainTeamCommand(group, runner);
  }
}

function addMainTeamCommand(team: RosterdCommand, runner: Runner): void {
  addCommand<ReasonOption>(team, runner, {
    call: 'main <USER> [TEAM]',
    summary: 'choose the main team of those that the user is in; without TEAM the choice is withdrawn',
    arguments: { ...userArgument, TEAM: 'the name of a team' },
    options: reasonOption,
    run: (context, args, { reason }) =>
      carryOut(context, {
        method: 'PUT',
        path: apiPath('users', firstOf(args), 'main-team'),
        body: { team: args[1] ?? null, reason },
        done: args[1] === undefined ? 'No main team is chosen any more.' : `${args[1]} is the main team.`,
      }),
  });
}

function addActivationCommands(user: RosterdCommand, runner: Runner): void {
  addCommand<ReasonOption & { readonly insist?: boolean }>(user, runner, {
    call: 'deactivate <USER>',
    summary: 'deactivate a user whom no ACD has any more; the sources are asked now',
    arguments: userArgument,
    options: [...reasonOption, ['--insist', 'although an ACD still has the agent; needs a permission and --reason']],
    run: (context, args, { reason, insist }) =>
      carryOut(context, {
        ...activeAct(firstOf(args), false, reason),
        body: { active: false, ...(insist === true ? { insist } : {}), reason },
      }),
  });
  addCommand<ConsentOptions>(user, runner, {
    call: 'activate <USER>',
    summary: 'activate a user; what the sources say now is shown and then applied',
    arguments: userArgument,
    options: consentOptions,
    run: (context, args, { reason, yes }) => previewAndCarryOut(context, activeAct(firstOf(args), true, reason), yes),
  });
}

function activeAct(user: string, active: boolean, reason: string | undefined): Act {
  return {
    method: 'PUT',
    path: apiPath('users', user, 'active'),
    body: { active, reason },
    done: `User ${user} is ${active ? 'active' : 'inactive'}.`,
  };
}

function addLinkCommands(user: RosterdCommand, runner: Runner): void {
  addCommand<ReasonOption>(user, runner, {
    call: 'unlink <USER> <SOURCE>',
    summary: 'end the link to a directory, or to an ACD that has lost the agent; the values stay',
    details:
      'Nothing links there again by itself. The link to an ACD ends where its account is gone, its source is retired, or a person made it.',
    arguments: { ...userArgument, ...sourceArgument },
    options: reasonOption,
    run: (context, args, { reason }) =>
      carryOut(context, {
        method: 'POST',
        path: apiPath('users', firstOf(args), 'unlink'),
        body: { source: args[1], reason },
        done: `User ${firstOf(args)} is no longer linked to ${args[1] ?? ''}; \`rosterd user link\` links again.`,
      }),
  });
  addCommand<ConsentOptions>(user, runner, {
    call: 'link <USER> <SOURCE> <EXTERNAL-ID>',
    summary: 'link a user to an account; what it says is shown and then applied',
    arguments: {
      ...userArgument,
      ...sourceArgument,
      'EXTERNAL-ID': 'the id of the account, from `rosterd account list`',
    },
    options: consentOptions,
    run: (context, args, { reason, yes }) =>
      previewAndCarryOut(
        context,
        {
          method: 'POST',
          path: apiPath('users', firstOf(args), 'link'),
          body: { source: args[1], externalId: args[2], reason },
          done: `User ${firstOf(args)} is linked to ${args[1] ?? ''} ${args[2] ?? ''}.`,
        },
        yes,
      ),
  });
  addCommand<ConsentOptions & { readonly username?: string }>(user, runner, {
    call: 'repurpose <USER> [SOURCE]',
    summary: "let an inactive user's ACD id go to its next owner",
    details:
      'The link ends, and everything unique that came from the account leaves the user: ACD id, agent ID, and an employee id or a username that is a copy of it. The next run gives the account to whom it matches, or creates them.',
    arguments: { ...userArgument, SOURCE: 'where several links could be meant' },
    options: [['--username <NAME>', 'the username that the old user keeps'], ...consentOptions],
    run: (context, args, { reason, yes, username }) => {
      if (username === undefined) throw new UsageError('type the username that the old user keeps: --username NAME');
      const source = args[1] === undefined ? {} : { source: args[1] };
      const act: Act = {
        method: 'POST',
        path: apiPath('users', firstOf(args), 'repurpose'),
        body: { ...source, username, reason },
        done: `The account has left user ${firstOf(args)}; \`rosterd sync\` gives it to its next owner.`,
      };
      return previewAndCarryOut(context, act, yes);
    },
  });
}

interface SwitchOptions extends ConsentOptions {
  readonly source?: string;
  readonly until?: string;
}

function addSwitchCommands(user: RosterdCommand, runner: Runner): void {
  const sync = addGroup(user, 'sync', 'on, off: what the sync may do to a user', 'What the sync may do to a user');
  const sourceOption = ['--source <SOURCE>', 'only for this source'] as const;
  addCommand<SwitchOptions>(sync, runner, {
    call: 'on <USER>',
    summary: 'the user follows the sources again, from now on',
    details: [
      'The user is brought up to date with all sources at once. What that changes is shown first, field by field, and',
      'asked about; `rosterd user explain USER` and `rosterd user list --sync off` show it any time.',
    ].join('\n'),
    arguments: userArgument,
    options: [sourceOption, ...consentOptions],
    run: (context, args, options) =>
      previewAndCarryOut(context, switchAct(context, firstOf(args), true, options), options.yes),
  });
  addCommand<SwitchOptions>(sync, runner, {
    call: 'off <USER>',
    summary: 'the sync changes nothing of the user any more',
    details: 'The sources are still read, and what would change is shown by `rosterd user explain`.',
    arguments: userArgument,
    options: [
      sourceOption,
      ['--until <TIME>', 'on again at this time: 2026-03-31, "2026-03-31 15:00", or a span such as 12h, 7d'],
      ...reasonOption,
    ],
    run: (context, args, options) => carryOut(context, switchAct(context, firstOf(args), false, options)),
  });
}

function switchAct(context: Context, user: string, enabled: boolean, options: SwitchOptions): Act {
  const { source, reason } = options;
  const until = options.until === undefined ? undefined : parseTime(options.until, context.world.now(), 'future');
  const where = source === undefined ? '' : ` with ${source}`;
  const end = until === undefined ? '' : ` until ${context.time(until)}`;
  return {
    method: 'PUT',
    path: apiPath('users', user, 'sync'),
    body: {
      enabled,
      ...(source === undefined ? {} : { source }),
      ...(until === undefined ? {} : { until }),
      reason,
    },
    done: `Sync of user ${user}${where} is ${enabled ? 'on' : 'off'}${end}.`,
  };
}

/** Sends an act on a user and tells what it changed. */
export async function carryOut(context: Context, act: Act, version?: number): Promise<undefined> {
  const client = await context.api('write');
  const { method, path, body, done } = act;
  const headers = version === undefined ? {} : { headers: { 'if-match': `"${version}"` } };
  const acted = (await askApi(client, method, path, { body, ...headers })) as UserActed;
  if (context.json) await context.out.json(acted);
  else {
    await context.out.write(acted.changed ? changesText(acted) : '');
    await context.out.line(acted.changed ? done : 'Nothing to change.');
  }
  for (const warning of acted.warnings) await context.hint(warning);
  return undefined;
}

/** Shows what would change and asks; what is done then is what was shown, or refused. */
async function previewAndCarryOut(context: Context, act: Act, yes: boolean | undefined): Promise<undefined> {
  if (yes === true) return carryOut(context, act);
  const client = await context.api('write');
  const { method, path, body } = act;
  const preview = (await askApi(client, method, path, { body, query: { preview: true } })) as UserActed;
  const text = changesText(preview);
  if (text !== '') await needConsent(context, `This would change of user ${preview.user.id}:\n${text}Go on?`, yes);
  return carryOut(context, act, preview.user.version);
}

/** What the command itself says. */
const ownWord = /^(active|sync(OffUntil)?(\..*)?)$/;

function changesText({ changes }: UserActed): string {
  return changes
    .filter(({ field }) => !ownWord.test(field))
    .map((change) => `  ${changeText(change)}\n`)
    .join('');
}
