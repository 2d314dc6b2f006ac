import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { personAt } from '../support/services/people.ts';
import { startAvayaSms } from '../support/simulators/avaya-sms/server.ts';
import type { AvayaSms } from '../support/simulators/avaya-sms/server.ts';
import { apiOf } from './support/api.ts';
import type { Api } from './support/api.ts';
import { serverDatabase } from './support/database.ts';
import type { Database } from './support/database.ts';
import { indexes, populate } from './support/living-directory.ts';
import type { LivingDirectory } from './support/living-directory.ts';
import { createSite } from './support/rosterd.ts';
import type { Ended, Site } from './support/rosterd.ts';
import type { EventRow, ReviewRow, UserRow, WorklistRow } from './support/rows.ts';
import { activeDirectory, secretFile } from './support/sources.ts';

/**
 * A directory and an ACD in which people leave, are switched off, get other names and are back: what that does to the active
 * state of users is nothing, until a person says so. The tests are chapters of one story.
 */

const samba = inject('samba');
const PEOPLE = 20;
const NORMAL_ACCOUNT = 0x200;
const ACCOUNTDISABLE = 0x2;

const who = {
  ...{ goneFromAcd: 2, goneFromAd: 3, disabledInAd: 4, movedInAd: 5, marriesInAd: 6 },
  ...{ marriesInAcd: 7, becomesAnother: 8, goneFromBoth: 9, leaver: 10 },
} as const;

let site: Site;
let database: Database;
let sms: AvayaSms;
let directory: LivingDirectory;
let api: Api;

beforeAll(async () => {
  const people = indexes(2, PEOPLE + 1);
  [directory, sms, site, database] = await Promise.all([
    populate(samba, { prefix: 'act', people, members: [] }),
    startAvayaSms(),
    createSite('activation'),
    serverDatabase(),
  ]);
  for (const index of people) agent(index);
  await secretFile(site, samba.adminPassword);
  await site.write('secrets/avaya', sms.password);
  const login = { username: sms.username, password: { file: 'secrets/avaya' }, tls: { caFile: sms.caFile } };
  await site.configure({
    database: database.setting,
    sources: [
      activeDirectory('corp-ad', samba, directory.baseDn),
      // The service has no employee ids: here the agents' login ids are the numbers that the directory knows.
      {
        ...{ id: 'acd', kind: 'avaya-cm', connection: { url: sms.url, ...login, timeoutMs: 5_000 } },
        mapping: { employeeId: 'Login_ID' },
      },
    ],
  });
  await witnessActiveStates();
  api = apiOf(await site.start());
  await sync();
  expect(await everybody()).toMatchObject(people.map((index) => ({ windowsLogin: `CORP\\act${index}`, active: true })));
}, 180_000);
afterAll(async () => {
  await site.remove();
  await Promise.all([database.drop(), sms.close()]);
});

const idOf = (index: number): string => personAt(index).employeeNumber;

function agent(index: number, { givenName, sn } = personAt(index)): void {
  sms.cm.agents.set(idOf(index), { Name: `${sn}, ${givenName}` });
}

/** The database itself writes down each change of an active state, each user who is made inactive, and in whose name. */
async function witnessActiveStates(): Promise<void> {
  await database.query(async (sql) => {
    await sql('create table witness (user_id int, active boolean, operator text)');
    await sql(`create function witness() returns trigger language plpgsql as $$ begin
      insert into witness values (new.id, new.active, nullif(current_setting('rosterd.operator', true), '')); return null; end $$`);
    await sql(`create trigger witness_change after update on "user" for each row
      when (old.active is distinct from new.active) execute function witness()`);
    await sql(
      `create trigger witness_new after insert on "user" for each row when (not new.active) execute function witness()`,
    );
  });
}

type Witnessed = { readonly user_id: number; readonly active: boolean; readonly operator: string | null };
const witnessed = (): Promise<Witnessed[]> =>
  database.query((sql) => sql<Witnessed>('select user_id, active, operator from witness'));

/** Everybody by number of person, inactive users too. */
async function everybody(): Promise<UserRow[]> {
  const users = await api.list<UserRow>('/users', { all: 'true' });
  return users.toSorted((a, b) => Number(a.username) - Number(b.username));
}

async function userOf(index: number): Promise<UserRow> {
  const user = (await everybody()).find(({ username }) => username === idOf(index));
  if (user === undefined) throw new Error(`person ${index} is no user`);
  return user;
}

/** A clean sync; of both sources unless one is named. */
async function sync(...more: string[]): Promise<void> {
  const { code, stderr } = await site.sync(...more);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
}

