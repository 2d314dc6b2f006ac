import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPostgres, type OpenDatabase } from '../../support/api/databases.ts';
import { closeGate, installGate } from '../../support/gate.ts';
import { openSite, type Site } from '../../support/site.ts';

/** A given name that changed too would be somebody else's (spec 8.3). */
const GIVEN = 'Agent';

const agents = 10_000;
const batch = 100;
/** At these positions, of as many batches, the run is stopped in the middle of its writing: in the first batch, the last, and between. */
const stops = [57, 901, 1_850, 2_350, 5_001, 7_777, 9_999];

interface Row {
  readonly username: string;
  readonly employeeId: string;
  readonly lastName: string;
  readonly sync: boolean;
}

/** Switching off while a run of 10,000 changes is under way (spec 6.2): whoever it is, wholly before or wholly after. */
describe('6.2 a sync switched off in the middle of a run', () => {
  let database: OpenDatabase;
  let site: Site;

  beforeAll(async () => {
    database = await openPostgres();
    site = await openSite(database.knex);
    say('before', agents);
    await site.sync();
    await installGate(database.knex);
  }, 240_000);
  afterAll(async () => {
    await site.close();
    await database.close();
  });

  const name = (index: number): string => String(100_000 + index);

  /** Has the ACD say this first and last name of the first `count` agents. */
  function say(word: string, count: number): void {
    for (let index = 1; index <= count; index++)
      site.acd.put(name(index), {
        ...{ acdId: name(index), employeeId: `${word}-${name(index)}` },
        ...{ firstName: GIVEN, lastName: `L-${word}` },
      });
  }

  async function rows(): Promise<Map<string, Row>> {
    const all = await database
      .knex('user')
      .select<Row[]>('username', { employeeId: 'employee_id', lastName: 'last_name', sync: 'sync_enabled' });
    return new Map(all.map((row) => [row.username, row]));
  }

  async function switchOff(username: string): Promise<void> {
    const answer = await site.askMeanwhile('PUT', `/users/${username}/sync`, { body: { enabled: false } });
    expect(answer.status, answer.text).toBe(200);
  }

  /** Switches people off whenever the run has come to one of the stops, while `work` goes on; gives who is off then. */
  async function switchOffAtStops(work: () => Promise<unknown>, count: number): Promise<Set<string>> {
    // Batches follow the ids of accounts.
    const order = await database.knex('account').orderBy('id').pluck<string[]>('external_id');
    const at = (position: number): string[] => (position < 0 ? [] : order.slice(position, position + 1));
    const off = new Set<string>();
    const reachable = stops.filter((stop) => stop < count);
    const gate = await closeGate(database.knex, reachable.flatMap(at));
    const working = work();
    for (const stop of reachable) {
      const [stopped = ''] = at(stop);
      await gate.reached(stopped);
      // Of batches that are done, and of batches to come: at once, while the run stands still.
      const elsewhere = [stop - batch, stop + batch, stop + 7 * batch].flatMap(at);
      for (const user of elsewhere) await switchOff(user);
      const [first = stopped] = at(stop - (stop % batch));
      const waiting = [stopped, first].map(async (user) => switchOff(user));
      // Those of the batch that is being written wait for its end.
      await gate.personWaits();
      await gate.open(stopped);
      await Promise.all(waiting);
      for (const user of [...elsewhere, stopped, first]) off.add(user);
    }
    await working;
    return off;
  }

  /** Plays one run; each agent ends whole. */
  async function play(word: string, count: number, work: () => Promise<unknown>): Promise<void> {
    const before = await rows();
    const off = await switchOffAtStops(work, count);
    const after = await rows();
    const kept: string[] = [];
    for (let index = 1; index <= count; index++) {
      const [was, is] = [before.get(name(index)), after.get(name(index))];
      const changed = { ...was, employeeId: `${word}-${name(index)}`, lastName: `L-${word}` };
      const sync = !off.has(name(index));
      if (!sync && is?.lastName === was?.lastName) {
        kept.push(name(index));
        expect(is).toEqual({ ...was, sync });
      } else expect(is).toEqual({ ...changed, sync });
    }
    expect(kept.length).toBeGreaterThan(3);
    expect([...off].filter((user) => after.get(user)?.lastName === `L-${word}`).length).toBeGreaterThan(3);
    const told = await database.knex.raw<{ rows: { count: number }[] }>(
      `select count(distinct user_id)::int as count from event where type = 'user-changed' and changes @> ?::jsonb`,
      [JSON.stringify(['lastName', `L-${word}`])],
    );
    expect(told.rows[0]?.count).toBe(count - kept.length);
    for (const user of off) await site.ask('PUT', `/users/${user}/sync`, { body: { enabled: true } });
    expect([...(await rows()).values()].filter((row) => row.lastName === `L-${word}`)).toHaveLength(count);
  }

  it('6.2 an ordinary run: unchanged, or wholly changed before; the others are changed', async () => {
    const count = 1_900;
    say('ordinary', count);
    await play('ordinary', count, () => site.sync());
  }, 240_000);

  it('6.2 an approved run of 10,000 changes: unchanged, or wholly changed before; the others are changed', async () => {
    say('approved', agents);
    await site.sync();
    const held = await database
      .knex('run')
      .where({ state: 'held' })
      .first<{ id: number; digest: string } | undefined>('id', 'digest');
    expect(held).toBeDefined();
    const path = `/runs/${String(held?.id)}/approve`;
    await play('approved', agents, () => site.ask('POST', path, { body: { digest: held?.digest } }));
  }, 300_000);
});
