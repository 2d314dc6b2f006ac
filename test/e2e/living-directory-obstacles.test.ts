import { afterAll, beforeAll, expect, test } from 'vitest';
import { startLdapProxy } from '../support/ldap-proxy.ts';
import type { LdapProxy } from '../support/ldap-proxy.ts';
import { startSamba } from '../support/services/samba.ts';
import type { TestSamba } from '../support/services/samba.ts';
import { serverDatabase } from './support/database.ts';
import type { Database } from './support/database.ts';
import { addServiceAccount, indexes, populate } from './support/living-directory.ts';
import type { LivingDirectory } from './support/living-directory.ts';
import { createSite } from './support/rosterd.ts';
import type { RunRow, Site } from './support/rosterd.ts';
import type { EventRow } from './support/rows.ts';
import { secretFile } from './support/sources.ts';

/** Issue 3, to show 2: what stands between rosterd and the changes of a directory. What DirSync's refusal does: living-directory.test.ts. */

const PREFIX = 'lo';
const PEOPLE = 1_650;
const MEMBERS = 1_600;
/** MaxValRange of Windows Server. */
const AS_WINDOWS = { mostValues: 1_500 };
const members = indexes(1, MEMBERS);
const service = { name: `${PREFIX}-service`, password: 'S3rvice-Passw0rd' };

/** Of this file's own: a group that comes and goes as a whole would be heard of by other files' deltas. */
let samba: TestSamba;
let directory: LivingDirectory;
let proxy: LdapProxy;
let site: Site;
let database: Database;

beforeAll(async () => {
  samba = await startSamba();
  directory = await populate(samba, { prefix: PREFIX, people: indexes(1, PEOPLE), members });
  await addServiceAccount(samba, service.name, service.password);
  [proxy, site, database] = await Promise.all([startLdapProxy(samba), createSite('obstacles'), serverDatabase()]);
  await logInAs(samba.adminDn, samba.adminPassword);
}, 180_000);
afterAll(async () => {
  await Promise.all([proxy.stop(), site.remove(), database.drop()]);
  await samba.stop();
});

async function logInAs(bindDn: string, password: string): Promise<void> {
  await secretFile(site, password);
  await site.configure({
    database: database.setting,
    roles: { catalogue: { quality: ['view'] } },
    // A whole group comes and goes here, which is nothing that a guard would let pass.
    guard: { roleTaken: { number: PEOPLE, percent: 100 } },
    sources: [
      {
        ...{ id: 'corp-ad', kind: 'active-directory', baseDn: directory.baseDn, createsUsers: true },
        connection: { url: proxy.url, bindDn, bindPassword: { file: 'secrets/bind' } },
        roles: [{ when: { group: directory.group }, role: 'quality' }],
      },
    ],
  });
}

type Shown = RunRow & { readonly notes: readonly string[] };

/** One sync of the source, and its run as `run show` tells it. */
async function synced(...more: string[]): Promise<Shown> {
  const { code, runs } = await site.sync('corp-ad', ...more);
  expect({ code, runs }).toMatchObject({ code: 0, runs: [{ state: 'completed' }] });
  const [shown] = await site.rows<Shown>('run', 'show', String(runs[0]?.id));
  if (shown === undefined) throw new Error('the sync had no run');
  return shown;
}

async function withRole(): Promise<number> {
  const text = `select count(*)::int as count from "user" where roles @> '[{"role": "quality"}]'`;
  const [row] = await database.query((sql) => sql<{ count: number }>(text));
  return row?.count ?? -1;
}

test('10.2 members that come in ranges, as on Windows: all 1,600 have the role', async () => {
  proxy.behave(AS_WINDOWS);
  expect(await synced()).toMatchObject({ mode: 'full', counts: { read: PEOPLE, created: PEOPLE } });
  expect(await withRole()).toBe(MEMBERS);
}, 240_000);

test('10.2 in ranges, a delta tells everybody who left a group, and who came into it', async () => {
  await directory.changeMembers('delete', members);
  expect(await synced()).toMatchObject({ mode: 'delta', counts: { updated: MEMBERS } });
  expect(await withRole()).toBe(0);
  await directory.changeMembers('add', members);
  expect(await synced()).toMatchObject({ mode: 'delta', counts: { updated: MEMBERS } });
  expect(await withRole()).toBe(MEMBERS);
}, 240_000);

test('14.4 another invocationId: the import is full by itself, and says why', async () => {
  proxy.behave({ invocationId: Buffer.alloc(16, 9) });
  const run = await synced();
  expect(run).toMatchObject({ mode: 'full', counts: { read: PEOPLE, changed: 0, updated: 0 } });
  expect(run.notes.join('\n')).toMatch(/read in full instead of the changes only: .*restored from a backup/);
  expect(await synced()).toMatchObject({ mode: 'delta', counts: { read: 0 } });
}, 240_000);

test('3.1 an account that may not read deleted objects: source check says so with the grant, and nothing is concluded', async () => {
  proxy.behave({});
  await logInAs(`CORP\\${service.name}`, service.password);
  const check = await site.run('source', 'check', 'corp-ad');
  expect(check.code).toBe(0);
  expect(check.stdout).toMatch(
    /warning +deleted-objects: .*may not read CN=Deleted Objects,DC=corp,DC=example,DC=com.*\n +→ .*ldbmodify/,
  );
  expect(check.stdout).toMatch(/LCRP;;;S-1-5-21-[-0-9]+\)/);

  expect(await synced()).toMatchObject({ mode: 'full', counts: { read: PEOPLE, gone: 0 } });
  await directory.remove(PEOPLE);
  const delta = await synced();
  expect(delta).toMatchObject({ mode: 'delta', counts: { gone: 0 } });
  expect(delta.notes.join('\n')).toMatch(/may not read deleted objects/);
  expect(await site.rows('worklist', 'list')).toEqual([]);

  expect(await synced('--full')).toMatchObject({ counts: { gone: 1 } });
  const gone = (await site.rows<EventRow>('log', '--source', 'corp-ad')).filter(({ type }) => type === 'account-gone');
  expect(gone.map(({ reason }) => reason)).toEqual([expect.stringMatching(/^absent from /)]);
}, 240_000);
