import { mostNamed } from '../../domain/review-answers.ts';
import type { Sight } from '../../domain/scope.ts';
import { seesItem } from '../sight.ts';
import type { Knex } from 'knex';
import { idAfter, pageOf, type Page, type PageRequest } from './paging.ts';
import { allOf, iso, sqlRows } from './sql.ts';

import { answersOf } from '../../domain/review-answers.ts';

interface ReviewItemFilter extends PageRequest {
  readonly source?: string | undefined;
  readonly kind?: string | undefined;
  /** Those that are closed, in place of the open ones. */
  readonly closed?: boolean | undefined;
}

/** An open question as the API answers it. */
interface ReviewItemJson {
  readonly id: number;
  readonly kind: string;
  readonly source: string | null;
  /** Of the first account that it is about; all are in `accounts`. */
  readonly externalId: string | null;
  readonly accounts: readonly { readonly source: string; readonly externalId: string }[];
  readonly userIds: readonly number[];
  /** The field, or `roles`, `teams`, that it holds; null where it holds the account. */
  readonly part: string | null;
  /** What it is about, in a few words. */
  readonly about: string;
  readonly evidence: Readonly<Record<string, unknown>>;
  readonly openedAt: string;
  readonly openedRunId: number | null;
  readonly options: readonly string[];
  readonly closedAt: string | null;
  /** What a person has answered; null where it closed itself. */
  readonly answer: string | null;
  readonly answeredBy: string | null;
}

/** A question with what both sides say. */
interface ReviewItemDetailJson extends ReviewItemJson {
  readonly sides: readonly {
    readonly side: 'account' | 'user';
    /** Source and external id, or the user's id. */
    readonly of: string;
    readonly values: Readonly<Record<string, string>>;
  }[];
}

interface ItemRow {
  readonly id: number;
  readonly kind: string;
  readonly source_id: string | null;
  readonly account_ids: readonly number[];
  readonly user_ids: readonly number[];
  readonly part: string | null;
  readonly evidence: Readonly<Record<string, unknown>>;
  readonly opened_at: Date;
  readonly opened_run_id: number | null;
  readonly closed_at: Date | null;
  readonly answer: string | null;
  readonly answered_by: string | null;
}

const itemColumns =
  'id, kind, source_id, account_ids, user_ids, part, evidence, opened_at, opened_run_id, closed_at, answer, answered_by';

export interface ReviewItemQueries {
  /** Open ones, oldest first. */
  list(filter: ReviewItemFilter): Promise<Page<ReviewItemJson>>;
  get(id: number): Promise<ReviewItemDetailJson | null>;
}

/** Questions that only a person can answer (spec 4.10). */
export function createReviewItemQueries(knex: Knex, sight: Sight | null): ReviewItemQueries {
  return {
    async list(filter) {
      const rows = await sqlRows<ItemRow>(
        knex,
        `select ${itemColumns} from review_item
          where ${allOf([
            filter.closed === true ? 'closed_at is not null' : 'closed_at is null',
            seesItem(sight, 'review_item'),
            'id > :after',
            filter.source !== undefined && 'source_id = :source',
            filter.kind !== undefined && 'kind = :kind',
          ])}
          order by id limit :limit`,
        {
          after: idAfter(filter.after),
          limit: filter.limit + 1,
          source: filter.source ?? null,
          kind: filter.kind ?? null,
        },
      );
      const page = pageOf(rows, filter.limit, (row) => String(row.id));
      return { items: await told(knex, page.rows), next: page.next };
    },
    async get(id) {
      const seen = allOf(['id = :id', seesItem(sight, 'review_item')]);
      const rows = await sqlRows<ItemRow>(knex, `select ${itemColumns} from review_item where ${seen}`, { id });
      const [item] = await told(knex, rows);
      return item === undefined ? null : { ...item, ...(await sidesOf(knex, id)) };
    },
  };
}

async function told(knex: Knex, rows: readonly ItemRow[]): Promise<ReviewItemJson[]> {
  const accounts = Map.groupBy(await accountsOf(knex, rows), (row) => row.item);
  const users = await usersOf(knex, rows);
  return rows.map((row) => toJson(row, accounts.get(row.id) ?? [], users));
}

/** What the accounts and users of a question say of the fields by which people are told apart. */
async function sidesOf(knex: Knex, id: number): Promise<Pick<ReviewItemDetailJson, 'sides'>> {
  const rows = await sqlRows<ReviewItemDetailJson['sides'][number]>(
    knex,
    `(select 'account' as side, a.source_id || ' ' || a.external_id as of, a.content -> 'values' as values
      from review_item i join account a on a.id = any (i.account_ids) where i.id = :id
      order by a.external_id, a.id limit ${String(mostNamed)})
     union all
     (select 'user', u.id::text, jsonb_build_object('username', u.username, 'firstName', u.first_name, 'lastName', u.last_name,
        'displayName', u.display_name, 'email', u.email, 'windowsLogin', u.windows_login, 'employeeId', u.employee_id,
        'acdId', u.acd_id, 'active', case when u.active then 'yes' else 'no' end)
      from review_item i join "user" u on u.id = any (i.user_ids) where i.id = :id order by u.id limit ${String(mostNamed)})`,
    { id },
  );
  const said = (values: Readonly<Record<string, string | null>>): Record<string, string> =>
    Object.fromEntries(Object.entries(values).flatMap(([field, value]) => (value === null ? [] : [[field, value]])));
  return { sides: rows.map((row) => ({ ...row, values: said(row.values) })) };
}

