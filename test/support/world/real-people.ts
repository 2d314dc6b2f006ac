import type { AccountContent } from '../../../src/domain/account.ts';
import { changesBetween } from '../../../src/domain/change.ts';
import { claimKey, claimsOf } from '../../../src/domain/claim.ts';
import { fold } from '../../../src/domain/fold.ts';
import { emptyValue, noWords, type UserValue, type Words } from '../../../src/domain/user.ts';
import { accountKeys, distinctRules, userKeys } from '../../../src/reconcile/match-keys.ts';
import { valueSaid, type Part } from '../../../src/reconcile/project.ts';
import { reconcileReads } from '../../../src/store/reconcile-reads.ts';
import { reconcileWrites } from '../../../src/store/reconcile-writes.ts';
import { query, queryOne, type Db } from '../../../src/store/sql.ts';
import { loadSubjects } from '../../../src/store/subject-rows.ts';
import { createSyncSwitchStore } from '../../../src/store/sync-switch-store.ts';
import { ActionRefusedError } from '../../../src/users/errors.ts';
import { createSwitchSync } from '../../../src/users/sync-switch.ts';
import type { WordEdit } from './naive-people.ts';
import { operator, type RealWorld } from './real-world.ts';
import { userIdOf } from './real-view.ts';

/**
 * What people do to the real store. Where the product has no command for it yet it is done by SQL as the command will: word,
 * value, unique names, match keys and event in one transaction, then a reconcile of what it has made due.
 */

/** Writes a word and moves the user; nothing at all where the value would take somebody else's unique name. */
export async function realEdit(world: RealWorld, userKey: string, edit: WordEdit): Promise<void> {
  const id = await userIdOf(world.db, userKey);
  await inOperatorTransaction(world, async (tx) => {
    await writeWord(tx, id, edit);
    if (!(await refold(tx, world, id))) throw new Refused();
  });
  await world.reconcileNow();
}

class Refused extends Error {}

async function inOperatorTransaction(world: RealWorld, work: (tx: Db) => Promise<void>): Promise<void> {
  try {
    await world.db.transaction(async (tx) => {
      await query(tx, `select set_config('rosterd.operator', ?, true)`, [operator]);
      await work(tx);
    });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
  }
}

async function writeWord(tx: Db, id: number, edit: WordEdit): Promise<void> {
  if ('field' in edit) return writeField(tx, id, edit.field, edit.value);
  if ('mainTeam' in edit) {
    await query(tx, `delete from word where user_id = ? and kind = 'main-team'`, [id]);
    if (edit.mainTeam !== null) await insertWord(tx, id, 'main-team', String(await teamId(tx, edit.mainTeam)), null);
    return;
  }
  const [kind, ref] = 'role' in edit ? ['role', edit.role] : ['team', String(await teamId(tx, edit.team))];
  await query(tx, 'delete from word where user_id = ? and kind = any(?) and ref = ?', [
    id,
    [`${kind}-given`, `${kind}-taken`],
    ref,
  ]);
  if (edit.how !== 'withdraw')
    await insertWord(tx, id, edit.how === 'give' ? `${kind}-given` : `${kind}-taken`, ref, null);
}

async function writeField(tx: Db, id: number, field: string, value: string | null): Promise<void> {
  const { overriding } = await queryOne<{ overriding: boolean }>(
    tx,
    `select exists (select from snapshot where user_id = ? and jsonb_exists(results -> 'values', ?))
       or exists (select from override where user_id = ? and field = ?) as overriding`,
    [id, field, id, field],
  );
  if (overriding) {
    await query(tx, 'delete from override where user_id = ? and field = ?', [id, field]);
    const sql = 'insert into override (user_id, field, value, operator_name) values (?, ?, ?, ?)';
    if (value !== null) await query(tx, sql, [id, field, value, operator]);
    return;
  }
  await query(tx, `delete from word where user_id = ? and kind = 'local-value' and ref = ?`, [id, field]);
  if (value !== null) await insertWord(tx, id, 'local-value', field, value);
}

async function insertWord(tx: Db, id: number, kind: string, ref: string, value: string | null): Promise<void> {
  const sql = 'insert into word (user_id, kind, ref, value, operator_name) values (?, ?, ?, ?, ?)';
  await query(tx, sql, [id, kind, ref, value, operator]);
}

