import type { AccountContent } from '../../../src/domain/account.ts';
import type { Field } from '../../../src/domain/fields.ts';
import type { WorldConfig, WorldSource } from './config.ts';

/** `source:externalId` */
export type AccountKey = string;
/** The account that made the user, or `local:username`: the same in every database. */
export type UserKey = string;
export type Values = Partial<Record<Field, string>>;

/** An account as it was observed, with what has been decided on it. */
export interface NaiveAccount {
  readonly source: string;
  readonly externalId: string;
  content: AccountContent;
  absent: boolean;
  gone: boolean;
  ignored: boolean;
  /** Unlinked by a person: no link to anybody (spec 7.2). */
  unlinked: boolean;
  /** Per part, the value said that must not be applied. */
  refusals: Record<string, string>;
  standing: string;
  reason: string | null;
  /** What it was called when it was last linked or applied; null while nobody is linked to it (spec 8.3). */
  seen: NaiveNames | null;
}

interface NaiveNames {
  first: string | null;
  last: string | null;
  /** Gone since. */
  gone: boolean;
  /** The source had been read completely by then: until it has, nothing is known of how it reads names. */
  read: boolean;
}

/** What of one source's account has been applied to one user. Teams are named by the model's own numbers. */
export interface NaiveSlot {
  values: Values;
  silent: Field[];
  roles: string[];
  teams: number[];
  supervises: number[];
  /** What has become of the account (spec 5.8). */
  voice: 'living' | 'disabled' | 'ended';
}

export interface NaiveWords {
  overrides: Values;
  localValues: Values;
  rolesGiven: string[];
  rolesTaken: string[];
  teamsGiven: number[];
  teamsTaken: number[];
  mainTeam: number | null;
}

export interface NaiveValue {
  fields: Values;
  acdSource: string | null;
  /** Role to who gave it. */
  roles: Record<string, string>;
  teams: number[];
  mainTeam: number | null;
  supervises: number[];
}

export interface NaiveUser {
  readonly key: UserKey;
  readonly origin: string;
  active: boolean;
  /** `*` or source ids for which the sync is off. */
  off: string[];
  words: NaiveWords;
  slots: Record<string, NaiveSlot>;
  /** Source to the account that is linked now. */
  links: Record<string, AccountKey>;
  /** Sources of which a person has unlinked an account: none of theirs is taken (spec 7.2). */
  takesNoneOf: string[];
  /** Who has taken everything over (spec 18). */
  mergedInto?: UserKey;
  value: NaiveValue;
}

/** One of a source's teams: its name as last read, and the team of rosterd's that it is bound to. */
interface NaiveSourceTeam {
  name: string;
  team: number | null;
}

/** A whole world, recomputed from scratch at every step; plain data, so that it can be compared and copied. */
export interface NaiveState {
  accounts: Record<AccountKey, NaiveAccount>;
  users: Record<UserKey, NaiveUser>;
  /** Names by the model's own numbers. */
  teams: Record<number, string>;
  sourceTeams: Record<string, Record<string, NaiveSourceTeam>>;
  /** Sources that have had a complete full import. */
  readOnce: string[];
  /** Per source, who was present before its last full read began, or the first of those that showed too few (spec 3.3). */
  presentBefore: Record<string, AccountKey[]>;
  /** Open review items by the source that asks. */
  items: Record<string, string[]>;
}

export const noNaiveWords = (): NaiveWords => ({
  overrides: {},
  localValues: {},
  rolesGiven: [],
  rolesTaken: [],
  teamsGiven: [],
  teamsTaken: [],
  mainTeam: null,
});

export const emptyNaiveValue = (): NaiveValue => ({
  fields: {},
  acdSource: null,
  roles: {},
  teams: [],
  mainTeam: null,
  supervises: [],
});

export function emptyState(config: WorldConfig): NaiveState {
  return {
    accounts: {},
    users: {},
    teams: { 0: config.defaultTeam },
    sourceTeams: Object.fromEntries(config.sources.map((source) => [source.id, {}])),
    readOnce: [],
    presentBefore: {},
    items: {},
  };
}

/** Text for matching and uniqueness (spec 2.4). */
export function foldedText(text: string): string {
  return clean(text).toUpperCase().toLowerCase();
}

/** Text for storing (spec 2.4). */
export function clean(text: string): string {
  return text.normalize('NFC').trim();
}

export function must<T>(value: T | undefined | null): T {
  if (value === undefined || value === null) throw new Error('the naive model lost its way');
  return value;
}

export function accountsOf(state: NaiveState, source: string): [AccountKey, NaiveAccount][] {
  return Object.entries(state.accounts)
    .filter(([, account]) => account.source === source)
    .sort(([, a], [, b]) => (a.externalId < b.externalId ? -1 : 1));
}

/** Who an account is linked to now. */
export function holderOf(state: NaiveState, key: AccountKey): NaiveUser | undefined {
  return Object.values(state.users).find((user) => Object.values(user.links).includes(key));
}

export function sourceOf(config: WorldConfig, id: string): WorldSource {
  return must(config.sources.find((source) => source.id === id));
}

/** Whether the sync may move the user's slot of this source (spec 6.2, 9.5). */
export function isOff(user: NaiveUser, source: string): boolean {
  return user.off.includes('*') || user.off.includes(source);
}
