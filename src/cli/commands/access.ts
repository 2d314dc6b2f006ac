import { permissions, type Permission } from '../../domain/permissions.ts';
import { profiles, type Profile } from '../../access/profiles.ts';
import { apiPath, ask } from '../api-client.ts';
import { addCommand, addGroup, firstOf } from '../command.ts';
import type { RosterdCommand, Runner } from '../command.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { printListing } from '../listing.ts';
import type { Operator, Token } from '../shapes.ts';

interface ReasonOption {
  readonly reason?: string;
}
interface PermissionOptions {
  readonly profile?: string;
  readonly permissions?: string;
}
interface ScopeOptions {
  readonly full?: boolean;
  readonly group?: string;
  readonly team?: string;
}

const profileNames = Object.keys(profiles) as Profile[];
const reasonOption = ['--reason <TEXT>', 'why; kept in the history'] as const;
const permissionOptions = [
  ['--profile <NAME>', 'a ready set of permissions', profileNames],
  ['--permissions <LIST>', `single ones, with commas: ${permissions.join(', ')}`],
] as const;
const scopeOptions = [
  ['--full', 'everything'],
  ['--group <LIST>', 'groups, with commas; every team below them is in it'],
  ['--team <LIST>', 'teams, with commas'],
] as const;
const nameArgument = { NAME: 'the name of an operator' };

/** `operator` and `token`: who may come in, and what they may do (spec 19). */
export function addAccessCommands(program: RosterdCommand, runner: Runner): void {
  const operator = addGroup(
    program,
    'operator',
    'list · profiles · invite · permissions · scope · disable · enable · unlock · link: people of the API',
    'Who may come in, what they may do, and whom they see',
  );
  addReading(operator, runner);
  addInviting(operator, runner);
  addChanging(operator, runner);
  const token = addGroup(program, 'token', 'list · create · revoke: API tokens', 'API tokens, for programs');
  addTokens(token, runner);
}

function addReading(operator: RosterdCommand, runner: Runner): void {
  addCommand(operator, runner, {
    call: 'list',
    summary: 'all operators, with permissions and scope',
    run: async (context) => {
      await printListing<Operator>(context, {
        path: apiPath('operators'),
        columns: [
          { head: 'OPERATOR', value: (each) => each.name, whole: true },
          { head: 'STATE', value: stateOf },
          { head: 'PERMISSIONS', value: (each) => each.profile ?? each.permissions.join(', ') },
          { head: 'SCOPE', value: (each) => scopeText(each.scope) },
          {
            head: 'SIGNED IN',
            value: (each) => (each.lastSignInAt === null ? 'never' : context.time(each.lastSignInAt)),
          },
        ],
        empty: 'No operators.',
      });
      return undefined;
    },
  });
  addCommand(operator, runner, {
    call: 'profiles',
    summary: 'what each ready profile may do',
    talks: 'local',
    run: async (context) => {
      const width = Math.max(...permissions.map((each) => each.length));
      if (context.json) await context.out.json(...profileNames.map((name) => ({ name, permissions: profiles[name] })));
      else {
        await context.out.line(['PERMISSION'.padEnd(width), ...profileNames].join('  '));
        for (const permission of permissions) {
          const marks = profileNames.map((name) => (may(name, permission) ? 'yes' : '-').padEnd(name.length));
          await context.out.line([permission.padEnd(width), ...marks].join('  ').trimEnd());
        }
      }
      return undefined;
    },
  });
}

function may(profile: Profile, permission: Permission): boolean {
  const set: readonly Permission[] = profiles[profile];
  return set.includes(permission);
}