async function teamId(tx: Db, name: string): Promise<number> {
  return (await queryOne<{ id: number }>(tx, 'select id from team where name = ?', [name])).id;
}

/** Folds a user anew and stores what differs; false where a unique name is somebody else's. */
async function refold(tx: Db, world: RealWorld, id: number): Promise<boolean> {
  const [row] = await loadSubjects(tx, [id], true);
  if (row === undefined) throw new Error(`the store has no user ${String(id)}`);
  const { subject, linkedSources } = row;
  const teamNames = await teamNamesOf(tx);
  const before = subject.user.value;
  const after = fold({ origin: subject.user.origin, ...subject, teamNames, present: before });
  const holders = await reconcileReads(tx, () => []).claimHolders(claimsOf(after));
  if ([...holders.values()].some((holder) => holder !== id)) return false;
  const slots = subject.snapshots.filter((slot) => linkedSources.includes(slot.source));
  await store(tx, world, id, before, after, userKeys(after.fields, slots, allRules(world)));
  const changes = changesBetween(before, after, teamNames);
  if (changes.length > 0) await appendEvent(tx, 'user-changed', id, changes);
  return true;
}

async function store(
  tx: Db,
  world: RealWorld,
  id: number,
  before: UserValue,
  after: UserValue,
  keys: string[],
): Promise<void> {
  // Whom they matched until now is asked as well.
  await wakeUser(tx, id);
  await reconcileWrites(tx).saveUsers([{ userId: id, value: after }]);
  await query(tx, 'delete from claim where user_id = ?', [id]);
  const claims = JSON.stringify(claimsOf(after));
  const rows = 'json_to_recordset(?::text::json) as r(kind text, value text)';
  await query(tx, `insert into claim (kind, value, user_id) select kind, value, ? from ${rows}`, [id, claims]);
  await query(tx, 'delete from match_key where user_id = ?', [id]);
  await query(tx, 'insert into match_key (user_id, key) select ?, unnest(?::text[])', [id, keys]);
  await wakeUser(tx, id);
  const freed = claimsOf(before).map(claimKey);
  await query(
    tx,
    'update account set wakes = wakes + 1 where id in (select unnest(account_ids) from review_item where closed_at is null and wait_keys && ?::text[])',
    [freed],
  );
}

/** Whatever bears on a user is to be decided anew. */
async function wakeUser(tx: Db, id: number): Promise<void> {
  await query(
    tx,
    `update account set wakes = wakes + 1 where id in (select account_id from link where user_id = ? and until is null)
       or id in (select a.account_id from match_key u join match_key a on a.key = u.key and a.account_id is not null where u.user_id = ?)
       or id in (select unnest(account_ids) from review_item where closed_at is null and ? = any(user_ids))
       or id in (select l.account_id from match_key u join match_key o on o.key = u.key join link l on l.user_id = o.user_id and l.until is null
         where u.user_id = ?)`,
    [id, id, id, id],
  );
}

function allRules({ config }: RealWorld): ReturnType<typeof distinctRules> {
  return distinctRules(config.sources.map((source) => source.match));
}

async function teamNamesOf(tx: Db): Promise<Map<number, string>> {
  const rows = await query<{ id: number; name: string }>(tx, 'select id, name from team');
  return new Map(rows.map((row) => [row.id, row.name]));
}

async function appendEvent(tx: Db, type: string, userId: number, changes: readonly object[]): Promise<void> {
  const sql = `insert into event (actor_kind, actor_name, type, user_id, changes) values ('operator', ?, ?, ?, ?::text::jsonb)`;
  await query(tx, sql, [operator, type, userId, JSON.stringify(changes)]);
}

/** Switches the sync by the product's own action; true where it did. */
export async function realSwitch(
  world: RealWorld,
  userKey: string,
  enabled: boolean,
  source: string | null,
): Promise<boolean> {
  const switchSync = createSwitchSync(createSyncSwitchStore(world.db), () => world.reconcileNow());
  const userId = await userIdOf(world.db, userKey);
  try {
    await switchSync({ userId, enabled, operator, ...(source === null ? {} : { source }) });
    return true;
  } catch (error) {
    if (error instanceof ActionRefusedError) return false;
    throw error;
  }
}

