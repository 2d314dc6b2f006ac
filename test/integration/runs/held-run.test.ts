import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Run } from '../../../src/api/schemas/runs.ts';
import type { Source } from '../../../src/api/schemas/sources.ts';
import { SourceError } from '../../../src/connector-kit/errors.ts';
import { openPostgres, type OpenDatabase } from '../../support/api/databases.ts';
import { openSite, type Site } from '../../support/site.ts';

const configuration = `
database: embedded
organization: { timeZone: Europe/Prague, locale: en, defaultTeam: Default, defaultGroup: Default }
sources:
  - { id: acd, kind: avaya-cm, match: [[employeeId]] }
  - { id: acd2, kind: csv-file, match: [[employeeId]] }
`;
const agents = 25;

let [site, database]: [Site, OpenDatabase] = [] as never;
beforeEach(async () => {
  database = await openPostgres();
  site = await openSite(database.knex, '', { configuration });
  show('acd', { lastName: 'Agent', team: 'Old' });
  show('acd2', { lastName: 'Agent', team: 'Other' });
  await site.sync();
}, 60_000);
afterEach(async () => {
  await site.close();
  await database.close();
});

function show(source: 'acd' | 'acd2', { lastName, team }: { lastName: string; team: string }): void {
  const first = source === 'acd' ? 100 : 200;
  for (let id = first; id < first + agents; id++)
    site[source === 'acd' ? 'acd' : 'file'].put(
      String(id),
      { acdId: String(id), lastName: `${lastName}${String(id)}`, employeeId: `E${String(id)}` },
      { teams: [{ id: team, name: team }] },
    );
}
const runsOf = async (source: string): Promise<Run[]> =>
  (await site.ask<{ items: Run[] }>('GET', `/runs?source=${source}`)).json.items;
const approve = (run: Run | undefined) =>
  site.ask<Run>('POST', `/runs/${String(run?.id)}/approve`, { body: { digest: run?.digest } });
const inTeam = async (name: string): Promise<number> =>
  (await site.ask<{ items: { teams: { name: string }[] }[] }>('GET', '/users?limit=100')).json.items.filter((user) =>
    user.teams.some((team) => team.name === name),
  ).length;

it('13.2 an import that failed says so with its reason, also while something is held, which goes on waiting', async () => {
  show('acd', { lastName: 'Renamed', team: 'Old' });
  await site.sync();
  const [held] = await runsOf('acd');
  expect(held).toMatchObject({ state: 'held', error: { code: 'held' } });
  site.acd.broken = new SourceError('fatal', 'file-missing', 'there is no file agents.csv');
  await site.sync();
  const [failed, before] = await runsOf('acd');
  expect(failed).toMatchObject({
    state: 'failed',
    error: { code: 'file-missing', message: 'there is no file agents.csv' },
  });
  expect(before).toMatchObject({ id: held?.id, state: 'held' });
  expect((await site.ask<Source>('GET', '/sources/acd')).json).toMatchObject({ state: 'failing', failures: 1 });
  await approve(held);
  expect((await site.user('100')).lastName).toBe('Renamed100');
}, 60_000);

it('13.2 new teams are decided on when they are shown: who comes second with a name asks before, not after', async () => {
  show('acd', { lastName: 'Agent', team: 'New' });
  show('acd2', { lastName: 'Agent', team: 'New' });
  await site.sync();
  const [first] = await runsOf('acd');
  const [second] = await runsOf('acd2');
  expect([first?.state, second?.state]).toEqual(['held', 'completed']);
  const { items } = (await site.ask<{ items: { kind: string }[] }>('GET', '/review-items')).json;
  expect(items).toMatchObject([{ kind: 'team-name-taken' }]);
  await approve(first);
  expect((await runsOf('acd')).find(({ id }) => id === first?.id)).toMatchObject({
    ...{ state: 'completed', counts: { updated: agents, skipped: 0 } },
  });
  expect(await inTeam('New')).toBe(agents);
}, 60_000);

it('13.2 what an approval leaves is counted and named, and the run has not simply completed', async () => {
  show('acd', { lastName: 'Renamed', team: 'Old' });
  await site.sync();
  const [held] = await runsOf('acd');
  await site.knex('account').where({ external_id: '100' }).update({ content_hash: 'another', wakes: 9 });
  await approve(held);
  const done = (await runsOf('acd')).find(({ id }) => id === held?.id);
  expect(done).toMatchObject({ state: 'completed-with-rejects', counts: { skipped: 1 } });
  expect(done?.notes).toEqual(['left to the next run, since it is not as it was shown: values of 100']);
}, 60_000);
