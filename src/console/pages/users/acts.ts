import type { ApiQueries } from '../../../api/dependencies.ts';
import type { User } from '../../../api/schemas/users.ts';
import type { Permission } from '../../../domain/permissions.ts';
import type { RoleCatalogue } from '../../../domain/privileges.ts';
import type { UserActed, UserRequest } from '../../../users/user-action.ts';
import type { UserActions } from '../../../users/user-actions.ts';
import type { Words } from '../../words/words.ts';

/** What a person has filled in, by the name of the input. */
export type Values = Readonly<Record<string, string>>;

/** One thing that an act has to know beside whom it is about. */
export interface Input {
  readonly name: string;
  readonly label: (words: Words) => string;
  /** Named by the link that leads here, and not to be changed. */
  readonly fixed?: true;
  /** May be left empty. */
  readonly optional?: true;
  readonly options?: (from: Choices) => Promise<readonly string[]> | readonly string[];
  /** What an option is called; by itself where it is a name already. */
  readonly optionText?: (words: Words, option: string) => string;
  /** What stands in it at first. */
  readonly start?: (user: User, values: Values) => string;
}

/** Where the options of an input come from. */
interface Choices {
  readonly queries: ApiQueries;
  readonly roleCatalogue: RoleCatalogue;
  readonly user: User;
}

/** Something that people do to one user; each is shown before it is done. */
export interface UserAct {
  readonly access: Permission;
  readonly inputs: readonly Input[];
  /** Takes something away: its button says so. */
  readonly danger?: true;
  run(actions: UserActions, asked: UserRequest, values: Values): Promise<UserActed>;
}

const word = { name: 'word', label: (words: Words) => words.acts.word, fixed: true } as const;
const source: Input = {
  name: 'source',
  label: (words) => words.acts.source,
  options: ({ user }) => user.profiles.filter(({ state }) => state !== 'unlinked').map((each) => each.source),
};
const team: Input = {
  name: 'team',
  label: (words) => words.users.team,
  options: ({ queries }) => queries.teams.names(),
};

/** By the last part of their address. */
export const userActs: Readonly<Record<string, UserAct>> = {
  'sync-on': {
    access: 'toggle-sync',
    inputs: [],
    run: ({ switchSync }, asked) => switchSync({ ...asked, enabled: true }),
  },
  activate: { access: 'activate', inputs: [], run: ({ activation }, asked) => activation.activate(asked) },
  deactivate: {
    access: 'activate',
    danger: true,
    inputs: [],
    run: ({ activation }, asked, { insist }) => activation.deactivate({ ...asked, insist: insist === 'yes' }),
  },
  unlink: {
    access: 'edit-users',
    danger: true,
    inputs: [source],
    run: ({ links }, asked, { source: from = '' }) => links.unlink({ ...asked, source: from }),
  },
  link: {
    access: 'edit-users',
    inputs: [
      {
        name: 'source',
        label: (words) => words.acts.source,
        options: async ({ queries }) => (await queries.sources.list()).map(({ id }) => id),
      },
      { name: 'externalId', label: (words) => words.acts.externalId },
    ],
    run: ({ links }, asked, { source: of = '', externalId = '' }) => links.link({ ...asked, source: of, externalId }),
  },
  repurpose: {
    access: 'edit-users',
    danger: true,
    inputs: [source, { name: 'username', label: (words) => words.acts.keptUsername }],
    run: ({ repurpose }, asked, { source: of, username }) => repurpose({ ...asked, source: of, username }),
  },
  set: {
    access: 'edit-users',
    inputs: [
      { name: 'field', label: (words) => words.changes.field, fixed: true },
      { name: 'value', label: (words) => words.acts.value, start: fieldValue },
    ],
    run: ({ editField }, asked, { field = '', value = '' }) => editField({ ...asked, field, value }),
  },
  unset: {
    access: 'edit-users',
    inputs: [{ name: 'field', label: (words) => words.changes.field, fixed: true }],
    run: ({ editField }, asked, { field = '' }) => editField({ ...asked, field, value: null }),
  },
  role: {
    access: 'assign-user-roles',
    inputs: [
      word,
      {
        name: 'role',
        label: (words) => words.user.role,
        options: ({ roleCatalogue }) => Object.keys(roleCatalogue),
      },
    ],
    run: ({ memberships }, asked, { role = '', word: said }) =>
      memberships.role({ ...asked, role, word: wordOf(said) }),
  },
  team: {
    access: 'edit-users',
    inputs: [word, team],
    run: ({ memberships }, asked, { team: of = '', word: said }) =>
      memberships.team({ ...asked, team: of, word: wordOf(said) }),
  },
  supervision: {
    access: 'edit-users',
    inputs: [word, team],
    run: ({ memberships }, asked, { team: of = '', word: said }) =>
      memberships.supervision({ ...asked, team: of, word: wordOf(said) }),
  },
  scope: {
    access: 'assign-user-roles',
    inputs: [
      {
        name: 'change',
        label: (words) => words.life.scopeChange,
        options: () => ['add', 'remove'],
        optionText: (words, option) => words.life.scopeChanges[option === 'remove' ? 'remove' : 'add'],
      },
      {
        name: 'what',
        label: (words) => words.life.scopeWhat,
        options: async ({ queries }) => [
          'full',
          ...(await queries.groups.list()).map(({ name }) => `group:${name}`),
          ...(await queries.teams.names()).map((name) => `team:${name}`),
        ],
        optionText: scopeText,
      },
    ],
    run: ({ changeScope }, asked, { change, what = '' }) =>
      changeScope({
        ...asked,
        change: change === 'remove' ? 'remove' : 'add',
        full: what === 'full',
        groups: what.startsWith('group:') ? [what.slice(6)] : [],
        teams: what.startsWith('team:') ? [what.slice(5)] : [],
      }),
  },
  unlock: { access: 'edit-users', inputs: [], run: ({ unlock }, asked) => unlock(asked) },
  'main-team': {
    access: 'edit-users',
    inputs: [{ ...team, options: ({ user }) => user.teams.map(({ name }) => name) }],
    run: ({ memberships }, asked, { team: of = '' }) => memberships.mainTeam({ ...asked, team: of }),
  },
};

function fieldValue(user: User, { field = '' }: Values): string {
  const fields: Readonly<Record<string, unknown>> = { ...user };
  const value = fields[field] ?? user.attributes.find(({ name }) => `attribute.${name}` === field)?.value;
  return typeof value === 'string' ? value : '';
}

function scopeText({ life }: Words, option: string): string {
  const [kind = '', ...name] = option.split(':');
  return kind === 'full'
    ? life.everything
    : `${life.scopeKinds[kind === 'group' ? 'group' : 'team']} ${name.join(':')}`;
}

function wordOf(said: string | undefined): 'give' | 'take' | 'withdraw' {
  return said === 'take' || said === 'withdraw' ? said : 'give';
}
