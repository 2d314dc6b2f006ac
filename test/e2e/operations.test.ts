import { afterAll, beforeAll, expect, test } from 'vitest';
import { serverDatabase } from './support/database.ts';
import type { Database } from './support/database.ts';
import type { AccountRow, EventRow, SourceRow, UserRow, WorklistRow } from './support/rows.ts';
import { createSite } from './support/rosterd.ts';
import type { RunRow, Site } from './support/rosterd.ts';
import { csvOf } from './support/sources.ts';

type Agent = { id: string; login: string; last: string; disabled?: boolean };

const names = ['alice', 'bob', 'carol', 'dave', ...Array.from({ length: 20 }, (_, index) => `filler${index}`)];
let site: Site;
let database: Database;
let agents: Map<string, Agent>;

beforeAll(async () => {
  agents = new Map(names.map((login, index) => [login, { id: `0${4001 + index}`, login, last: `Last-${login}` }]));
  agents.set('ivr', { id: '09999', login: 'IVR-night', last: 'Machine' });
  site = await createSite('operations');
  database = await serverDatabase();
  await writeAgents();
}, 120_000);
afterAll(async () => {
  await site.remove();
  await database.drop();
});

async function writeAgents(): Promise<void> {
  const rows = [...agents.values()].map(({ id, login, last, disabled }) => [
    id,
    login,
    'Thị',
    last,
    disabled ? 'yes' : '',
  ]);
  await site.write('agents.csv', csvOf(['ACD ID', 'Login', 'First Name', 'Last Name', 'Off'], rows));
}

/** The sources from the highest rank down. */
async function configure(sources: readonly object[]): Promise<void> {
  await site.configure({ database: database.setting, sources, guard: { gone: { number: 100 } } });
}
const oldAcd = (more: object = {}): object => ({
  ...{ id: 'old', kind: 'csv-file', connection: { path: 'agents.csv' }, mapping: { disabled: 'Off' }, ...more },
});
const newAcd = {
  id: 'new',
  kind: 'csv-file',
  connection: { path: 'new.csv' },
  createsUsers: false,
  match: [['email']],
};
const ivrRule = { ignore: [{ field: 'username', matches: 'ivr-*' }] };

const account = async (externalId: string): Promise<AccountRow | undefined> =>
  (await site.rows<AccountRow>('account', 'list')).find((each) => each.externalId === externalId);
const users = (): Promise<UserRow[]> => site.rows<UserRow>('user', 'list');
const evidenceOf = (entries: readonly WorklistRow[]): Record<string, readonly (string | null)[]> =>
  Object.fromEntries(
    entries.map((entry) => [String(entry.username), entry.evidence.flatMap(({ reason, proof }) => [reason, proof])]),
  );

test('2.7 an account that a rule of the configuration ignores makes no user, and says which rule', async () => {
  await configure([oldAcd(ivrRule)]);
  expect((await site.sync()).code).toBe(0);
  expect(await users()).toHaveLength(names.length);
  expect(await account('09999')).toMatchObject({
    match: 'ignored',
    ignored: { by: 'filter', reason: 'username matches ivr-*' },
    userId: null,
  });
}, 120_000);

test('2.7 a rule that is taken back makes the decision due', async () => {
  await configure([oldAcd()]);
  expect((await site.sync()).code).toBe(0);
  const machine = await account('09999');
  expect(machine).toMatchObject({ match: 'linked' });
  const refused = await site.run('account', 'ignore', 'old', '09999', '--reason', 'a machine');
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('rosterd user unlink') as unknown });
}, 120_000);

test('2.7 an account that a person ignores makes no user until that is taken back', async () => {
  agents.set('kiosk', { id: '08888', login: 'kiosk', last: 'Kiosk' });
  await writeAgents();
  await site.run('source', 'pause', 'old');
  expect((await site.run('account', 'ignore', 'old', '08888')).code).toBe(3);
  await site.run('source', 'resume', 'old');
  // Disabled, so that it waits and can be ignored before it makes somebody.
  agents.set('kiosk', { id: '08888', login: 'kiosk', last: 'Kiosk', disabled: true });
  await writeAgents();
  expect((await site.sync()).code).toBe(0);
  expect((await site.run('account', 'ignore', 'old', '08888', '--reason', 'a kiosk')).code).toBe(0);
  agents.set('kiosk', { id: '08888', login: 'kiosk', last: 'Kiosk' });
  await writeAgents();
  expect((await site.sync()).code).toBe(0);
  expect(await account('08888')).toMatchObject({ match: 'ignored', userId: null });
  expect((await site.run('account', 'unignore', 'old', '08888')).code).toBe(0);
  expect((await site.sync()).code).toBe(0);
  expect(await account('08888')).toMatchObject({ match: 'linked' });
}, 120_000);

