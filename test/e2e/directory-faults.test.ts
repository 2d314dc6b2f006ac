import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { startLdapProxy } from '../support/ldap-proxy.ts';
import type { LdapBehaviour, LdapProxy, Refusal } from '../support/ldap-proxy.ts';
import { makeCertificates, signCertificate } from '../support/services/certificates.ts';
import { personAt } from '../support/services/people.ts';
import { freePort } from '../support/services/port.ts';
import { addUsers, asAdmin, createOu, directoryUser } from '../support/services/samba-directory.ts';
import { createTempDir } from '../support/services/temp.ts';
import { rowVersions, serverDatabase } from './support/database.ts';
import type { Database } from './support/database.ts';
import { createSite } from './support/rosterd.ts';
import type { Site, Synced } from './support/rosterd.ts';
import { without } from './support/rows.ts';
import type { UserRow } from './support/rows.ts';
import { activeDirectory, secretFile } from './support/sources.ts';

/** Every fault of the directory, one after the other: what it does to a run, that nothing follows from it, and the next run. */

const samba = inject('samba');
/** A few more than ten for each fault, so that all that leave stay below the guard of 10 %. */
const PEOPLE = 150;
const PAGE = 50;

const directory = createTempDir('faults');
let ou: string;
let caFile: string;
/** Trusted by the source; with the certificate of another host; with one that nobody trusts is Samba's own. */
let proxy: LdapProxy;
let elsewhere: LdapProxy;
let site: Site;
let database: Database;
/** The accounts that are deleted one by one, each while a fault hides it. */
let leaving: string[];

beforeAll(async () => {
  const names = { hostNames: ['localhost'], addresses: ['127.0.0.1'] };
  const made = await makeCertificates(directory.path, names);
  ({ caFile } = made);
  const otherNames = { hostNames: ['dc9.corp.example.com'], addresses: [] };
  proxy = await startLdapProxy(samba, made);
  elsewhere = await startLdapProxy(samba, await signCertificate(directory.path, 'other', otherNames));
  ou = await createOu(samba, 'e2e-faults');
  const people = Array.from({ length: PEOPLE }, (_, index) => directoryUser(personAt(index + 1), 'flt'));
  leaving = await addUsers(samba, ou, people);
  site = await createSite('directory-faults');
  database = await serverDatabase();
  await asBefore();
  expect((await site.sync('--full')).code).toBe(0);
}, 180_000);
afterAll(async () => {
  process.stdout.write(`${asTable(rows)}\n`);
  await Promise.all([proxy.stop(), elsewhere.stop()]);
  await site.remove();
  await database.drop();
  await directory.remove();
});

/** A source without any fault. */
async function asBefore(): Promise<void> {
  proxy.behave({});
  await secretFile(site, samba.adminPassword);
  await configure({ url: proxy.url, caFile });
}

const configure = (at: { readonly url: string; readonly caFile: string }): Promise<void> =>
  site.configure({
    database: database.setting,
    sources: [{ ...activeDirectory('corp-ad', samba, ou, at), pageSize: PAGE, createsUsers: true }],
  });

/** Every row of every table that a conclusion would be written to. The pause after a refused log-in is an event. */
async function conclusions(): Promise<Record<string, string>> {
  return without(await database.query(rowVersions), 'event');
}

type Fault = {
  readonly fault: string;
  readonly make: () => unknown;
  readonly exit: number;
  readonly code: string;
  readonly message: RegExp;
  /** Log-ins of the run, where a refused one must not be repeated. */
  readonly binds?: number;
  /** What a person does when the fault is over, where a changed secret does not say so. */
  readonly resume?: boolean;
};

const behave = (behaviour: LdapBehaviour) => () => proxy.behave(behaviour);
/** Of pages of 50, every attempt asks for at least two; what is looked at before, for rights, asks for no ids. */
const secondPage = (refusal: Refusal): LdapBehaviour => {
  let pages = 0;
  const isSecond = (attributes: readonly string[]): boolean =>
    attributes.some((name) => name.toLowerCase() === 'objectguid') && ++pages % 2 === 0;
  return { refuse: ({ kind, attributes }) => (kind === 'page' && isSecond(attributes) ? refusal : undefined) };
};
const everyPage = (refusal: Refusal): LdapBehaviour => ({
  refuse: ({ kind }) => (kind === 'page' ? refusal : undefined),
});
const referral = ['ldap://dc2.elsewhere.example.com/DC=elsewhere'];
const locked = '80090308: LdapErr: DSID-0C090447, comment: AcceptSecurityContext error, data 775, v3839';

