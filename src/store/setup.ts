import { digestOf } from '../digest.ts';
import { fold, foldVersion, normalise } from '../domain/text.ts';
import type { FieldValues, Policy } from '../domain/user.ts';
import { accountKeys, userKeys, type Matching } from '../reconcile/match-keys.ts';
import type { AccountContent } from '../domain/account.ts';
import { refold } from './refold.ts';
import { ensureSearchTexts } from './search-texts.ts';
import { forRows, query, queryOne, rowTable, type Db } from './sql.ts';
import { inTransaction } from './transactions.ts';
import { toValue, type ValueRow } from './user-rows.ts';

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

/** The id of the team of that name, or null. */
export async function findTeam(db: Db, name: string): Promise<number | null> {
  const [team] = await query<{ id: number }>(db, 'select id from team where folded_name = ?', [fold(name)]);
  return team?.id ?? null;
}

/**
 * The group that teams are in which nobody has put into another one, and that users without any other belong to (spec 11.5);
 * made when it is missing. Another name in the configuration makes another group the default; the former one stays.
 */
export async function ensureDefaultGroup(db: Db, name: string): Promise<void> {
  await query(db, 'insert into team_group (name, folded_name) values (?, ?) on conflict (folded_name) do nothing', [
    normalise(name),
    fold(name),
  ]);
  await inTransaction(db, async (transaction) => {
    await query(transaction, 'update team_group set is_default = false where is_default and folded_name <> ?', [
      fold(name),
    ]);
    await query(transaction, 'update team_group set is_default = true where not is_default and folded_name = ?', [
      fold(name),
    ]);
  });
}

/** The policy's row; a new one where it has never been applied before. */
export async function ensurePolicy(db: Db, content: Policy): Promise<number> {
  const digest = digestOf(content);
  await query(db, 'insert into policy (digest, content) values (?, ?::text::jsonb) on conflict (digest) do nothing', [
    digest,
    JSON.stringify(content),
  ]);
  const { id } = await queryOne<{ id: number }>(db, 'select id from policy where digest = ?', [digest]);
  return id;
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
export async function ensureSources(db: Db, sources: readonly ConfiguredSource[], allRules: Matching): Promise<void> {
  await forRows(
    db,
    'id text, kind text, "as" text, "decisionDigest" text',
    sources,
    (
      rows,
    ) => `insert into source_state (source_id, kind, role, decision_digest) select id, kind, "as", "decisionDigest" from ${rows}
      on conflict (source_id) do update set kind = excluded.kind, role = excluded.role`,
  );
  await refold(db);
  await ensureSearchTexts(db);
  await refreshKeys(db, sources, allRules);
  const digests = rowTable('id text, "decisionDigest" text');
  await inTransaction(db, async (transaction) => {
    const changed = await query<{ id: string }>(
      transaction,
      `update source_state s set decision_digest = r."decisionDigest"
       from ${digests.table}
       where s.source_id = r.id and s.decision_digest is distinct from r."decisionDigest" returning s.source_id as id`,
      [digests.parameter(sources)],
    );
    await query(transaction, 'update account set wakes = wakes + 1 where source_id = any(?)', [
      changed.map((row) => row.id),
    ]);
  });
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

const batch = 1_000;

/** Derives all match keys anew when the rules have changed since they were derived. */
async function refreshKeys(db: Db, sources: readonly ConfiguredSource[], allRules: Matching): Promise<void> {
  const digest = digestOf([foldVersion, allRules.placeholders, sources.map((source) => [source.id, source.match])]);
  const [known] = await query<{ value: string }>(db, `select value from setting where name = 'match-rules'`);
  if (known?.value === digest) return;
  for (const source of sources) await refreshAccountKeys(db, source);
  await refreshUserKeys(db, allRules);
  await query(
    db,
    `insert into setting (name, value) values ('match-rules', ?) on conflict (name) do update set value = excluded.value`,
    [digest],
  );
}

async function refreshAccountKeys(db: Db, source: ConfiguredSource): Promise<void> {
  for (let after = 0; ;) {
    const rows = await query<{ id: number; content: AccountContent }>(
      db,
      `select id, content from account a where source_id = ? and id > ?
         and not exists (select from link l where l.account_id = a.id and l.until is null) order by id limit ?`,
      [source.id, after, batch],
    );
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.id;
    const keys = rows.flatMap((row) =>
      accountKeys(row.content.values, source).flatMap((key) => (key === null ? [] : [{ id: row.id, key }])),
    );
    await replaceKeys(db, 'account_id', rows, keys);
  }
}

async function refreshUserKeys(db: Db, allRules: Matching): Promise<void> {
  for (let after = 0; ;) {
    const rows = await query<ValueRow & { id: number; slots: { values: FieldValues }[] | null }>(
      db,
      `select u.*, (select jsonb_agg(s.results) from snapshot s join link l on l.user_id = s.user_id and l.source_id = s.source_id
         and l.until is null where s.user_id = u.id) as slots
       from "user" u where id > ? and merged_into is null order by id limit ?`,
      [after, batch],
    );
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.id;
    const keys = rows.flatMap((row) =>
      userKeys(toValue(row).fields, row.slots ?? [], allRules).map((key) => ({ id: row.id, key })),
    );
    await replaceKeys(db, 'user_id', rows, keys);
  }
}

async function replaceKeys(
  db: Db,
  side: 'account_id' | 'user_id',
  owners: readonly { id: number }[],
  keys: readonly { id: number; key: string }[],
): Promise<void> {
  await inTransaction(db, async (transaction) => {
    await query(transaction, `delete from match_key where ${side} = any(?)`, [owners.map((owner) => owner.id)]);
    await forRows(
      transaction,
      'id int, key text',
      keys,
      (rows) => `insert into match_key (${side}, key) select id, key from ${rows}`,
    );
  });
}

/** A setting that is made once and then stays: the stored value, or `value` where there is none yet. */
export async function settingOnce(db: Db, name: string, value: string): Promise<string> {
  await query(db, 'insert into setting (name, value) values (?, ?) on conflict (name) do nothing', [name, value]);
  return (await queryOne<{ value: string }>(db, 'select value from setting where name = ?', [name])).value;
}
