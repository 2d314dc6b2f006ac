import { Attribute, Change, Client } from 'ldapts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { generatePeople, inetOrgPerson } from '../support/services/people.ts';
import { startSlapd } from '../support/services/slapd.ts';
import type { TestSlapd } from '../support/services/slapd.ts';
import { serverDatabase } from './support/database.ts';
import type { Database } from './support/database.ts';
import { createSite } from './support/rosterd.ts';
import type { RunRow, Site, Synced } from './support/rosterd.ts';
import type { UserRow } from './support/rows.ts';
import { ldap, secretFile } from './support/sources.ts';

/** More than ten pages, which are gone through in the run of the changes itself. */
const PEOPLE = 560;
const PAGE = 50;
const SUFFIX = 'dc=example,dc=com';
const dn = (index: number): string => `uid=agent${String(index).padStart(6, '0')},ou=people,${SUFFIX}`;

function* entries() {
  for (const person of generatePeople(PEOPLE)) yield inetOrgPerson(person, `ou=people,${SUFFIX}`);
}

let slapd: TestSlapd;
let site: Site;
let database: Database;

beforeAll(async () => {
  slapd = await startSlapd({ suffix: SUFFIX, entries: entries(), sizeLimit: 500 });
  site = await createSite('ldap-delta');
  database = await serverDatabase();
  await secretFile(site, slapd.bindPassword);
  await site.configure({
    database: database.setting,
    sources: [{ ...ldap('staff', slapd), createsUsers: true, pageSize: PAGE }],
  });
}, 120_000);
afterAll(async () => {
  await site.remove();
  await database.drop();
  await slapd.stop();
});

const shown = ({ code, runs }: Synced) => ({ code, runs: runs.map(({ mode, state }) => `${mode} ${state}`) });
const gone = async () => (await site.rows('account', 'list', '--state', 'gone')).length;

test('3.1, 3.2 a size limit of 500 is recognised and nothing concluded; once it is lifted the read is complete', async () => {
  const cut = await site.sync();
  expect(shown(cut)).toEqual({ code: 1, runs: ['full failed'] });
  expect(cut.runs[0]?.error).toMatchObject({ code: 'incomplete-read' });
  expect(cut.runs[0]?.error?.message).toMatch(/ended early after 500 entries: .*size=unlimited/);
  expect(await gone()).toBe(0);
  await slapd.limitTo(undefined);
  const whole = await site.sync();
  expect(shown(whole)).toEqual({ code: 0, runs: ['full completed'] });
  expect(whole.runs[0]?.counts).toMatchObject({ read: PEOPLE, gone: 0 });
}, 180_000);

async function asAdmin(work: (client: Client) => Promise<unknown>): Promise<void> {
  const client = new Client({ url: slapd.url });
  await client.bind(slapd.adminDn, slapd.adminPassword);
  await work(client);
  await client.unbind();
}

const counted = (runs: readonly RunRow[], name: string): number[] => runs.map(({ counts }) => counts[name] ?? 0);

test('3.5 of many people a delta applies the changes first, and then tells exactly those who have gone', async () => {
  await asAdmin(async (client) => {
    for (let index = 1; index <= 10; index += 1) await client.del(dn(index));
    const modification = new Attribute({ type: 'mail', values: ['changed@example.com'] });
    await client.modify(dn(11), new Change({ operation: 'replace', modification }));
  });
  const synced = await site.sync();
  expect(shown(synced)).toEqual({ code: 0, runs: ['delta completed', 'delta completed'] });
  expect(counted(synced.runs, 'updated')).toEqual([1, 0]);
  expect(counted(synced.runs, 'gone')).toEqual([0, 10]);
  expect(await gone()).toBe(10);
  const [user] = await site.rows<UserRow>('user', 'show', 'agent000011');
  expect(user?.email).toBe('changed@example.com');
}, 120_000);

test('4.8, 8.1 who was deleted and made anew is known to be gone before the new entry is decided on', async () => {
  const person = [...generatePeople(12)][11] ?? expect.fail();
  await asAdmin(async (client) => {
    await client.del(dn(12));
    const { attributes } = inetOrgPerson(person, `ou=people,${SUFFIX}`);
    await client.add(dn(12), attributes as Record<string, string>);
  });
  const synced = await site.sync();
  expect(shown(synced)).toEqual({ code: 0, runs: ['delta completed'] });
  expect(synced.runs[0]?.counts).toMatchObject({ new: 1, gone: 1 });
}, 120_000);
