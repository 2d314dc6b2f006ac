import type { Field } from '../../../src/domain/fields.ts';

/** A line of a source's table of equivalents, as worlds use them. */
export type WorldRoleRule =
  | { readonly when: 'supervisor'; readonly role: string }
  | { readonly when: 'group' | 'profile'; readonly name: string; readonly role: string };

/** One source of a world: what its configuration says, for the naive model and the engine alike. */
export interface WorldSource {
  readonly id: string;
  readonly as: 'acd' | 'directory';
  readonly match: readonly (readonly Field[])[];
  readonly createsUsers: boolean;
  readonly roles: readonly WorldRoleRule[];
  readonly teams: 'mirror' | 'add-only';
  readonly blanks: readonly Field[];
  /** Its ids are given to other people (spec 8). */
  readonly reusableIds: boolean;
}

/** The configuration of a world. */
export interface WorldConfig {
  /** Highest rank first: directories, then ACDs (spec 5.1). */
  readonly sources: readonly WorldSource[];
  readonly fieldRank: Readonly<Partial<Record<Field, readonly string[]>>>;
  readonly fromDisabled: 'wait' | 'inactive';
  readonly reassertAgentRole: boolean;
  readonly catalogue: readonly string[];
  readonly defaultTeam: string;
  /** The organisation's values of fields that nobody else supplies (spec 4.6). */
  readonly defaults: Readonly<Partial<Record<Field, string>>>;
  /** Whether every run takes its decisions twice, first for the guard's counts; no limit is ever reached. */
  readonly counts: boolean;
  /** Whether the guard holds everything; see {@link WorldChoice}. */
  readonly tight: boolean;
}

/** The switches of which random worlds are made; plain, so that failing ones can be kept as JSON. */
export interface WorldChoice {
  readonly acds: 1 | 2;
  readonly fromDisabled: 'wait' | 'inactive';
  /** The directory's empty departments count (spec 5.2). */
  readonly blanks: boolean;
  readonly addOnly: boolean;
  readonly reassert: boolean;
  /** The ACD outranks the directory for the e-mail address. */
  readonly fieldRank: boolean;
  /** The last ACD matches by first and last name too (spec 4.3). */
  readonly nameRule: boolean;
  readonly counts: boolean;
  /** The ids of the ACDs are given to other people (spec 8); kept examples from before say nothing of it. */
  readonly reusableIds?: boolean;
  /** The guard holds every run after the first fill, and a person approves each. */
  readonly tight?: boolean;
}

/** A choice's configuration. */
export function configOf(choice: WorldChoice): WorldConfig {
  const usual: (readonly Field[])[] = [['employeeId'], ['email']];
  const acd = (id: string, last: boolean): WorldSource => ({
    id,
    as: 'acd',
    match: last && choice.nameRule ? [...usual, ['firstName', 'lastName']] : usual,
    createsUsers: true,
    roles: [
      { when: 'supervisor', role: 'supervisor' },
      { when: 'profile', name: 'Coach', role: 'trainer' },
    ],
    teams: last && choice.addOnly ? 'add-only' : 'mirror',
    blanks: [],
    // A run with more suspicions than a limit of nothing allows is one question of its own (spec 8.3).
    reusableIds: choice.reusableIds === true && choice.tight !== true,
  });
  const directory: WorldSource = {
    id: 'ad',
    as: 'directory',
    match: usual,
    createsUsers: false,
    roles: [{ when: 'group', name: 'CN=Leads', role: 'supervisor' }],
    teams: 'mirror',
    blanks: choice.blanks ? ['department'] : [],
    reusableIds: false,
  };
  const acds = choice.acds === 1 ? [acd('acd1', true)] : [acd('acd1', false), acd('acd2', true)];
  return {
    sources: [directory, ...acds],
    fieldRank: choice.fieldRank ? { email: ['acd1', 'ad'] } : {},
    fromDisabled: choice.fromDisabled,
    reassertAgentRole: choice.reassert,
    catalogue: ['agent', 'supervisor', 'trainer'],
    defaultTeam: 'Everybody',
    defaults: { displayTimeZone: 'Europe/Prague', locale: 'cs-CZ' },
    counts: choice.counts,
    tight: choice.tight === true,
  };
}
