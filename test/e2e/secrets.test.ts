import { userInfo } from 'node:os';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Attribute, Change, Client } from 'ldapts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newestPostgresBin } from '../support/services/install.ts';
import { generatePeople, inetOrgPerson } from '../support/services/people.ts';
import { run } from '../support/services/process.ts';
import { startSlapd } from '../support/services/slapd.ts';
import type { TestSlapd } from '../support/services/slapd.ts';
import { freePort } from '../support/services/port.ts';
import { serverDatabase } from './support/database.ts';
import type { Database } from './support/database.ts';
import { createSite, until } from './support/rosterd.ts';
import type { Configuration, Daemon, Ended, RunRow, Site } from './support/rosterd.ts';

const SUFFIX = 'dc=secrets,dc=example';

/** With characters that JSON, addresses, DNs and shells write differently, and of lengths that base64 pads differently. */
const planted = {
  directory: 'Dir-p@ss/w%rd "q" ümlaut<1>',
  acd: 'acd+Secret\\back/slash=2 žluť',
  refused: 'refused?log&in#3 naïve',
  tls: 'tls-s€cret:4;x',
  database: 'db:p@ss/w0rd%5 éè',
} as const;

/** A secret as it may be written: each form that a text of ours must not hold. */
function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret, 'utf8');
  const percent = encodeURIComponent(secret);
  const everyByte = [...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
  const base64 = [0, 1, 2].flatMap((offset) => {
    // Inside a longer text, such as user:password, the first and last characters also depend on the neighbours.
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    return [encoded.slice(offset === 0 ? 0 : offset + 1, -1)];
  });
  const written = [secret, JSON.stringify(secret).slice(1, -1), percent, percent.toLowerCase(), everyByte];
  const all = [...written, everyByte.toUpperCase(), bytes.toString('hex'), ...base64];
  return [...new Set([...all, ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'))])];
}

const forms = Object.entries(planted).flatMap(([name, secret]) => formsOf(secret).map((form) => ({ name, form })));

/** What of the secrets stands in a text or in bytes: nothing, or which, in which form, and where. */
function leaksIn(where: string, content: string | Buffer): string[] {
  const haystack = typeof content === 'string' ? Buffer.from(content, 'utf8') : content;
  return forms.flatMap(({ name, form }) => {
    const at = haystack.indexOf(form);
    if (at < 0) return [];
    return [
      `${where} holds ${name} as ${form}: ${haystack.subarray(Math.max(0, at - 200), at + 200).toString('utf8')}`,
    ];
  });
}

function leaksInFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .flatMap((entry) => {
      const path = join(entry.parentPath, entry.name);
      return leaksIn(path, readFileSync(path));
    });
}

const said = ({ stdout, stderr }: Ended): string => `${stdout}\n${stderr}`;

const commands = [
  ...[['config', 'show'], ['config', 'check'], ['source', 'list'], ['run', 'list'], ['run', 'show', '1'], ['log']],
  ...[
    ['user', 'list', '--all'],
    ['user', 'show', '1'],
    ['user', 'explain', '1'],
    ['user', 'history', '1'],
  ],
  ...[['account', 'list'], ['review', 'list'], ['worklist'], ['version'], ['openapi']],
];

let slapd: TestSlapd;
beforeAll(async () => {
  const entries = [...generatePeople(20)].map((person) => inetOrgPerson(person, `ou=people,${SUFFIX}`));
  slapd = await startSlapd({ suffix: SUFFIX, entries, tls: {} });
  const client = new Client({ url: slapd.url });
  await client.bind(slapd.adminDn, slapd.adminPassword);
  // The reader has two passwords, one for each source that is let in.
  const passwords = new Attribute({ type: 'userPassword', values: [planted.directory, planted.acd] });
  await client.modify(slapd.bindDn, new Change({ operation: 'replace', modification: passwords }));
  await client.unbind();
}, 60_000);
afterAll(() => slapd.stop());

type Source = { id: string; secret: keyof typeof planted; more?: object; connection?: object };

function source({ id, secret, more = {}, connection = {} }: Source): object {
  return {
    id,
    kind: 'ldap',
    connection: { url: slapd.url, bindDn: slapd.bindDn, bindPassword: { file: `secrets/${secret}` }, ...connection },
    baseDn: slapd.peopleDn,
    ...more,
  };
}

/** A directory and an ACD that let rosterd in, one that refuses it, one with a certificate of somebody else. */
function configurationOf(database: unknown): Configuration {
  const sources = [
    source({ id: 'directory', secret: 'directory' }),
    // No connector of an ACD takes a password yet.
    source({ id: 'acd', secret: 'acd', more: { as: 'acd', match: [['email']] } }),
    source({ id: 'refusing', secret: 'refused' }),
    source({
      id: 'stranger',
      secret: 'tls',
      connection: { url: slapd.ldapsUrl, tls: { caFile: 'other-ca.pem' } },
    }),
  ];
  return { database, log: { level: 'trace' }, sources };
}

async function prepare(site: Site): Promise<void> {
  for (const name of ['directory', 'acd', 'refused', 'tls'] as const)
    await site.write(`secrets/${name}`, `${planted[name]}\n`);
  // An authority that has signed nothing here: some other self-signed certificate will do.
  const key = join(site.folder, 'other.key');
  const certificate = join(site.folder, 'config/other-ca.pem');
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=nobody', '-days', '2'];
  await run('openssl', [...request, '-keyout', key, '-out', certificate]);
  await site.write('crash.mjs', crashOnSignal);
}

/** Loaded into the daemon: at SIGUSR2 it fails as a defect would, with every secret in the error and in its cause. */
const crashOnSignal = `
import { readFileSync } from 'node:fs';
process.on('SIGUSR2', () => {
  const secrets = JSON.parse(readFileSync(process.env.PLANTED_FILE, 'utf8'));
  const cause = new Error('cause: ' + secrets.map((s) => Buffer.from(s).toString('base64')).join(' '));
  const error = new Error('defect: ' + secrets.join(' '), { cause });
  error.request = { headers: secrets.map((s) => 'Basic ' + Buffer.from('user:' + s).toString('base64')) };
  error.url = secrets.map((s) => 'https://user:' + encodeURIComponent(s) + '@host/');
  setImmediate(() => { throw error; });
});
`;

/** Every GET route of the API, with ids that exist and ids that do not. */
async function apiAnswers({ address, token }: Daemon): Promise<{ path: string; text: string }[]> {
  const headers = { authorization: `Bearer ${token}`, 'x-rosterd-os-user': userInfo().username };
  const get = async (path: string): Promise<string> => (await fetch(`${address}${path}`, { headers })).text();
  const document = JSON.parse(await get('/api/v1/openapi.json')) as { paths: Record<string, { get?: unknown }> };
  const described = Object.entries(document.paths).flatMap(([path, { get: route }]) => (route ? [path] : []));
  const ids = ['1', '2', 'directory', 'refusing', 'no-such-thing'];
  const paths = described.flatMap((path) => {
    // What there is now; a stream goes on for minutes otherwise.
    if (path.endsWith('/stream')) return [`${path}?wait=false`];
    return path.includes('{') ? ids.map((id) => path.replaceAll(/\{[^}]+\}/g, id)) : [path];
  });
  expect(paths.length).toBeGreaterThan(20);
  const all = [...paths, '/metrics', '/health/live', '/health/ready', '/api/v1/openapi.json'];
  return Promise.all(all.map(async (path) => ({ path, text: await get(path) })));
}

async function everyCommand(site: Site): Promise<string[]> {
  const leaks: string[] = [];
  for (const command of commands)
    for (const form of [[], ['--json']])
      leaks.push(...leaksIn(command.join(' '), said(await site.run(...command, ...form))));
  for (const id of ['directory', 'acd', 'refusing', 'stranger'])
    leaks.push(...leaksIn(`source check ${id}`, said(await site.run('source', 'check', id, '--json'))));
  return leaks;
}

async function syncAll(site: Site): Promise<void> {
  const synced = await site.sync();
  expect(leaksIn('sync', said(synced))).toEqual([]);
  const outcomes = synced.runs
    .filter(({ mode }) => mode !== 'reconcile')
    .map((r) => [r.source, r.error?.code ?? r.state]);
  expect(Object.fromEntries(outcomes)).toEqual({
    directory: 'completed',
    acd: 'completed',
    refusing: 'login-refused',
    stranger: 'tls',
  });
  expect(leaksIn('sync', said(await site.run('sync', 'refusing')))).toEqual([]);
}

/** Starts the daemon at trace level, goes through everything once, and lets it crash. */
async function throughTheDaemon(site: Site): Promise<string[]> {
  const crash = { NODE_OPTIONS: `--import=${join(site.folder, 'config/crash.mjs')}`, PLANTED_FILE: '/dev/null' };
  const list = await site.write('planted.json', JSON.stringify(Object.values(planted)));
  const daemon = await site.start({ env: { ...crash, PLANTED_FILE: list } });
  await until('every run has ended', async () => {
    const runs = await site.rows<RunRow>('run', 'list');
    return runs.length >= 4 && runs.every(({ finishedAt }) => finishedAt !== null);
  });
  // Once more with everything in the daemon, so that the log has it.
  expect((await site.run('source', 'resume', 'refusing')).code).toBe(0);
  await syncAll(site);
  const leaks = (await apiAnswers(daemon)).flatMap(({ path, text }) => leaksIn(path, text));
  leaks.push(...(await everyCommand(site)));
  process.kill(daemon.pid, 'SIGUSR2');
  const ended = await daemon.ended;
  expect(ended.code).toBe(1);
  const log = daemon.log();
  expect(log).toContain('defect: ');
  expect(log).toContain('*****');
  expect(log).toContain('import ended');
  return [...leaks, ...leaksIn('the log', log)];
}

describe('20.11 on PostgreSQL, the address in a variable', () => {
  let site: Site;
  let database: Database;
  let address: string;

  beforeAll(async () => {
    database = await serverDatabase();
    const { username, host, pathname } = new URL(database.setting);
    address = `postgres://${username}:${encodeURIComponent(planted.database)}@${host}${pathname}`;
    site = await createSite('secrets-pg', { ROSTERD_DATABASE: address });
    await prepare(site);
    await site.configure(configurationOf('embedded'));
  }, 60_000);
  afterAll(async () => {
    await site.remove();
    await database.drop();
  });

  test('20.11 in no output of a sync with a refused log-in and a TLS failure', () => syncAll(site), 120_000);

  test('20.11 in no answer, output or line of the log at trace level, a crash included', async () => {
    expect(await throughTheDaemon(site)).toEqual([]);
  }, 240_000);

  test('20.11 nowhere in the database, by pg_dump, nor in the data directory', async () => {
    const dump = await run(join(newestPostgresBin() ?? '', 'pg_dump'), ['--inserts', database.setting]);
    expect(dump).toContain('login-refused');
    expect(leaksIn('pg_dump', dump)).toEqual([]);
    expect(leaksInFiles(site.dataDir)).toEqual([]);
  }, 60_000);

  test('20.11 in no error about the database itself', async () => {
    const nowhere = new URL(address);
    nowhere.port = String(await freePort());
    const missing = new URL(address);
    missing.pathname = '/no-such-database';
    for (const wrong of [nowhere.href, missing.href, address.replace('postgres://', 'postgres//'), `x${address}`]) {
      const other = await createSite('secrets-wrong');
      await other.write('secrets/database', wrong);
      await other.configure({ database: { file: 'secrets/database' }, log: { level: 'trace' }, sources: [] });
      for (const command of [['sync'], ['start'], ['config', 'show'], ['config', 'check'], ['migrate']]) {
        const ended = await other.run(...command);
        expect(leaksIn(`${command.join(' ')} with ${wrong.slice(0, 12)}`, said(ended))).toEqual([]);
        if (command[0] === 'sync') expect(ended.code).not.toBe(0);
      }
      await other.remove();
    }
  }, 240_000);

  test('20.11 a secret written into the configuration is refused without being repeated', async () => {
    const other = await createSite('secrets-inline');
    const inline = { ...source({ id: 'directory', secret: 'directory' }) };
    for (const [name, configuration] of Object.entries({
      database: { database: address, sources: [] },
      bind: {
        sources: [{ ...inline, connection: { url: slapd.url, bindDn: 'cn=x', bindPassword: planted.directory } }],
      },
      url: { sources: [{ ...inline, connection: { url: `ldap://x:${encodeURIComponent(planted.acd)}@127.0.0.1` } }] },
    })) {
      await other.configure(configuration);
      for (const command of [['config', 'check'], ['config', 'show'], ['sync'], ['user', 'list']]) {
        const ended = await other.run(...command);
        expect(leaksIn(`${command.join(' ')} with ${name}`, said(ended))).toEqual([]);
        expect(ended.code).not.toBe(0);
      }
    }
    await other.remove();
  }, 120_000);
});

describe('20.11 on the embedded database', () => {
  let site: Site;
  beforeAll(async () => {
    site = await createSite('secrets-embedded');
    await prepare(site);
    await site.configure(configurationOf('embedded'));
  }, 60_000);
  afterAll(() => site.remove());

  test('20.11 in no output, and nowhere in the data directory', async () => {
    await syncAll(site);
    expect(leaksIn('log', said(await site.run('log', '--json')))).toEqual([]);
    expect(readdirSync(site.dataDir)).toContain('pg');
    expect(leaksInFiles(site.dataDir)).toEqual([]);
  }, 180_000);
});
