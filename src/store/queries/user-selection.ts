import type { Knex } from 'knex';
import type { Sight } from '../../domain/scope.ts';
import { searchable } from '../../domain/search-text.ts';
import { fold } from '../../domain/text.ts';
import { seesUser } from '../sight.ts';
import { allOf, likeLiteral, sqlRows } from './sql.ts';

/** Users by what a list of them, or a bulk action, is asked with: active ones unless it says otherwise (spec 9.4, 16). */
export interface UserSelection {
  /** Inactive ones too. */
  readonly all?: boolean | undefined;
  readonly state?: 'active' | 'inactive' | undefined;
  /** Words that must each be somewhere in the user's names, logins, ids and e-mail address. */
  readonly search?: string | undefined;
  readonly sync?: 'on' | 'off' | undefined;
  /** By name. */
  readonly team?: string | undefined;
  readonly role?: string | undefined;
  /** Whether they have a link, to `source` where one is named; linked to it where nothing is said. */
  readonly linked?: 'yes' | 'no' | undefined;
  readonly source?: string | undefined;
  /** With a linked account, of `source` where one is named, that is so. */
  readonly account?: 'present' | 'disabled' | 'gone' | undefined;
  /** Inactive users only. */
  readonly deactivatedBefore?: Date | undefined;
}

const syncOff = `(not u.sync_enabled or u.sync_off_sources <> '{}')`;
/** A search that no index serves must not go on behind an answer that nobody waits for any more (`give-up.ts`). */
export const searchTime = '20s';
const searchedWords = 5;

/** The condition under which user `u` is one of them. */
export function selectedUsers(selection: UserSelection): {
  readonly conditions: readonly (string | false)[];
  readonly bindings: Readonly<Record<string, unknown>>;
} {
  const { all, state, sync, team, role, linked, source, account, deactivatedBefore } = selection;
  const search = searchOf(selection.search);
  const conditions = [
    // Who was never active is inactive since the creation.
    deactivatedBefore !== undefined &&
      'not u.active and coalesce(u.deactivated_at, u.created_at) < cast(:deactivatedBefore as timestamptz)',
    state === 'inactive' && 'not u.active',
    state === 'active' && 'u.active',
    state === undefined && deactivatedBefore === undefined && all !== true && 'u.active',
    sync === 'off' && syncOff,
    sync === 'on' && `not ${syncOff}`,
    team !== undefined && 'u.team_ids && array(select id from team where folded_name = :team)',
    role !== undefined && 'u.roles @> cast(:role as jsonb)',
    linked === 'no' && `not ${linkOf(source, undefined)}`,
    linked !== 'no' && (linked ?? source ?? account) !== undefined && linkOf(source, account),
    ...search.conditions,
  ];
  return {
    conditions,
    bindings: {
      ...search.bindings,
      ...(deactivatedBefore === undefined ? {} : { deactivatedBefore: deactivatedBefore.toISOString() }),
      ...(team === undefined ? {} : { team: fold(team) }),
      ...(role === undefined ? {} : { role: JSON.stringify([{ role }]) }),
      ...(source === undefined ? {} : { source }),
    },
  };
}

/** The ids of all users that such a list has, in their order. */
export async function idsOfUsers(knex: Knex, selection: UserSelection, sight: Sight | null): Promise<number[]> {
  const { conditions, bindings } = selectedUsers(selection);
  const sql = `select u.id from "user" u where ${allOf([seesUser(sight, 'u'), ...conditions])} order by u.id`;
  return (await sqlRows<{ id: number }>(knex, sql, bindings)).map((row) => row.id);
}

const states = {
  present: 'a.gone_since is null and not a.disabled',
  disabled: 'a.gone_since is null and a.disabled',
  gone: 'a.gone_since is not null',
} as const;

function linkOf(source: string | undefined, account: keyof typeof states | undefined): string {
  const such = allOf([
    'l.user_id = u.id and l.until is null',
    source !== undefined && 'l.source_id = :source',
    account !== undefined && states[account],
  ]);
  return `exists (select from link l join account a on a.id = l.account_id where ${such})`;
}

/**
 * Each word must be in what the user is searched by (spec 15.2), anywhere. Trigrams serve words of three letters and more; of
 * shorter ones, and where the database has no trigrams, users are read by id until the page is full.
 */
function searchOf(text: string | undefined): { conditions: string[]; bindings: Record<string, unknown> } {
  const words = searchable(text ?? '')
    .split(/\s+/)
    .filter((word) => word !== '');
  const bindings: Record<string, unknown> = {};
  const conditions = words.slice(0, searchedWords).map((word, index) => {
    bindings[`part${index}`] = `%${likeLiteral(word)}%`;
    return `u.search_text like :part${index}`;
  });
  return { conditions, bindings };
}