const refused = { exit: 4, code: 'login-refused', binds: 1 };
const incomplete = { exit: 1, code: 'incomplete-read' };
const noTls = { exit: 7, code: 'tls', binds: 0 };
const faults: readonly Fault[] = [
  {
    fault: 'wrong password',
    make: () => secretFile(site, 'not-the-password'),
    ...refused,
    message: /bindPassword/,
  },
  {
    fault: 'account locked out',
    make: behave({ refuse: ({ kind }) => (kind === 'bind' ? { code: 49, diagnostic: locked } : undefined) }),
    ...refused,
    message: /locked out: unlock it/,
    resume: true,
  },
  {
    fault: 'size limit in page 2',
    make: behave(secondPage({ code: 4, afterEntries: 10 })),
    ...incomplete,
    message: /size.*limit/,
  },
  {
    fault: 'time limit in page 2',
    make: behave(secondPage({ code: 3, afterEntries: 10 })),
    ...incomplete,
    message: /time limit/,
  },
  {
    fault: 'gone in mid-read, each time',
    make: behave(secondPage({ cut: true, afterEntries: 10 })),
    ...incomplete,
    message: /closed/,
  },
  {
    fault: 'nobody listens',
    make: async () => configure({ url: `ldaps://127.0.0.1:${await freePort()}`, caFile }),
    exit: 7,
    code: 'unreachable',
    message: /nothing listens/,
    binds: 0,
  },
  {
    fault: 'certificate not trusted',
    make: () => configure({ url: proxy.url, caFile: samba.caFile }),
    ...noTls,
    message: /caFile/,
  },
  {
    fault: 'certificate of another host',
    make: () => configure({ url: elsewhere.url, caFile }),
    ...noTls,
    message: /another host name/,
  },
  {
    fault: 'referral instead of page 2',
    make: behave(secondPage({ code: 10, referral })),
    ...incomplete,
    message: /never followed/,
  },
  {
    fault: 'referral instead of all',
    make: behave(everyPage({ code: 10, referral })),
    ...incomplete,
    message: /never followed/,
  },
  { fault: 'busy, each time', make: behave(everyPage({ code: 51 })), exit: 1, code: 'busy', message: /51/ },
  {
    fault: 'right taken away in mid-read',
    make: behave(secondPage({ code: 50, afterEntries: 10 })),
    ...incomplete,
    message: /lacks the right/,
  },
];

type Row = readonly [fault: string, state: string, exit: string, message: string, concluded: string, recovery: string];
const rows: Row[] = [['fault', 'run', 'exit', 'message', 'concluded', 'next clean run']];

test.each(faults)(
  '3.1, 3.2 $fault: exit code $exit, $code, nothing concluded, and the next clean run recovers',
  async ({ make, exit, code, message, binds, resume = false, fault }) => {
    const before = await conclusions();
    await asAdmin(samba, (client) => client.del(leaving.pop() ?? ''));
    proxy.behave({});
    await make();
    const failed = await site.sync('--full');
    const [run] = failed.runs;
    expect({ exit: failed.code, state: run?.state, code: run?.error?.code }).toEqual({ exit, state: 'failed', code });
    expect(run?.error?.message).toMatch(message);
    expect(run?.error?.message).not.toContain(samba.adminPassword);
    if (binds !== undefined) expect(proxy.counts().bind ?? 0).toBe(binds);
    expect(await conclusions()).toEqual(before);

    await asBefore();
    if (resume) await site.rows('source', 'resume', 'corp-ad');
    const clean = await site.sync('--full');
    expect(summary(clean)).toEqual({ exit: 0, ends: ['completed'], read: leaving.length, gone: 1 });
    const people = await site.rows<UserRow>('user', 'list');
    expect(people).toHaveLength(PEOPLE);
    rows.push([
      fault,
      run?.state ?? '',
      `${String(failed.code)} ${code}`,
      run?.error?.message ?? '',
      'nothing',
      `${resume ? 'resumed, ' : ''}completed: ${leaving.length} read, 1 gone, ${people.length} users active`,
    ]);
  },
  120_000,
);

test('source check tells them apart by its exit code, and a warning is none', async () => {
  const check = async (): Promise<{ code: number | null; stdout: string }> => site.run('source', 'check', 'corp-ad');
  await asBefore();
  const clean = await check();
  expect(clean.code).toBe(0);
  expect(clean.stdout).toMatch(/^warning +tls: .*the certificate expires on .*\n +→ renew the certificate/m);
  await configure({ url: proxy.url, caFile: samba.caFile });
  expect(await check()).toMatchObject({ code: 7, stdout: expect.stringMatching(/^failed +tls: /m) as string });
  await asBefore();
  await secretFile(site, 'not-the-password');
  expect(await check()).toMatchObject({ code: 4, stdout: expect.stringMatching(/^failed +bind: /m) as string });
  expect(proxy.counts().bind).toBe(1);
}, 60_000);

function summary({ code, runs }: Synced): object {
  const { read = 0, gone = 0 } = runs[0]?.counts ?? {};
  return { exit: code, ends: runs.map(({ state, error }) => error?.message ?? state), read, gone };
}

/** Columns as wide as what stands in them. */
function asTable(table: readonly Row[]): string {
  const widths = (table[0] ?? []).map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  return table.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')).join('\n');
}
