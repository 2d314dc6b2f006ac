import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BulkJob, BulkResult } from '../../../src/api/schemas/bulk.ts';
import type { MergeCandidate, MergesAsked } from '../../../src/api/schemas/merges.ts';
import type { User } from '../../../src/api/schemas/users.ts';
import { databases, type OpenDatabase } from '../../support/api/databases.ts';
import { openSite, type Site } from '../../support/site.ts';

const inDirectory = [21, 22, 23];

const differsInDepartment = (candidate: MergeCandidate | undefined): boolean =>
  candidate?.differing.some(({ field }) => field === 'department') === true;

/** Five hundred agents whom a second ACD, retired since, had made users before: issue 15, "to show" 5. */
describe.each(databases)('merging many pairs on %s', (name, open) => {
  // Five hundred where a server can take them at once; the embedded database takes as long for fewer.
  const pairs = name === 'PostgreSQL' ? 500 : 130;
  let database: OpenDatabase;
  let site: Site;
  let candidates: MergeCandidate[] = [];

  const names = (index: number) => ({ firstName: `First${String(index)}`, lastName: `Last${String(index)}` });
  const user = (name: string): Promise<User> => site.user(`username:${name}`);
  const all = async <Item>(path: string): Promise<Item[]> => {
    const items: Item[] = [];
    for (let after = ''; ;) {
      const page = (await site.ask<{ items: Item[]; next: string | null }>('GET', `${path}limit=1000${after}`)).json;
      items.push(...page.items);
      if (page.next === null) return items;
      after = `&after=${encodeURIComponent(page.next)}`;
    }
  };
  const people = async () => {
    const of = async (table: string, ...columns: string[]) =>
      (await database.knex(table).select(columns).orderBy(columns)) as unknown[];
    return {
      users: await of('user', 'id', 'version', 'active', 'merged_into', 'username', 'email', 'roles', 'team_ids'),
      links: await of('link', 'id', 'user_id', 'account_id', 'until'),
      slots: await of('snapshot', 'user_id', 'source_id', 'results'),
      claims: await of('claim', 'kind', 'value', 'user_id'),
      events: await database.knex('event').count(),
    };
  };

  beforeAll(async () => {
    database = await open();
    site = await openSite(database.knex, '  - { id: old, kind: csv-file, match: [[numericId]] }');
    for (let index = 0; index < pairs; index += 1) {
      site.file.put(`o${String(index)}`, {
        acdId: `o${String(index)}`,
        ...names(index),
        email: `old${String(index)}@x.test`,
      });
      // A tenth has another department in both; what three more have would be lost to what the directory says.
      site.acd.put(`a${String(index)}`, {
        ...{ acdId: `a${String(index)}`, ...names(index) },
        ...(index % 10 === 0 || inDirectory.includes(index) ? { department: 'Here' } : {}),
      });
    }
    for (const index of inDirectory)
      site.ad.put(`guid${String(index)}`, {
        email: `old${String(index)}@x.test`,
        department: 'There',
        ...names(index),
      });
    await site.sync();
    await site.ask('POST', '/sources/old/retire', { body: { reason: 'replaced' } });
    // Of the tenth, what a person said of the old one comes with it: the rank of an override over every source.
    for (let index = 0; index < pairs; index += 10)
      await database.knex.raw(
        `insert into override (user_id, field, value, operator_name)
         select id, 'department', 'There', 'local:tester' from "user" where username = ?`,
        [`o${String(index)}`],
      );
    await database.knex.raw(`update "user" u set more_fields = more_fields || '{"department": "There"}'
      where exists (select from override o where o.user_id = u.id)`);
  }, 300_000);
  afterAll(async () => {
    await site.close();
    await database.close();
  });

  it('18.2 pairs of equal names are found, with the agent of the ACD to stay', async () => {
    candidates = await all<MergeCandidate>('/merge-candidates?');
    expect(candidates).toHaveLength(pairs);
    expect(
      new Set(candidates.map(({ primary, refusal }) => `${primary.username?.[0] ?? ''} ${refusal?.code ?? 'null'}`)),
    ).toEqual(new Set(['a null']));
    expect(candidates.filter(differsInDepartment)).toHaveLength(pairs / 10 + 3);
  });

  it('18.1, 18.2 a job merges them; the refused are named with the reason and do not stop the others', async () => {
    const asked = candidates.map(({ primary, other }, index) => ({
      ...{ primary: String(primary.userId), other: String(other.userId) },
      choices:
        differsInDepartment(candidates[index]) && primary.username?.endsWith('00') === true
          ? { department: 'other' }
          : {},
    }));
    // Three for each reason.
    const of = (index: number) => {
      const found = candidates.find(({ primary }) => primary.username === `a${String(index)}`);
      return { primary: String(found?.primary.userId), other: String(found?.other.userId) };
    };
    const deactivate = (ids: readonly string[]) =>
      database.knex.transaction(async (tx) => {
        await tx.raw(`select set_config('rosterd.operator', 'local:tester', true)`);
        await tx('user').whereIn('id', ids.map(Number)).update({ active: false, deactivated_at: tx.fn.now() });
      });
    await deactivate([1, 2, 3].map((index) => of(index).primary));
    await deactivate([4, 5, 6].flatMap((index) => [of(index).primary, of(index).other]));
    await deactivate([7, 8, 9].map((index) => of(index).other));
    const agents = new Map([11, 12, 13].map((index) => [of(index).other, of(index + 100).primary]));
    const taken = new Set([...agents.values()]);
    const rows = asked
      .filter(({ primary }) => !taken.has(primary))
      .map((pair) => {
        const agent = agents.get(pair.other);
        return agent === undefined ? pair : { ...pair, other: agent };
      });
    const preview = await site.ask<MergesAsked>('POST', '/merges', {
      body: { pairs: rows.slice(0, 50), preview: true },
    });
    expect(preview.status, preview.text).toBe(200);
    expect((await site.ask('GET', '/merge-candidates')).status).toBe(200);
    const { json, status, text } = await site.ask<MergesAsked>('POST', '/merges', {
      body: { pairs: rows, reason: 'one person' },
    });
    expect(status, text).toBe(202);
    const id = json.job?.id ?? 0;
    for (;;) {
      const job = (await site.ask<BulkJob>('GET', `/bulk/${String(id)}`)).json;
      if (job.finishedAt !== null) break;
      await sleep(50);
    }
    const refused = await all<BulkResult>(`/bulk/${String(id)}/results?outcome=refused&`);
    const codes = Map.groupBy(refused, ({ code }) => code);
    expect(Object.fromEntries([...codes].map(([code, each]) => [code, each.length]))).toEqual({
      ...{ 'primary-inactive': 3, 'both-inactive': 3, 'not-synchronised': 3, 'both-from-acd': 3 },
      'choice-needed': 3,
    });
    for (const { message } of refused) expect(message).toMatch(/activate|deactivate|stay|choose/i);
    const { counts } = (await site.ask<BulkJob>('GET', `/bulk/${String(id)}`)).json;
    expect(counts).toEqual({ users: pairs - 3, done: pairs - 3, changed: pairs - 18, unchanged: 0, refused: 15 });
    expect(await user('a20')).toMatchObject({ department: 'Here', email: 'old20@x.test', active: true });
    expect(await user('a100')).toMatchObject({ department: 'There', email: 'old100@x.test' });
  }, 300_000);

  it('18.3 the next full sync of all sources changes nothing', async () => {
    await site.sync();
    const before = await people();
    await site.sync();
    expect(await people()).toEqual(before);
  }, 120_000);

  it('20.1, 20.4 nobody who was merged away holds a unique name, a link, a key or a question', async () => {
    const { rows } = await database.knex.raw<{ rows: object[] }>(
      `select u.id from "user" u where u.merged_into is not null and (u.active or u.username is not null
         or exists (select from claim c where c.user_id = u.id) or exists (select from link l where l.user_id = u.id)
         or exists (select from match_key k where k.user_id = u.id)
         or exists (select from review_item i where i.closed_at is null and i.user_ids @> array[u.id]))`,
    );
    expect(rows).toEqual([]);
  });
});
