import type { Sight } from '../../domain/scope.ts';
import { seesUser } from '../sight.ts';
import type { Knex } from 'knex';
import type { BulkJobRequest, BulkResult } from '../../users/bulk.ts';
import { idAfter, pageOf, type Page, type PageRequest } from './paging.ts';
import { allOf, iso, sqlRows } from './sql.ts';
import { idsOfUsers, type UserSelection } from './user-selection.ts';

/** A bulk job and how far it is (spec 16). */
interface BulkJobJson {
  readonly id: number;
  readonly action: BulkJobRequest['action'];
  readonly value: string | null;
  /** Of disable-sync: when it ends by itself. */
  readonly until: string | null;
  readonly reason: string | null;
  /** Names of the list that no user has. */
  readonly unknown: readonly string[];
  readonly askedBy: string;
  readonly askedAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly cancelledBy: string | null;
  readonly counts: Readonly<Record<'users' | 'done' | BulkResult['outcome'], number>>;
}

interface JobRow extends Pick<
  BulkJobJson,
  'id' | 'action' | 'value' | 'reason' | 'unknown' | 'askedBy' | 'cancelledBy' | 'counts'
> {
  readonly until_at: Date | null;
  readonly asked_at: Date;
  readonly started_at: Date | null;
  readonly finished_at: Date | null;
}

/** `intoUserId`: of a merge, who stays. */
type ResultJson = BulkResult & { readonly username: string | null; readonly intoUserId: number | null };

/** Bulk jobs as people and programs see them. */
export function createBulkQueries(knex: Knex, sight: Sight | null) {
  const own = sight === null ? 'true' : 'j.operator_name = :operator';
  const operator = sight === null ? {} : { operator: sight.operator };
  const jobs = async (which: string, limit: string, bindings: Record<string, unknown>): Promise<BulkJobJson[]> => {
    const rows = await sqlRows<JobRow>(
      knex,
      `select j.id, j.action, j.value, j.until as until_at, j.reason, j.unknown, j.operator_name as "askedBy", j.cancelled_by as "cancelledBy", j.asked_at, j.started_at, j.finished_at,
         (select json_build_object('users', count(*), 'done', count(outcome),
            'changed', count(*) filter (where outcome = 'changed'),
            'unchanged', count(*) filter (where outcome = 'unchanged'),
            'refused', count(*) filter (where outcome = 'refused')) from bulk_result where job_id = j.id) as counts
       from bulk_job j where ${which} and ${own} order by j.id desc ${limit}`,
      { ...bindings, ...operator },
    );
    return rows.map(({ until_at, asked_at, started_at, finished_at, ...job }) => ({
      ...job,
      until: iso(until_at),
      askedAt: iso(asked_at),
      startedAt: iso(started_at),
      finishedAt: iso(finished_at),
    }));
  };
  return {
    /** The users that a bulk action on this list would be about. */
    usersOf: (filter: UserSelection) => idsOfUsers(knex, filter, sight),
    async get(id: number): Promise<BulkJobJson | null> {
      return (await jobs('j.id = :id', 'limit 1', { id }))[0] ?? null;
    },
    /** The latest first; of who does not see everything their own. */
    async list({ after, limit }: PageRequest): Promise<Page<BulkJobJson>> {
      const before = after === undefined ? 2_147_483_647 : idAfter(after);
      const rows = await jobs('j.id < :before', 'limit :limit', { before, limit: limit + 1 });
      const page = pageOf(rows, limit, (row) => String(row.id));
      return { items: page.rows, next: page.next };
    },
    /** What became of the users of a job, by user id. */
    async results(
      job: number,
      filter: PageRequest & { readonly outcome?: BulkResult['outcome'] | undefined },
    ): Promise<Page<ResultJson>> {
      const seesResult = sight === null ? 'true' : seesUser(sight, 'u');
      const rows = await sqlRows<ResultJson>(
        knex,
        `select r.user_id as "userId", u.username, r.outcome, r.code, r.message, r.into_user as "intoUserId"
         from bulk_result r left join "user" u on u.id = r.user_id
         where ${allOf([seesResult, 'r.job_id = :job', 'r.user_id > :after', filter.outcome === undefined ? 'r.outcome is not null' : 'r.outcome = :outcome'])}
         order by r.user_id limit :limit`,
        {
          job,
          after: idAfter(filter.after),
          limit: filter.limit + 1,
          ...(filter.outcome === undefined ? {} : { outcome: filter.outcome }),
        },
      );
      const page = pageOf(rows, filter.limit, (row) => String(row.userId));
      return { items: page.rows, next: page.next };
    },
  };
}