/** What stands on the worklist: number of person, source, reason and proof. Each evidence says since when. */
async function worklist(): Promise<(readonly (number | string | null)[])[]> {
  const entries = await api.list<WorklistRow>('/worklist');
  const evidence = entries.flatMap((entry) =>
    entry.evidence.map((each) => ({ ...each, index: Number(entry.username) })),
  );
  for (const { since } of evidence) expect(Date.parse(since ?? '')).toBeLessThanOrEqual(Date.now());
  return evidence
    .toSorted((a, b) => a.index - b.index || a.source.localeCompare(b.source, 'en'))
    .map(({ index, source, reason, proof }) => [index, source, reason, proof]);
}

const proofs = {
  absent: 'absent from a complete import',
  deleted: 'deleted, as the source itself reports',
  moved: 'it exists, but no longer where this source reads, as the source itself reports',
  disabled: 'disabled, as the source itself says',
  renamed: 'its names were others when last applied',
  returned: 'seen again after it was gone',
} as const;

test('9.1, 9.2 removed, disabled, moved away, renamed: nobody is deactivated, and the worklist tells each with the evidence', async () => {
  for (const index of [who.goneFromAcd, who.goneFromBoth]) sms.cm.agents.delete(idOf(index));
  for (const index of [who.goneFromAd, who.goneFromBoth]) await directory.remove(index);
  await directory.replace(who.disabledInAd, 'userAccountControl', [String(NORMAL_ACCOUNT | ACCOUNTDISABLE)]);
  await directory.moveOut(who.movedInAd);
  await directory.marry(who.marriesInAd, 'Kowalska');
  agent(who.marriesInAcd, { ...personAt(who.marriesInAcd), sn: 'Kowalska' });
  agent(who.becomesAnother, { ...personAt(who.becomesAnother), givenName: 'Petra', sn: 'Svobodová' });
  await sync();
  await sync('--full');
  expect(await worklist()).toEqual([
    [who.goneFromAcd, 'acd', 'account-gone', proofs.absent],
    [who.goneFromAd, 'corp-ad', 'account-gone', proofs.deleted],
    [who.disabledInAd, 'corp-ad', 'account-disabled', proofs.disabled],
    [who.movedInAd, 'corp-ad', 'account-gone', proofs.moved],
    [who.marriesInAd, 'corp-ad', 'account-renamed', proofs.renamed],
    [who.marriesInAcd, 'acd', 'account-renamed', proofs.renamed],
    [who.goneFromBoth, 'acd', 'account-gone', proofs.absent],
    [who.goneFromBoth, 'corp-ad', 'account-gone', proofs.deleted],
  ]);
  const questions = await api.list<ReviewRow>('/review-items');
  expect(questions.map(({ kind, externalId }) => [kind, externalId])).toEqual([
    ['possible-id-reuse', idOf(who.becomesAnother)],
  ]);
  expect((await everybody()).filter(({ active }) => active)).toHaveLength(PEOPLE);
  expect(await witnessed()).toEqual([]);
}, 120_000);

test('9.2 acknowledged with a note, an entry stays away until its evidence changes', async () => {
  const { id } = await userOf(who.goneFromAcd);
  const isListed = async (): Promise<boolean> => (await worklist()).some(([index]) => index === who.goneFromAcd);
  expect((await site.run('worklist', 'ack', String(id), '--reason', 'on parental leave')).code).toBe(0);
  expect(await isListed()).toBe(false);
  await sync('acd');
  expect(await isListed()).toBe(false);
  agent(who.goneFromAcd);
  await sync('acd');
  expect((await worklist())[0]).toEqual([who.goneFromAcd, 'acd', 'account-returned', proofs.returned]);
}, 120_000);

test('9.1, 9.2 everything back as it was: nobody is reactivated or deactivated, and what has passed is told too', async () => {
  agent(who.goneFromBoth);
  agent(who.becomesAnother);
  for (const index of [who.goneFromAd, who.goneFromBoth]) await directory.undelete(index);
  await directory.replace(who.disabledInAd, 'userAccountControl', [String(NORMAL_ACCOUNT)]);
  await directory.moveBack(who.movedInAd);
  await sync();
  expect(await worklist()).toEqual([
    [who.goneFromAcd, 'acd', 'account-returned', proofs.returned],
    [who.goneFromAd, 'corp-ad', 'account-returned', proofs.returned],
    [who.movedInAd, 'corp-ad', 'account-returned', proofs.returned],
    [who.marriesInAd, 'corp-ad', 'account-renamed', proofs.renamed],
    [who.marriesInAcd, 'acd', 'account-renamed', proofs.renamed],
    [who.goneFromBoth, 'acd', 'account-returned', proofs.returned],
    [who.goneFromBoth, 'corp-ad', 'account-returned', proofs.returned],
  ]);
  expect(await api.list('/review-items')).toEqual([]);
  expect((await everybody()).filter(({ active }) => active)).toHaveLength(PEOPLE);
  expect(await witnessed()).toEqual([]);
}, 120_000);

