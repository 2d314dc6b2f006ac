/** What `user list` and `bulk` select users by (spec 16). */
export interface UserSelectionOptions {
  readonly all?: boolean;
  readonly state?: string;
  readonly search?: string;
  readonly sync?: 'on' | 'off';
  readonly team?: string;
  readonly role?: string;
  readonly source?: string;
  readonly linked?: string;
  readonly account?: string;
}

/** The options themselves, for the commands that have them. */
export const userSelectionOptions = [
  ['--all', 'inactive ones too'],
  ['--state <STATE>', 'only active ones, or only inactive ones', ['active', 'inactive']],
  ['--search <TEXT>', 'only whose name, username, e-mail or id has this in it'],
  ['--team <TEAM>', 'only members of this team'],
  ['--role <ROLE>', 'only who has this role'],
  ['--source <SOURCE>', 'only who is linked to this source; with --linked no: who is not'],
  ['--linked <WHETHER>', 'only with a link to a source, or without any', ['yes', 'no']],
  ['--account <STATE>', 'only with a linked account that is so', ['present', 'disabled', 'gone']],
  [
    '--sync <STATE>',
    'only with sync on or off; in a list, off: by whom, why, until when, and what waits',
    ['on', 'off'],
  ],
] as const;

/** What the API is asked with, but for `search` and `all`, which it takes in two ways. */
export function userSelectionOf(options: UserSelectionOptions): Readonly<Record<string, string>> {
  const { state, sync, team, role, source, linked, account } = options;
  const given = Object.entries({ state, sync, team, role, source, linked, account });
  return Object.fromEntries(given.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

/** Whether they ask for less than everybody who is active. */
export function isNarrowed(options: UserSelectionOptions): boolean {
  return options.search !== undefined || Object.keys(userSelectionOf(options)).length > 0;
}
