import type { Knex } from 'knex';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, openPostgres, type OpenDatabase } from '../../support/api/databases.ts';
import { testApi, type TestApi } from '../../support/api/test-api.ts';
import { toKept } from '../../../src/store/event-changes.ts';

type EventPage = { items: { id: number; type: string }[]; next: string | null; atEnd: boolean };

const addEvent = (knex: Knex, type: string, more: object = {}) =>
  knex('event').insert({ actor_kind: 'sync', actor_name: 'sync', type, ...more });
const types = (page: EventPage) => page.items.map((event) => event.type);

describe.each(databases)('the history on %s', (_name, open) => {
  let database: OpenDatabase;
  let api: TestApi;

  beforeAll(async () => {
    database = await open();
    api = await testApi(database.knex);
    const change = (after: string) => JSON.stringify(toKept([{ field: 'email', before: null, after }]));
    await addEvent(database.knex, 'one', { user_id: 1, source_id: 'ad', run_id: 1, changes: change('a@x.test') });
    await addEvent(database.knex, 'two', { user_id: 2, source_id: 'ad', run_id: 1, at: '2026-03-01T00:00:00Z' });
    await addEvent(database.knex, 'released', { user_id: 1, source_id: 'acd', reason: '100% sure' });
    await addEvent(database.knex, 'four', { actor_kind: 'operator', actor_name: 'local:anna', user_id: 1 });
  });
  afterAll(async () => {
    await api.app.close();
    await database.close();
  });

  const get = async (query: string): Promise<EventPage> => {
    const answer = await api.ask<EventPage>('GET', `/api/v1/events${query}`);
    expect(answer.status, answer.text).toBe(200);
    return answer.json;
  };

  it.each([
    ['', ['four', 'released', 'two', 'one']],
    ['?order=asc', ['one', 'two', 'released', 'four']],
    ['?source=ad', ['two', 'one']],
    ['?run=1&order=asc', ['one', 'two']],
    ['?kind=operator', ['four']],
    ['?actor=local:anna', ['four']],
    ['?type=released', ['released']],
    ['?text=A@X', ['one']],
    ['?text=100%25', ['released']],
    ['?text=1_0', []],
    ['?since=2026-03-01T00:00:00Z&until=2026-03-01T00:00:01%2B00:00', ['two']],
    ['?order=asc&since=2026-02-01T00:00:00Z&until=2026-03-02T00:00:00Z', ['two']],
  ])('15.2 filters by "%s"', async (query, expected) => {
    expect(types(await get(query))).toEqual(expected);
  });

  it('15.2 shows the timeline of a user', async () => {
    await database.knex('policy').insert({ digest: 'p', content: '{}' });
    await database.knex('user').insert({ origin: 'local', active: true, policy_id: 1 });
    const answer = await api.ask<EventPage>('GET', '/api/v1/users/1/events?limit=2');
    expect(types(answer.json)).toEqual(['four', 'released']);
  });

  it('15.2 pages newest first; what happens between two pages moves nothing', async () => {
    const first = await get('?limit=2&kind=sync');
    expect(types(first)).toEqual(['released', 'two']);
    await addEvent(database.knex, 'five');
    const second = await get(`?limit=2&kind=sync&after=${String(first.next)}`);
    expect(types(second)).toEqual(['one']);
    expect(second.next).toBeNull();
  });

  it.each(['asc', 'desc'])('15.2 pages by time where times are asked for (%s), and ends', async (order) => {
    const all: string[] = [];
    let after = '';
    for (let page = 0; page < 20; page += 1) {
      const { items, next } = await get(
        `?limit=1&order=${order}&since=2026-02-01T00:00:00Z&until=2100-01-01T00:00:00Z${after}`,
      );
      all.push(...items.map((event) => event.type));
      if (next === null) break;
      after = `&after=${next}`;
    }
    const expected = ['two', 'one', 'released', 'four', 'five'];
    expect(all).toEqual(order === 'asc' ? expected : expected.reverse());
  });

  it('15.2 gives in ascending order a cursor to wait with', async () => {
    const end = await get('?order=asc&limit=100');
    expect(end.atEnd).toBe(true);
    expect(types(await get(`?order=asc&after=${String(end.next)}`))).toEqual([]);
    await addEvent(database.knex, 'six');
    expect(types(await get(`?order=asc&after=${String(end.next)}`))).toEqual(['six']);
  });

  it.each([
    ['', ['two', 'one', 'released', 'four', 'five', 'six'].sort()],
    ['&kind=operator', ['four']],
    ['&text=100%25', ['released']],
    ['&user=1', ['four', 'one', 'released']],
    ['&since=2026-03-01T00:00:00Z&until=2026-03-01T00:00:01Z', ['two']],
  ])('15.2 exports what the filter "%s" lets through as NDJSON and as CSV', async (query, expected) => {
    const ndjson = await api.ask('GET', `/api/v1/events/export?format=ndjson${query}`);
    expect(ndjson.headers['content-type']).toBe('application/x-ndjson');
    const events = ndjson.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: number; type: string });
    expect(events.map(({ type }) => type).sort()).toEqual(expected);
    const csv = await api.ask('GET', `/api/v1/events/export?format=csv${query}`);
    expect(csv.headers).toMatchObject({
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': 'attachment; filename="log.csv"',
    });
    const [head, ...lines] = csv.text.trimEnd().split('\r\n');
    expect(head).toBe('ID,Time,Type,Kind,By,Source,Run,User ID,External ID,Changes,Reason');
    expect(lines.map((line) => line.split(',').slice(0, 3).join(','))).toEqual(
      events.map((event) => `${String(event.id)},${(event as unknown as { at: string }).at},${event.type}`),
    );
  });

  it('15.2 refuses a cursor that it has not given', async () => {
    expect((await api.ask<EventPage>('GET', '/api/v1/events?after=x')).json).toMatchObject({
      status: 400,
      code: 'cursor-invalid',
    });
    expect((await api.ask<EventPage>('GET', '/api/v1/events?order=asc&after=5')).json).toMatchObject({
      code: 'cursor-invalid',
    });
  });
});

