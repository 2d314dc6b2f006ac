import { digestOf } from '../digest.ts';
import { fold, normalise } from '../domain/text.ts';
import type { Policy } from '../domain/user.ts';
import type { Matching } from '../reconcile/match-keys.ts';
import { refold } from './refold.ts';
import { ensureSearchTexts } from './search-texts.ts';
import { alone, inPages, leased, type SetUpWork } from './set-up-work.ts';
import { forRows, query, queryOne, type Db } from './sql.ts';
import { refreshKeys } from './stored-keys.ts';

/** One configured source, as the store must know it before anything runs. */
export interface ConfiguredSource {
  readonly id: string;
  readonly kind: string;
  readonly as: 'acd' | 'directory';
  /** Of everything that decisions on its accounts depend on. */
  readonly decisionDigest: string;
  readonly match: Matching['match'];
  readonly placeholders: readonly string[];
}

/** The team that users without any other belong to (spec 4.6, 11.2); made when it is missing. */
export async function ensureTeam(db: Db, name: string): Promise<number> {
  await query(db, 'insert into team (name, folded_name) values (?, ?) on conflict (folded_name) do nothing', [
    normalise(name),
    fold(name),
  ]);
  return (await queryOne<{ id: number }>(db, 'select id from team where folded_name = ?', [fold(name)])).id;
}

/**
 * The group that teams are in which nobody has put into another one, and that users without any other belong to (spec 11.5);
 * made when it is missing. Another name in the configuration makes another group the default; the former one stays.
 */
export async function ensureDefaultGroup(db: Db, name: string, work: SetUpWork = alone): Promise<void> {
  await query(db, 'insert into team_group (name, folded_name) values (?, ?) on conflict (folded_name) do nothing', [
    normalise(name),
    fold(name),
  ]);
  await leased(db, work, async (transaction) => {
    await query(transaction, 'update team_group set is_default = false where is_default and folded_name <> ?', [
      fold(name),
    ]);
    await query(transaction, 'update team_group set is_default = true where not is_default and folded_name = ?', [
      fold(name),
    ]);
  });
}

/** The policy's row; a new one where it has never been applied before. */
export async function ensurePolicy(db: Db, content: Policy, work: SetUpWork = alone): Promise<number> {
  const digest = digestOf(content);
  return leased(db, work, async (transaction) => {
    await query(
      transaction,
      'insert into policy (digest, content) values (?, ?::text::jsonb) on conflict (digest) do nothing',
      [digest, JSON.stringify(content)],
    );
    return (await queryOne<{ id: number }>(transaction, 'select id from policy where digest = ?', [digest])).id;
  });
}

/** Refusals of other policies than this one end: the configuration has moved on. */
export async function endOtherRefusals(db: Db, policy: number): Promise<void> {
  await query(
    db,
    `update policy set refused_at = null, refused_by = null, refused_reason = null, instead_id = null
     where id <> ? and instead_id is not null`,
    [policy],
  );
}

/**
 * Makes the store know every configured source. Where a source's decisions depend on something that has changed, all its
 * accounts become due; where correlation rules have changed, the keys are made anew first.
 */
export async function ensureSources(
  db: Db,
  sources: readonly ConfiguredSource[],
  allRules: Matching,
  work: SetUpWork = alone,
): Promise<void> {
  await leased(db, work, (transaction) =>
    forRows(
      transaction,
      'id text, kind text, "as" text, "decisionDigest" text',
      sources,
      (
        rows,
      ) => `insert into source_state (source_id, kind, role, decision_digest) select id, kind, "as", "decisionDigest" from ${rows}
        on conflict (source_id) do update set kind = excluded.kind, role = excluded.role`,
    ),
  );
  await refold(db);
  await ensureSearchTexts(db, work);
  await refreshKeys(db, sources, allRules, work);
  for (const source of sources) await wakeWhereChanged(db, source, work);
}

const batch = 1_000;

/** The digest is stored last: what a crash breaks off is done again, and being woken twice does no harm. */
async function wakeWhereChanged(db: Db, { id, decisionDigest }: ConfiguredSource, work: SetUpWork): Promise<void> {
  const [changed] = await query(
    db,
    'select from source_state where source_id = ? and decision_digest is distinct from ?',
    [id, decisionDigest],
  );
  if (changed === undefined) return;
  const rows = 'account where source_id = ? and id > ?';
  await inPages(db, `accounts of ${id} to decide on anew`, work, {
    rows,
    parameters: [id],
    page: (transaction, after) =>
      query<{ id: number }>(
        transaction,
        `with page as (select id from ${rows} order by id limit ? for no key update),
           woken as (update account a set wakes = wakes + 1 from page where a.id = page.id)
         select id from page order by id`,
        [id, after, batch],
      ),
  });
  await leased(db, work, (transaction) =>
    query(transaction, 'update source_state set decision_digest = ? where source_id = ?', [decisionDigest, id]),
  );
}

/** Sources that were configured once and are no longer: their applied values keep their rank. */
export async function formerSources(
  db: Db,
  configured: readonly string[],
): Promise<{ id: string; as: 'acd' | 'directory' }[]> {
  return query(
    db,
    'select source_id as id, role as "as" from source_state where source_id <> all(?) order by source_id',
    [[...configured]],
  );
}

/** A setting that is made once and then stays: the stored value, or `value` where there is none yet. */
export async function settingOnce(db: Db, name: string, value: string): Promise<string> {
  const sql = 'select value from setting where name = ?';
  const [known] = await query<{ value: string }>(db, sql, [name]);
  if (known !== undefined) return known.value;
  await query(db, 'insert into setting (name, value) values (?, ?) on conflict (name) do nothing', [name, value]);
  return (await queryOne<{ value: string }>(db, sql, [name])).value;
}
