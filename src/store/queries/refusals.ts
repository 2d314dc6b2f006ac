import type { Knex } from 'knex';
import type { Sight } from '../../domain/scope.ts';
import { seesAccount } from '../sight.ts';
import type { RefusalFilter } from '../../users/refusals.ts';
import { CursorError, pageOf, type Page, type PageRequest } from './paging.ts';
import { allOf, iso, sqlRows } from './sql.ts';

/** What is refused, by whom and why (spec 15.3). */
interface RefusalJson {
  readonly source: string;
  readonly externalId: string;
  readonly userId: number | null;
  readonly username: string | null;
  readonly part: string;
  /** The value that is not applied; empty for what is no value. */
  readonly said: string;
  /** `discarded run 7`, `undone run 7`, an answer to a question. */
  readonly cause: string;
  readonly runId: number | null;
  readonly by: string;
  readonly at: string;
  readonly reason: string | null;
}

type RefusalRow = Omit<RefusalJson, 'at'> & { readonly at: Date; readonly key: string };

export interface RefusalQueries {
  list(page: PageRequest & RefusalFilter): Promise<Page<RefusalJson>>;
}

/** Standing refusals, and undone links, that people may lift. */
export function createRefusalQueries(knex: Knex, sight: Sight | null): RefusalQueries {
  return {
    async list({ after, limit, ...filter }) {
      const { from, where } = refusalSource(filter);
      const [account, part] = placeOf(after);
      const rows = await sqlRows<RefusalRow>(
        knex,
        `select r.account_id || ':' || r.part as key, a.source_id as source, a.external_id as "externalId", r.user_id as "userId",
                u.username, r.part, r.said, r.cause, r.run_id as "runId", r.operator_name as by, r.at, r.reason
           from ${from} left join "user" u on u.id = r.user_id
          where (r.account_id, r.part) > (:account, :after) and ${where} and ${seesAccount(sight, 'a')} order by r.account_id, r.part limit :limit`,
        {
          ...{ account, after: part, limit: limit + 1, run: filter.run ?? 0, userId: filter.userId ?? 0 },
          ...{ source: filter.source ?? '', part: filter.part ?? '' },
        },
      );
      const page = pageOf(rows, limit, (row) => row.key);
      return { items: page.rows.map(({ key: _key, at, ...row }) => ({ ...row, at: iso(at) })), next: page.next };
    },
  };
}

function placeOf(after: string | undefined): [number, string] {
  if (after === undefined) return [0, ''];
  const [, account, part] = /^(\d{1,10}):(.*)$/.exec(after) ?? [];
  if (account === undefined || part === undefined) throw new CursorError(after);
  return [Number(account), part];
}

/** Refusals `r` with their account `a`: parts of accounts, and pairs whose link was undone as the part `link`. */
export function refusalSource({ run, userId, source, part }: RefusalFilter): { from: string; where: string } {
  const from = `(
    select f.account_id, f.part collate "C" as part, f.value_said as said, f.cause, f.run_id, f.operator_name, f.at, f.reason, l.user_id
      from refusal f left join link l on l.account_id = f.account_id and l.until is null
    union all
    select b.account_id, 'link', '', b.cause, b.run_id, b.operator_name, b.at, b.reason, b.user_id
      from bar b where b.kind = 'wait' and b.cause is not null
    ) r join account a on a.id = r.account_id`;
  const where = allOf([
    run !== undefined && 'r.run_id = :run',
    userId !== undefined && 'r.user_id = :userId',
    source !== undefined && 'a.source_id = :source',
    part !== undefined && 'r.part = :part',
  ]);
  return { from, where };
}