/** Activates or deactivates as an operator. */
export async function realActivate(world: RealWorld, userKey: string, active: boolean): Promise<void> {
  const id = await userIdOf(world.db, userKey);
  await inOperatorTransaction(world, async (tx) => {
    const sql = `update "user" set active = ?, deactivated_at = case when ? then null else now() end, version = version + 1 where id = ?`;
    await query(tx, sql, [active, active, id]);
    await appendEvent(tx, active ? 'activated' : 'deactivated', id, []);
    await wakeUser(tx, id);
  });
  await world.reconcileNow();
}

/** Ends a user's link; the account waits for a person (spec 7). */
export async function realUnlink(world: RealWorld, userKey: string, source: string): Promise<void> {
  const id = await userIdOf(world.db, userKey);
  await inOperatorTransaction(world, async (tx) => {
    const [link] = await query<{ account_id: number; content: AccountContent }>(
      tx,
      `update link l set until = now(), end_reason = 'unlinked' from account a
       where a.id = l.account_id and l.user_id = ? and l.source_id = ? and l.until is null returning l.account_id, a.content`,
      [id, source],
    );
    if (link === undefined) throw new Refused();
    await query(tx, `insert into bar (account_id, user_id, kind, operator_name) values (?, ?, 'wait', ?)`, [
      link.account_id,
      id,
      operator,
    ]);
    const match = world.config.sources.find((each) => each.id === source)?.match ?? [];
    for (const key of accountKeys(link.content.values, match))
      if (key !== null)
        await query(tx, 'insert into match_key (account_id, key) values (?, ?)', [link.account_id, key]);
    await query(tx, 'update account set wakes = wakes + 1 where id = ?', [link.account_id]);
    await appendEvent(tx, 'link-ended', id, []);
    await wakeUser(tx, id);
    if (!(await refold(tx, world, id))) throw new Error('an ended link changes no value');
  });
  await world.reconcileNow();
}

/** Refuses what a linked account says now for one part. */
export async function realRefuse(world: RealWorld, accountKey: string, part: string): Promise<void> {
  const { id, content } = await accountOf(world, accountKey);
  await query(
    world.db,
    `insert into refusal (account_id, part, value_said, cause, operator_name) values (?, ?, ?, 'discard', ?)
     on conflict (account_id, part) do update set value_said = excluded.value_said`,
    [id, part, valueSaid(content, part as Part), operator],
  );
  await query(world.db, 'update account set wakes = wakes + 1 where id = ?', [id]);
  await world.reconcileNow();
}

/** Ignores an account, or no longer (spec 2.7). */
export async function realIgnore(world: RealWorld, accountKey: string, ignored: boolean): Promise<void> {
  const { id } = await accountOf(world, accountKey);
  await query(
    world.db,
    'update account set ignored_at = case when ? then now() end, ignored_by = case when ? then ? end, wakes = wakes + 1 where id = ?',
    [ignored, ignored, operator, id],
  );
  await world.reconcileNow();
}

async function accountOf(world: RealWorld, key: string): Promise<{ id: number; content: AccountContent }> {
  return queryOne(world.db, `select id, content from account where source_id || ':' || external_id = ?`, [key]);
}

/** Makes a user by hand, inactive at first; nothing where a unique name is taken (spec 12.4). */
export async function realLocalUser(world: RealWorld, values: Words['localValues']): Promise<void> {
  await inOperatorTransaction(world, async (tx) => {
    const writes = reconcileWrites(tx);
    const [id = 0] = await reconcileReads(tx, () => []).allocateUserIds(1);
    const policy = await queryOne<{ id: number }>(tx, 'select max(id) as id from policy');
    const value = fold({
      origin: 'local',
      words: { ...noWords, localValues: values },
      snapshots: [],
      policy: world.policy,
      teamNames: await teamNamesOf(tx),
      present: emptyValue,
    });
    const taken = await reconcileReads(tx, () => []).claimHolders(claimsOf(value));
    if (taken.size > 0) throw new Refused();
    await writes.insertUsers([{ userId: id, origin: 'local', active: false, value }], policy.id);
    for (const [field, text] of Object.entries(values)) await insertWord(tx, id, 'local-value', field, text ?? null);
    await appendEvent(tx, 'user-created', id, changesBetween(emptyValue, value, await teamNamesOf(tx)));
    await store(tx, world, id, emptyValue, value, userKeys(value.fields, [], allRules(world)));
  });
  await world.reconcileNow();
}