interface NamedAccount {
  readonly source: string;
  readonly externalId: string;
}

interface AccountRow extends NamedAccount {
  readonly item: number;
  readonly name: string | null;
}

/** The accounts that each item names, the lowest external ids first. */
function accountsOf(knex: Knex, rows: readonly ItemRow[]): Promise<AccountRow[]> {
  if (rows.length === 0) return Promise.resolve([]);
  return sqlRows<AccountRow>(
    knex,
    `select i.id as item, a.source_id as source, a.external_id as "externalId",
       coalesce(a.content -> 'values' ->> 'displayName',
         nullif(concat_ws(' ', a.content -> 'values' ->> 'firstName', a.content -> 'values' ->> 'lastName'), '')) as name
     from review_item i cross join lateral (
       select * from account where id = any (i.account_ids) order by external_id, id limit ${String(mostNamed)}) as a
     where i.id = any (cast(:ids as integer[])) order by i.id, a.external_id, a.id`,
    { ids: rows.map((row) => row.id) },
  );
}

interface UserRow {
  readonly id: number;
  readonly name: string;
}

async function usersOf(knex: Knex, rows: readonly ItemRow[]): Promise<ReadonlyMap<number, string>> {
  const ids = [...new Set(rows.flatMap((row) => row.user_ids.slice(0, mostNamed)))];
  if (ids.length === 0) return new Map();
  const users = await sqlRows<UserRow>(
    knex,
    `select id, concat_ws(' ', coalesce(display_name, nullif(concat_ws(' ', first_name, last_name), '')),
       '(' || coalesce(username, '') || ', ' || id || ')') as name
     from "user" where id = any (cast(:ids as integer[]))`,
    { ids },
  );
  return new Map(users.map((row) => [row.id, row.name]));
}

function toJson(row: ItemRow, named: readonly AccountRow[], users: ReadonlyMap<number, string>): ReviewItemJson {
  const accounts = named.map(({ source, externalId }) => ({ source, externalId }));
  const [first] = accounts;
  const told = row.evidence['accounts'];
  const [lowest] = Array.isArray(told) ? (told as { readonly externalId?: string }[]) : [];
  return {
    id: row.id,
    kind: row.kind,
    source: row.source_id,
    externalId: first?.externalId ?? lowest?.externalId ?? null,
    accounts,
    userIds: row.user_ids.slice(0, mostNamed),
    part: row.part,
    about: aboutOf(row, named, users),
    evidence: row.evidence,
    openedAt: iso(row.opened_at),
    openedRunId: row.opened_run_id,
    options:
      row.closed_at === null ? answersOf({ kind: row.kind, accounts: row.account_ids, evidence: row.evidence }) : [],
    closedAt: iso(row.closed_at),
    answer: row.answer,
    answeredBy: row.answered_by,
  };
}

/** What a question is about, in a few words for people: the value, the role, the team, the names of both sides. */
function aboutOf(row: ItemRow, named: readonly AccountRow[], users: ReadonlyMap<number, string>): string {
  const text = (key: string): string => {
    const value = row.evidence[key];
    return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  };
  const accounts = listed(
    named.map(({ name, externalId }) => name ?? externalId),
    row.account_ids.length,
  );
  const people = listed(
    row.user_ids.slice(0, mostNamed).map((id) => users.get(id) ?? `user ${String(id)}`),
    row.user_ids.length,
  );
  switch (row.kind) {
    case 'shared-value':
      return `${text('field')} "${text('value')}" of ${text('count')} accounts`;
    case 'unknown-role':
      return `role "${text('role')}"`;
    case 'team-name-taken':
      return `team "${text('name') || text('team')}"`;
    case 'unique-taken':
      return `${text('field')} "${text('value')}": ${[accounts, people].filter((each) => each !== '').join(' and ')}`;
    case 'possible-id-reuse':
      return `${nameIn(row.evidence['before'])} → ${nameIn(row.evidence['now'])}`;
    case 'contradicted-match':
      if (row.evidence['together'] !== undefined)
        return `${text('together')} accounts that match users who seem to be other people`;
  }
  return [accounts, people].filter((each) => each !== '').join(' ↔ ');
}

function nameIn(names: unknown): string {
  const { firstName, lastName, displayName } = (names ?? {}) as Readonly<Record<string, string | null>>;
  return displayName ?? [firstName, lastName].filter((name) => typeof name === 'string').join(' ');
}

/** Three names, and the number of the rest. */
function listed(names: readonly string[], count: number): string {
  const shown = names.slice(0, 3);
  return [...shown, ...(count > shown.length ? [`${String(count - shown.length)} more`] : [])].join(', ');
}
