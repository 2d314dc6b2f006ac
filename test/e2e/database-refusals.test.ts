import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { embeddedDatabase, serverDatabase } from './support/database.ts';
import type { Database, Sql } from './support/database.ts';
import { createSite } from './support/rosterd.ts';
import type { Site } from './support/rosterd.ts';
import { csvOf } from './support/sources.ts';

const COLUMNS = ['ACD ID', 'Login', 'First Name', 'Last Name'];
const AGENTS = ['00017', '00024', '00031'].map((id) => [id, `login${id}`, 'Siobhán', "O'Brien"]);

/** Statements in one transaction: committed, or the code (SQLSTATE) and message of what refused them. */
type Outcome = 'committed' | { readonly code: string; readonly message: string };

async function outcome(sql: Sql, ...statements: string[]): Promise<Outcome> {
  await sql('begin');
  try {
    for (const statement of statements) await sql(statement);
    await sql('commit');
    return 'committed';
  } catch (error) {
    await sql('rollback');
    const { code, message } = error as Error & { code: string };
    return { code, message };
  }
}

// insufficient_privilege (PostgreSQL, appendix A).
const refusedWith = (message: RegExp): unknown => ({
  code: '42501',
  message: expect.stringMatching(message) as string,
});
const byPeopleOnly = refusedWith(/changed by people only/);
const neverDeleted = refusedWith(/outside an operator's purge/);
const neverTruncated = refusedWith(/never truncated/);

const as = (operator: string): string => `set local rosterd.operator = '${operator}'`;

describe.each(['postgres', 'embedded'] as const)('in plain SQL, on %s', (kind) => {
  let site: Site;
  let database: Database;
  let user: number;
  const attempt = (...statements: string[]): Promise<Outcome> =>
    database.query((sql) => outcome(sql, ...statements.map((text) => text.replaceAll(':user', String(user)))));

  beforeAll(async () => {
    site = await createSite('refusals');
    database = kind === 'embedded' ? embeddedDatabase(site) : await serverDatabase();
    await site.write('agents.csv', csvOf(COLUMNS, AGENTS));
    const acd = { id: 'acd', kind: 'csv-file', connection: { path: 'agents.csv' } };
    await site.configure({ database: database.setting, sources: [acd] });
    expect((await site.sync()).code).toBe(0);
    [user = 0] = (await site.rows<{ id: number }>('user', 'list')).map(({ id }) => id);
  }, 120_000);
  afterAll(async () => {
    await site.remove();
    await database.drop();
  });

  test('9.1 the active state: refused without an operator, with an unknown and with a disabled one', async () => {
    const deactivate = 'update "user" set active = false where id = :user';
    expect(await attempt(deactivate)).toEqual(byPeopleOnly);
    expect(await attempt(as('nobody'), deactivate)).toEqual(byPeopleOnly);
    expect(await attempt(as(''), deactivate)).toEqual(byPeopleOnly);
    const leaver = `insert into operator (name, kind, disabled_at) values ('leaver', 'person', now())`;
    expect(await attempt(leaver, as('leaver'), deactivate)).toEqual(byPeopleOnly);
    expect(await attempt('update "user" set active = not active')).toEqual(byPeopleOnly);
  });

  test('9.1 refused too by insert … on conflict do update and by update … from', async () => {
    const row = 'select (u).* from (select u from "user" u where id = :user) as one';
    const upsert = `insert into "user" ${row} on conflict (id) do update set active = not excluded.active`;
    expect(await attempt(upsert)).toEqual(byPeopleOnly);
    const updateFrom = `update "user" u set active = not other.active from "user" other where other.id = u.id and u.id = :user`;
    expect(await attempt(updateFrom)).toEqual(byPeopleOnly);
  });

  test('9.1 an operator of one transaction is none of the next', async () => {
    const flip = 'update "user" set active = not active where id = :user';
    const [operator] = await database.query((sql) =>
      sql<{ name: string }>(`select name from operator where kind = 'local'`),
    );
    const outcomes = await database.query(async (sql) => [
      await outcome(sql, as(operator?.name ?? ''), flip.replace(':user', String(user))),
      await outcome(sql, flip.replace(':user', String(user))),
      await outcome(sql, as(operator?.name ?? ''), flip.replace(':user', String(user))),
    ]);
    expect(outcomes).toEqual(['committed', byPeopleOnly, 'committed']);
  });

  test('9.6 users: never deleted, never truncated', async () => {
    expect(await attempt('delete from "user" where id = :user')).toEqual(neverDeleted);
    expect(await attempt(as('nobody'), 'delete from "user" where id = :user')).toEqual(neverDeleted);
    expect(await attempt('truncate "user" cascade')).toEqual(neverTruncated);
  });

  test('15.1 events: never updated, deleted or truncated', async () => {
    expect(await attempt(`update event set reason = 'nothing happened'`)).toEqual(neverDeleted);
    expect(await attempt(`update event set reason = reason`)).toEqual(neverDeleted);
    expect(await attempt('delete from event')).toEqual(neverDeleted);
    expect(await attempt('truncate event')).toEqual(neverTruncated);
    expect(await attempt('truncate event cascade')).toEqual(neverTruncated);
  });

  test('9.1 not refused: an update that lists active unchanged, and everything else about a user', async () => {
    expect(await attempt(`update "user" set active = active, first_name = 'Jürgen' where id = :user`)).toBe(
      'committed',
    );
    expect(await attempt(`update "user" set active = true, version = version + 1 where id = :user`)).toBe('committed');
    const insert = `insert into event (actor_kind, actor_name, type) values ('system', 'test', 'tested')`;
    expect(await attempt(insert)).toBe('committed');
  });

  test('9.1, 15.1 and nothing that was refused has happened', async () => {
    const rows = await database.query((sql) =>
      sql('select count(*)::int as users, count(*) filter (where active)::int as active from "user"'),
    );
    expect(rows).toEqual([{ users: 3, active: 3 }]);
    expect(await site.rows('user', 'list')).toHaveLength(3);
  });
});
