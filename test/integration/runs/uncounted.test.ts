import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReviewItem } from '../../../src/api/schemas/review-items.ts';
import type { Run } from '../../../src/api/schemas/runs.ts';
import { openPostgres, type OpenDatabase } from '../../support/api/databases.ts';
import { closeGate, installGate } from '../../support/gate.ts';
import { openSite, type Site } from '../../support/site.ts';

/** More than a fifth less than these is under the guard's limits, and more than a batch of 100. */
const agents = 600;
const changed = 110;
/** In a team whose name is taken: more than a fifth. */
const waiting = { from: 301, to: 430 };

/** The guard counts, then a run writes batch by batch; people answer questions in between. */
describe('13.1, 13.5 answers while a run is between counting and writing', () => {
  let database: OpenDatabase;
  let site: Site;

  beforeAll(async () => {
    database = await openPostgres();
    site = await openSite(database.knex);
    say(agents, 'before');
    await site.sync();
    await installGate(database.knex);
  }, 240_000);
  afterAll(async () => {
    await site.close();
    await database.close();
  });

  const name = (index: number): string => String(100_000 + index);

  function say(count: number, word: string): void {
    for (let index = 1; index <= count; index++) {
      const teamId = index >= waiting.from && index <= waiting.to ? '3' : '1';
      site.acd.put(
        name(index),
        { acdId: name(index), employeeId: `E${name(index)}`, firstName: 'Agent', lastName: `L-${word}` },
        { teams: [{ id: teamId, name: 'Care' }], roleFacts: { roles: index === 105 ? ['clerk'] : [] } },
      );
    }
  }

  const runs = async (): Promise<Run[]> =>
    (await site.ask<{ items: Run[] }>('GET', '/runs?source=acd&limit=10')).json.items;

  async function answer(kind: string, answered: string, value?: string): Promise<void> {
    const asked = await site.askMeanwhile<{ items: ReviewItem[] }>('GET', `/review-items?kind=${kind}`);
    const id = asked.json.items[0]?.id ?? 'nothing';
    const body = { answer: answered, ...(value === undefined ? {} : { value }) };
    const done = await site.askMeanwhile('POST', `/review-items/${id}/answer`, { body });
    expect(done.status, done.text).toBe(200);
  }

  /** A run stands in its first batch of agents who are called anew; gives its id. */
  async function syncWith(word: string, meanwhile: () => Promise<void>): Promise<number> {
    say(changed, word);
    const [stop = ''] = await database.knex('account').orderBy('id').limit(1).pluck<string[]>('external_id');
    const gate = await closeGate(database.knex, [stop]);
    const working = site.sync('acd');
    await gate.reached(stop);
    const run = await database.knex('run').max<{ max: number }[]>('id');
    await meanwhile();
    await gate.open(stop);
    await working;
    return run[0]?.max ?? 0;
  }

  it('13.5 an answer about who is decided on next counts, and is not lost', async () => {
    const order = await database.knex('account').orderBy('id').limit(changed).pluck<string[]>('external_id');
    expect(order.indexOf(name(105))).toBeGreaterThanOrEqual(100);
    await syncWith('after', () => answer('unknown-role', 'map-to', 'trainer'));
    const user = await site.user(name(105));
    expect([user.lastName, user.roles.map(({ role }) => role)]).toEqual(['L-after', ['agent', 'trainer']]);
  }, 240_000);

  it('13.1 what an answer makes due after the run has counted is left to the next run, named, and guarded there', async () => {
    const run = await syncWith('again', () => answer('team-name-taken', 'map-to'));
    const [next, counted] = await runs();
    expect(counted).toMatchObject({ id: run, state: 'completed', counts: { updated: changed } });
    expect(counted?.notes.join()).toContain(
      `left to the next run, since it came up after this one had counted: ${name(waiting.from)}, `,
    );
    expect(next).toMatchObject({ state: 'held', error: { code: 'held' } });
    expect(next?.error?.message).toContain('teamMoved 130');
    expect((await site.user(name(waiting.from))).teams).toMatchObject([{ name: 'Default' }]);
  }, 240_000);
});