function addInviting(operator: RosterdCommand, runner: Runner): void {
  addCommand<ReasonOption & PermissionOptions & ScopeOptions>(operator, runner, {
    call: 'invite <NAME>',
    summary: 'make an operator, and the link by which they choose their password',
    details:
      'The link works once, for 24 hours, and is shown only now; who signs in by OpenID Connect or with a Windows account ' +
      'needs none, and has to be NAME there. Without a scope nobody is seen.',
    arguments: { NAME: 'the name that they sign in with' },
    options: [...permissionOptions, ...scopeOptions, reasonOption],
    run: async (context, args, options) => {
      const name = firstOf(args);
      const body = { name, permissions: permissionsOf(options), scope: scopeOf(options), reason: options.reason };
      return printLink(context, await ask(await context.api('write'), 'POST', apiPath('operators'), { body }), name);
    },
  });
  addCommand<ReasonOption>(operator, runner, {
    call: 'link [NAME]',
    summary: 'a link for a new password; without NAME that of the first operator',
    details:
      'Works once and is shown only now: for 24 hours, that of the first operator for one hour and only while there is no other. ' +
      'It ends the links made before; signing in with it ends the sessions.',
    arguments: nameArgument,
    options: [reasonOption],
    run: async (context, [name], { reason }) => {
      const client = await context.api('write');
      const path = name === undefined ? apiPath('first-operator', 'link') : apiPath('operators', name, 'link');
      const made = await ask(client, 'POST', path, name === undefined ? {} : { body: { reason } });
      return printLink(context, made, name ?? 'the first operator');
    },
  });
}

async function printLink(context: Context, answer: unknown, name: string): Promise<undefined> {
  const made = answer as { readonly link: string; readonly validForHours: number };
  if (context.json) await context.out.json(made);
  else {
    await context.out.line(made.link);
    await context.err.line(
      `For ${name}, once, within ${made.validForHours} h; shown only now. It is redeemed with a password: POST /api/v1/links/redeem.`,
    );
  }
  return undefined;
}

function addChanging(operator: RosterdCommand, runner: Runner): void {
  addCommand<ReasonOption & PermissionOptions>(operator, runner, {
    call: 'permissions <NAME>',
    summary: 'say what an operator may do, in place of what they might before',
    arguments: nameArgument,
    options: [...permissionOptions, reasonOption],
    run: (context, args, options) =>
      change(
        context,
        'PUT',
        apiPath('operators', firstOf(args), 'permissions'),
        {
          ...{ permissions: permissionsOf(options) },
          reason: options.reason,
        },
        `${firstOf(args)} may: ${permissionsOf(options).join(', ') || 'nothing'}.`,
      ),
  });
  addCommand<ReasonOption & ScopeOptions>(operator, runner, {
    call: 'scope <NAME>',
    summary: 'say whom an operator sees, in place of whom they saw before',
    details: 'Users of the teams and groups named; without any, nobody. What is out of scope is not there for them.',
    arguments: nameArgument,
    options: [...scopeOptions, reasonOption],
    run: (context, args, options) =>
      change(
        context,
        'PUT',
        apiPath('operators', firstOf(args), 'scope'),
        {
          ...scopeOf(options),
          reason: options.reason,
        },
        `${firstOf(args)} sees: ${scopeText(scopeOf(options))}.`,
      ),
  });
  for (const [action, summary, done] of [
    ['disable', 'keep an operator out: sessions and links end, tokens are worth nothing', 'is disabled'],
    [
      'enable',
      'let a disabled operator in again, or another person who has the name at the provider now',
      'may come in again',
    ],
    ['unlock', 'unlock a log-in that was blocked after too many failures', 'is unlocked'],
  ] as const)
    addCommand<ReasonOption>(operator, runner, {
      call: `${action} <NAME>`,
      summary,
      arguments: nameArgument,
      options: [reasonOption],
      run: (context, args, { reason }) =>
        change(context, 'POST', apiPath('operators', firstOf(args), action), { reason }, `${firstOf(args)} ${done}.`),
    });
}