test('9.1 gone, disabled and renamed accounts change nobody’s active state and are on the worklist with the evidence', async () => {
  const everybody = (await users()).length;
  agents.delete('alice');
  agents.set('bob', { id: '04002', login: 'bob', last: 'Last-bob', disabled: true });
  agents.set('carol', { id: '04003', login: 'caroline', last: 'Married' });
  await writeAgents();
  expect((await site.sync()).code).toBe(0);
  expect(await users()).toHaveLength(everybody);
  const entries = await site.rows<WorklistRow>('worklist');
  expect(evidenceOf(entries)).toEqual({
    alice: ['account-gone', 'absent from a complete import'],
    bob: ['account-disabled', 'disabled, as the source itself says'],
    caroline: ['account-renamed', 'its names were others when last applied'],
  });
  const [{ evidence } = { evidence: [] }] = entries.filter((entry) => entry.username === 'caroline');
  expect(evidence).toMatchObject([
    {
      ...{ source: 'old', externalId: '04003' },
      changes: [
        { field: 'username', before: 'carol', after: 'caroline' },
        { field: 'lastName', before: 'Last-carol', after: 'Married' },
      ],
    },
  ]);
  expect(evidence[0]?.since).not.toBeNull();
  expect((await site.rows<RunRow>('run', 'list')).map((run) => run.id)).toContain(evidence[0]?.runId);
}, 120_000);

test('9.1 one that returns is on the worklist too, and activates nobody', async () => {
  agents.set('alice', { id: '04001', login: 'alice', last: 'Last-alice' });
  await writeAgents();
  expect((await site.sync()).code).toBe(0);
  expect(evidenceOf(await site.rows<WorklistRow>('worklist'))).toMatchObject({
    alice: ['account-returned', 'seen again after it was gone'],
  });
}, 120_000);

test('9.2 an acknowledged entry stays away until its evidence changes', async () => {
  for (const user of ['alice', 'bob', 'caroline'])
    expect((await site.run('worklist', 'ack', user, '--reason', 'seen')).code).toBe(0);
  expect(await site.rows<WorklistRow>('worklist')).toEqual([]);
  expect((await site.sync()).code).toBe(0);
  expect(await site.rows<WorklistRow>('worklist')).toEqual([]);
  agents.delete('bob');
  await writeAgents();
  expect((await site.sync()).code).toBe(0);
  expect(evidenceOf(await site.rows<WorklistRow>('worklist'))).toEqual({
    bob: ['account-gone', 'absent from a complete import'],
  });
}, 120_000);

test('14.1 a retired source is not read any more; its values stay and its accounts are no evidence', async () => {
  const before = await users();
  expect((await site.run('source', 'retire', 'old', '--reason', 'replaced')).code).toBe(0);
  expect((await site.rows<SourceRow>('source', 'list'))[0]).toMatchObject({ id: 'old', state: 'retired' });
  const { code, stderr } = await site.sync('old');
  expect([code, stderr]).toEqual([1, expect.stringContaining('source-retired') as unknown]);
  expect(await users()).toEqual(before);
  expect(await site.rows<WorklistRow>('worklist')).toEqual([]);
}, 120_000);

test('14.1 its links are moved by a CSV of pairs, after a preview; the next reconcile takes the new slot', async () => {
  await configure([newAcd, oldAcd()]);
  const rows = ['dave', 'caroline'].map((login, index) => [`7000${index}`, `${login}-2`, 'Thị', `New-${login}`]);
  await site.write('new.csv', csvOf(['ACD ID', 'Login', 'First Name', 'Last Name'], rows));
  expect((await site.sync()).code).toBe(0);
  expect(await account('70000')).toMatchObject({ match: 'unmatched' });
  const pairs = await site.write('pairs.csv', 'old,new\n04004,70000\n04003,70001\n04005,79999\n');
  const preview = await site.run('source', 'move-links', 'old', 'new', '--pairs', pairs);
  expect([preview.code, preview.stderr]).toEqual([1, expect.stringContaining('--yes') as unknown]);
  expect(await account('70000')).toMatchObject({ match: 'unmatched' });

  const moved = await site.run('source', 'move-links', 'old', 'new', '--pairs', pairs, '--yes', '--reason', 'cut-over');
  expect([moved.code, moved.stdout]).toEqual([5, expect.stringContaining('new has no account 79999') as unknown]);
  expect((await site.sync()).code).toBe(0);
  const dave = (await users()).find((user) => user.username === 'dave');
  expect(dave).toMatchObject({ lastName: 'New-dave', acdId: '70000', active: true });
  expect(dave?.profiles).toMatchObject([
    { source: 'new', externalId: '70000', state: 'present' },
    { source: 'old', externalId: '04004', state: 'unlinked' },
  ]);
  const history = await site.rows<EventRow>('user', 'history', 'dave');
  expect(history.map((event) => [event.type, event.source, event.reason]).slice(0, 3)).toEqual([
    ['user-changed', 'new', 'applied what new says'],
    ['link-made', 'new', 'cut-over'],
    ['link-ended', 'old', 'cut-over'],
  ]);
}, 120_000);

test('14.1 a source that is taken back into service leaves moved accounts to a person', async () => {
  expect((await site.run('source', 'resume', 'old')).code).toBe(0);
  expect((await site.sync()).code).toBe(0);
  expect(await account('04004')).toMatchObject({ match: 'unlinked' });
  const dave = (await users()).find((user) => user.username === 'dave');
  expect(dave).toMatchObject({ acdId: '70000' });
}, 120_000);
