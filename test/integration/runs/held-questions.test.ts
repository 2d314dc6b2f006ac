import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReviewItem } from '../../../src/api/schemas/review-items.ts';
import type { Run, ShownDecision } from '../../../src/api/schemas/runs.ts';
import { openPostgres, type OpenDatabase } from '../../support/api/databases.ts';
import { openSite, type Site } from '../../support/site.ts';

/** So many agents whose logins others have, and as many whose logins are free. */
const taken = 30;

describe('4.7, 13.1 creations that cannot happen', () => {
  let database: OpenDatabase;
  let site: Site;

  beforeAll(async () => {
    database = await openPostgres();
    site = await openSite(database.knex);
    for (let index = 0; index < taken; index++) say(4_000 + index, index);
    await site.sync();
  }, 120_000);
  afterAll(async () => {
    await site.close();
    await database.close();
  });

  function say(id: number, login: number): void {
    site.acd.put(String(id), {
      ...{ acdId: String(id), username: `login${String(login)}` },
      ...{ firstName: 'Jan', lastName: `Name${String(id)}` },
    });
  }

  const lastRun = async (): Promise<Run> => {
    const [run] = (await site.ask<{ items: Run[] }>('GET', '/runs?source=acd&limit=1')).json.items;
    if (run === undefined) throw new Error('there is no run');
    return run;
  };

  it('13.1 are shown as the questions that they become, and not counted as created', async () => {
    for (let index = 0; index < 2 * taken; index++) say(5_000 + index, index);
    await site.sync();
    const run = await lastRun();
    expect(run).toMatchObject({ state: 'held' });
    expect(run.error?.message).toContain(`created ${String(taken)} (`);
    const { items } = (await site.ask<{ items: ShownDecision[] }>('GET', `/runs/${run.id}/decisions?limit=1000`)).json;
    const of = (kind: string): ShownDecision[] => items.filter((each) => each.kind === kind);
    expect([of('question').length, of('create').length]).toEqual([taken, taken]);
    expect(of('question')[0]).toMatchObject({
      ...{ externalId: '5000', classes: [] },
      changes: [{ field: 'username', before: null, after: 'login0' }],
    });

    await site.ask('POST', `/runs/${run.id}/approve`, { body: { digest: run.digest } });
    expect((await site.ask<Run>('GET', `/runs/${run.id}`)).json).toMatchObject({
      ...{ state: 'completed', notes: [], counts: { created: taken, review: taken } },
    });
    const asked = (await site.ask<{ items: ReviewItem[] }>('GET', '/review-items?kind=unique-taken&limit=100')).json;
    expect(asked.items).toHaveLength(taken);
  }, 120_000);
});
