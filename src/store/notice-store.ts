import type { NoticeStore, SlowRun, StandingState, TellFrom, WantedNotice } from '../notify/ports.ts';
import { query, queryOne, rowTable, type Db } from './sql.ts';
import { inTransaction } from './transactions.ts';

const utc = (column: string): string => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`;

/**
 * Notices in the database. `sources`: the enabled sources of the configuration, nobody is told of others, with the hours that
 * the schedule of each lets pass between two runs at the most.
 */
export function noticeStore(db: Db, sources: ReadonlyMap<string, number>): NoticeStore {
  return {
    standing: (limits) => standing(db, sources, limits),
    keep: (wanted, undecided) => keep(db, wanted, undecided),
    take: (most) =>
      query(
        db,
        `update notice set attempts = attempts + 1,
           next_attempt_at = now() + least(interval '1 hour', interval '30 seconds' * power(2, least(attempts, 10)))
         where id in (select id from notice where sent_at is null and next_attempt_at <= now()
                      order by id limit ? for update skip locked)
         returning id, target, kind, subject, digest, facts, ${utc('noticed_at')} as "noticedAt"`,
        [most],
      ),
    async markSent(id) {
      await query(db, 'update notice set sent_at = now() where id = ?', [id]);
    },
  };
}

/**
 * A source is silent where its last success is older than two turns of its schedule, and older than `silentHours` (spec 14.6);
 * its first start counts as one (14.1).
 *
 * A source is held while its latest result is, and while a later run that asks again has taken its place. The times of
 * occasions are cut to seconds, so that the same one always reads the same.
 */
async function standing(db: Db, sources: ReadonlyMap<string, number>, limits: TellFrom): Promise<StandingState> {
  const ids = [...sources.keys()];
  const { now } = await queryOne<{ now: string }>(db, `select ${utc('now()')} as now`);
  const held = await query<StandingState['held'][number]>(
    db,
    `select source, run, since from (
       select asked.source_id as source, latest.*
       from unnest(?::text[]) as asked (source_id) cross join lateral (
         select id as run, ${utc('coalesce(imported_at, asked_at)')} as since, state = 'held' or error_code = 'superseded' as held
         from run where run.source_id = asked.source_id and (state in ('held', 'completed', 'completed-with-rejects')
           or state = 'cancelled' and error_code in ('superseded', 'discarded'))
         order by id desc limit 1) latest) each_source where held order by source`,
    [ids],
  );
  const states = await query<StandingState['sources'][number]>(
    db,
    `select source_id as source, failures,
       case when coalesce(last_success_at, scheduled_since) < now() - greatest(?, 2 * promised.hours) * interval '1 hour'
         then ${utc('coalesce(last_success_at, scheduled_since)')} end as "silentSince",
       case when paused_by = 'system' then ${utc('paused_at')} end as "refusedAt",
       retired_at is not null or (paused_at is not null and paused_by <> 'system') as rests
     from source_state join unnest(?::text[], ?::float8[]) as promised(source, hours) on promised.source = source_id
     order by source_id`,
    [limits.silentHours, ids, [...sources.values()]],
  );
  const [oldReviews = null] = await query<NonNullable<StandingState['oldReviews']>>(
    db,
    `select count(*)::int as count, min(id) as "oldestItem", ${utc('min(opened_at)')} as since,
       to_char(max(opened_at) at time zone 'UTC', 'YYYY-MM-DD') as "youngestDay"
     from review_item where closed_at is null and opened_at < now() - ? * interval '1 day' having count(*) > 0`,
    [limits.reviewDays],
  );
  return { now, held, slow: await slowRuns(db, ids, limits), sources: states, oldReviews };
}

/** How many of a source's last runs tell how long one takes. */
const lastRuns = 5;

function slowRuns(db: Db, sources: readonly string[], limits: TellFrom): Promise<SlowRun[]> {
  const { longTimes, longMinutes, restMinutes } = limits;
  return query<SlowRun>(
    db,
    `select source, run, since, "tooLong", "restsSince" from (
       select r.source_id as source, r.id as run, ${utc('r.started_at')} as since,
         coalesce(now() - r.started_at > greatest(usual.longest * ?, ? * interval '1 minute'), false) as "tooLong",
         case when r.phase <> 'waiting' and moved.at < now() - ? * interval '1 minute' then ${utc('moved.at')} end as "restsSince"
       from run r
         cross join lateral (select greatest(r.started_at, r.imported_at, r.progress_at) as at) as moved
         cross join lateral (select max(took) as longest from (
           select finished_at - started_at as took from run former
            where former.source_id = r.source_id and former.mode = r.mode and former.state in ('completed', 'completed-with-rejects')
            order by former.id desc limit ?) as last_ones) as usual
       where r.state in ('importing', 'reconciling') and r.source_id = any(?)) as under_way
     where "tooLong" or "restsSince" is not null order by run`,
    [longTimes, longMinutes, restMinutes, lastRuns, [...sources]],
  );
}

const noticeTable = rowTable('target text, kind text, subject text, digest text, facts jsonb');

async function keep(db: Db, wanted: readonly WantedNotice[], undecided: readonly string[]): Promise<void> {
  const rows = noticeTable.parameter(wanted);
  await inTransaction(db, async (transaction) => {
    await query(
      transaction,
      `delete from notice n where not (n.subject = any(?)) and not exists (
         select from ${noticeTable.table} where r.target = n.target and r.subject = n.subject and r.digest = n.digest)`,
      [[...undecided], rows],
    );
    await query(
      transaction,
      `insert into notice (target, kind, subject, digest, facts) select target, kind, subject, digest, facts from ${noticeTable.table}
       on conflict (target, subject) do update set facts = excluded.facts
       where notice.sent_at is null and notice.facts <> excluded.facts`,
      [rows],
    );
  });
}