test('9.3 deactivated by a person only when the ACD has the agent no longer, asked at that moment', async () => {
  const { id } = await userOf(who.leaver);
  const deactivate = (): Promise<Ended> => site.run('user', 'deactivate', String(id), '--reason', 'has left');
  // The directory has let them go, which the ACD's word counts more than.
  await directory.replace(who.leaver, 'userAccountControl', [String(NORMAL_ACCOUNT | ACCOUNTDISABLE)]);
  await sync();
  const refused = await deactivate();
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('acd-still-has-the-agent')]);
  expect(refused.stderr).toContain(`acd still has the agent ${idOf(who.leaver)}`);
  expect(refused.stderr).toContain('delete the user in the ACD first');

  sms.cm.agents.delete(idOf(who.leaver));
  sms.faults.on({ kind: 'reset' });
  const unanswered = await deactivate();
  sms.faults.off();
  expect([unanswered.code, unanswered.stderr]).toEqual([7, expect.stringContaining('source-unreachable')]);
  expect(await witnessed()).toEqual([]);

  // No import has seen it yet: the ACD's answer of this moment counts.
  expect(await deactivate()).toMatchObject({ code: 0, stderr: '' });
  const [event] = await api.list<EventRow>('/events', { type: 'deactivated' });
  expect(event).toMatchObject({ actor: { kind: 'operator' }, userId: id, reason: 'has left' });
  expect(event?.changes).toContainEqual({
    field: `account.acd.${idOf(who.leaver)}`,
    before: 'present',
    after: 'absent',
  });
  expect(await witnessed()).toEqual([{ user_id: id, active: false, operator: event?.actor.name }]);
}, 120_000);

test('8.4, 9.5 inactive, the user is frozen, also when both sources have them again', async () => {
  await sync('acd');
  const before = await userOf(who.leaver);
  expect(before).toMatchObject({ active: false });
  agent(who.leaver);
  await directory.replace(who.leaver, 'userAccountControl', [String(NORMAL_ACCOUNT)]);
  await directory.replace(who.leaver, 'department', ['Night shift']);
  await sync();
  const { profiles, ...rest } = before;
  expect(await userOf(who.leaver)).toMatchObject(rest);
  expect(profiles.map(({ source }) => source).toSorted()).toEqual(['acd', 'corp-ad']);
  expect((await worklist()).filter(([index]) => index === who.leaver)).toContainEqual([
    ...[who.leaver, 'acd', 'id-in-use', null],
  ]);
  expect(await witnessed()).toHaveLength(1);
}, 120_000);

test('9.5, 6.3 reactivated by a person, after a preview of what the sources say now', async () => {
  const { id, version } = await userOf(who.leaver);
  const unconfirmed = await site.run('user', 'activate', String(id));
  expect([unconfirmed.code, unconfirmed.stderr]).toEqual([1, expect.stringContaining('not-confirmed')]);
  expect(unconfirmed.stderr).toMatch(/department: .* → Night shift/);
  expect(await userOf(who.leaver)).toMatchObject({ active: false, version });
  expect((await site.run('user', 'activate', String(id), '--reason', 'is back', '--yes')).code).toBe(0);
  expect(await userOf(who.leaver)).toMatchObject({ active: true, department: 'Night shift' });
}, 120_000);

test('9.1 through all of it the active state has changed twice, each time in a person’s name', async () => {
  await sync('--full');
  const { id } = await userOf(who.leaver);
  const events = await api.list<EventRow>('/events', { order: 'asc', limit: '1000' });
  const ofState = events.filter(({ type }) => type === 'activated' || type === 'deactivated');
  expect(ofState.map(({ type, userId, actor }) => [type, userId, actor.kind])).toEqual([
    ['deactivated', id, 'operator'],
    ['activated', id, 'operator'],
  ]);
  const [operator] = ofState.map(({ actor }) => actor.name);
  expect(operator).toMatch(/^local:/);
  expect(await witnessed()).toEqual([
    { user_id: id, active: false, operator },
    { user_id: id, active: true, operator },
  ]);
}, 60_000);
