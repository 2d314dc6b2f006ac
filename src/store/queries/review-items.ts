import type { Sight } from '../../domain/scope.ts';
import { seesItem } from '../sight.ts';
import type { Knex } from 'knex';
import { idAfter, pageOf, type Page, type PageRequest } from './paging.ts';
import { allOf, iso, sqlRows } from './sql.ts';

import { answersOf } from '../../domain/review-answers.ts';

interface ReviewItemFilter extends PageRequest {
  readonly source?: string | undefined;
  readonly kind?: string | undefined;
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
  readonly evidence: Readonly<Record<string, unknown>>;
  readonly openedAt: string;
  readonly openedRunId: number | null;
  readonly options: readonly string[];
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
}

export interface ReviewItemQueries {
  /** Open ones, oldest first. */
  list(filter: ReviewItemFilter): Promise<Page<ReviewItemJson>>;
}

/** Questions that only a person can answer (spec 4.10). */
export function createReviewItemQueries(knex: Knex, sight: Sight | null): ReviewItemQueries {
  return {
    async list(filter) {
      const rows = await sqlRows<ItemRow>(
        knex,
        `select id, kind, source_id, account_ids, user_ids, part, evidence, opened_at, opened_run_id from review_item
          where ${allOf([
            'closed_at is null',
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
      const accounts = await accountsOf(knex, page.rows);
      return { items: page.rows.map((row) => toJson(row, accounts)), next: page.next };
    },
  };
}

type AccountNames = ReadonlyMap<number, { readonly source: string; readonly externalId: string }>;

async function accountsOf(knex: Knex, rows: readonly ItemRow[]): Promise<AccountNames> {
  const ids = [...new Set(rows.flatMap((row) => row.account_ids))];
  if (ids.length === 0) return new Map();
  const accounts = await sqlRows<{ id: number; source_id: string; external_id: string }>(
    knex,
    'select id, source_id, external_id from account where id = any (cast(:ids as integer[]))',
    { ids },
  );
  return new Map(accounts.map((row) => [row.id, { source: row.source_id, externalId: row.external_id }]));
}

function toJson(row: ItemRow, names: AccountNames): ReviewItemJson {
  const accounts = row.account_ids.flatMap((id) => names.get(id) ?? []);
  return {
    id: row.id,
    kind: row.kind,
    source: row.source_id,
    externalId: accounts[0]?.externalId ?? null,
    accounts,
    userIds: row.user_ids,
    part: row.part,
    evidence: row.evidence,
    openedAt: iso(row.opened_at),
    openedRunId: row.opened_run_id,
    options: answersOf(row.kind),
  };
}