function addTokens(token: RosterdCommand, runner: Runner): void {
  addCommand(token, runner, {
    call: 'list',
    summary: 'all tokens, never the tokens themselves',
    run: async (context) => {
      await printListing<Token>(context, {
        path: apiPath('tokens'),
        columns: [
          { head: 'ID', value: (each) => each.id },
          { head: 'LABEL', value: (each) => each.label, whole: true },
          { head: 'OPERATOR', value: (each) => each.operator },
          { head: 'STATE', value: (each) => (each.revokedAt === null ? 'valid' : 'revoked') },
          { head: 'PERMISSIONS', value: (each) => each.permissions.join(', ') },
          { head: 'LAST USED', value: (each) => (each.lastUsedAt === null ? 'never' : context.time(each.lastUsedAt)) },
        ],
        empty: 'No tokens.',
      });
      return undefined;
    },
  });
  addCommand<ReasonOption & PermissionOptions & { readonly operator?: string }>(token, runner, {
    call: 'create <LABEL>',
    summary: 'make a token; it is shown once',
    details:
      'It may do what is named here, as far as its operator may. With `--permissions view` Prometheus scrapes /metrics.',
    arguments: { LABEL: 'what it is for' },
    options: [...permissionOptions, ['--operator <NAME>', 'whose token it is (default: your own)'], reasonOption],
    run: async (context, args, options) => {
      const { operator } = options;
      const body = {
        ...{ label: firstOf(args), permissions: permissionsOf(options), reason: options.reason },
        ...(operator === undefined ? {} : { operator }),
      };
      const made = (await ask(await context.api('write'), 'POST', apiPath('tokens'), { body })) as Token & {
        readonly token: string;
      };
      if (context.json) await context.out.json(made);
      else {
        await context.out.line(made.token);
        await context.err.line(
          `Token ${made.id} of ${made.operator}, shown only now: \`rosterd token revoke ${made.id}\` ends it.`,
        );
      }
      return undefined;
    },
  });
  addCommand<ReasonOption>(token, runner, {
    call: 'revoke <ID>',
    summary: 'end a token',
    arguments: { ID: 'as `token list` shows it' },
    options: [reasonOption],
    run: (context, args, { reason }) =>
      change(
        context,
        'POST',
        apiPath('tokens', firstOf(args), 'revoke'),
        { reason },
        `Token ${firstOf(args)} is revoked.`,
      ),
  });
}

function permissionsOf({ profile, permissions: list }: PermissionOptions): readonly Permission[] {
  if ((profile === undefined) === (list === undefined)) throw new UsageError('give --profile or --permissions');
  if (profile !== undefined) return profiles[profile as Profile];
  return split(list).map((name) => {
    const known = permissions.find((each) => each === name);
    if (known === undefined) throw new UsageError(`there is no permission ${name}: ${permissions.join(', ')}`);
    return known;
  });
}

function scopeOf({ full = false, group, team }: ScopeOptions): { full: boolean; groups: string[]; teams: string[] } {
  return { full, groups: split(group), teams: split(team) };
}

function split(list: string | undefined): string[] {
  return (list ?? '')
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
}

function scopeText({ full, groups, teams }: Operator['scope']): string {
  if (full) return 'everything';
  return [...groups.map((name) => `group ${name}`), ...teams.map((name) => `team ${name}`)].join(', ') || 'nobody';
}

/** Who comes by OpenID Connect or with a Windows account needs no password. */
function stateOf({ disabled, blocked, hasPassword, kind, lastSignInAt }: Operator): string {
  if (disabled) return 'disabled';
  if (blocked) return 'blocked';
  return kind === 'local' || hasPassword || lastSignInAt !== null ? 'active' : 'invited';
}

async function change(
  context: Context,
  method: 'PUT' | 'POST',
  path: string,
  body: object,
  done: string,
): Promise<undefined> {
  const answer = await ask(await context.api('write'), method, path, { body });
  if (context.json) await context.out.json(answer);
  else await context.out.line(done);
  return undefined;
}
