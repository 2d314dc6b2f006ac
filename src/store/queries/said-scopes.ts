import type { Knex } from 'knex';
import type { Scope } from '../../domain/scope.ts';
import type { GroupId } from '../../domain/user.ts';
import { sqlRows } from './sql.ts';

/** What people said of a user's group and scope (spec 11.5). */
export interface SaidScope {
  readonly memberGroup: GroupId | null;
  readonly scope: Scope;
}

export const nothingSaid: SaidScope = { memberGroup: null, scope: { full: false, groups: [], teams: [] } };

/** Of these users, those of whom something was said: one statement, however many. */
export async function saidScopesOf(knex: Knex, ids: readonly number[]): Promise<Map<number, SaidScope>> {
  const rows = await sqlRows<{ user_id: number; kind: string; ref: string }>(
    knex,
    `select user_id, kind, ref from word
      where user_id = any (cast(:ids as integer[])) and kind in ('member-group', 'scope-full', 'scope-group', 'scope-team')`,
    { ids },
  );
  const said = (words: typeof rows): SaidScope => {
    const refs = (kind: string): number[] => words.filter((word) => word.kind === kind).map(({ ref }) => Number(ref));
    return {
      memberGroup: refs('member-group')[0] ?? null,
      scope: {
        full: words.some((word) => word.kind === 'scope-full'),
        groups: refs('scope-group'),
        teams: refs('scope-team'),
      },
    };
  };
  return new Map([...Map.groupBy(rows, (row) => row.user_id)].map(([user, words]) => [user, said(words)]));
}