describe('a reader of the history', () => {
  let database: OpenDatabase;
  let api: TestApi;
  beforeAll(async () => {
    database = await openPostgres();
    api = await testApi(database.knex);
  });
  afterAll(async () => {
    await api.app.close();
    await database.close();
  });

  it('15.2 never skips what commits after something that began later', async () => {
    const read = async (after: string | null): Promise<EventPage> => {
      const answer = await api.ask<EventPage>(
        'GET',
        `/api/v1/events?order=asc${after === null ? '' : `&after=${after}`}`,
      );
      return answer.json;
    };
    const slow = await database.knex.transaction();
    await addEvent(slow, 'began-first');
    const quick = await database.knex.transaction();
    await addEvent(quick, 'began-second');
    await quick.commit();
    const meanwhile = await read(null);
    expect(types(meanwhile)).toEqual([]);
    await slow.commit();
    const afterwards = await read(meanwhile.next);
    expect(types(afterwards)).toEqual(['began-first', 'began-second']);
    expect(types(await read(afterwards.next))).toEqual([]);
  });

  it('15.2 an export ends, and is whole, over more than one page', async () => {
    await database.knex.raw(
      `insert into event (actor_kind, actor_name, type) select 'system', 'system', 'bulk' from generate_series(1, 2500)`,
    );
    const { text } = await api.ask('GET', '/api/v1/events/export?kind=system');
    const ids = text
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { id: number }).id);
    expect(ids).toHaveLength(2_500);
    expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b));
  });

  it('15.2 finds a rare text over several pages, each of which looks at a bounded number of events', async () => {
    await addEvent(database.knex, 'rare', { reason: 'needle' });
    await database.knex.raw(
      `insert into event (actor_kind, actor_name, type) select 'sync', 'sync', 'hay' from generate_series(1, 12000)`,
    );
    const first = await api.ask<EventPage>('GET', '/api/v1/events?text=needle');
    expect(first.json.items).toEqual([]);
    const second = await api.ask<EventPage>('GET', `/api/v1/events?text=needle&after=${String(first.json.next)}`);
    expect(types(second.json)).toEqual(['rare']);
    expect(second.json.next).toBeNull();
    const ascending = await api.ask<EventPage>('GET', '/api/v1/events?order=asc&text=needle');
    expect(types(ascending.json)).toEqual(['rare']);
    expect(ascending.json.atEnd).toBe(false);
    const end = await api.ask<EventPage>(
      'GET',
      `/api/v1/events?order=asc&text=needle&after=${String(ascending.json.next)}`,
    );
    expect(end.json).toMatchObject({ items: [], atEnd: true });
  });
});
