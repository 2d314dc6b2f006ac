import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectors } from '../../../connectors/registry.ts';
import type { ReviewItem } from '../../../src/api/schemas/review-items.ts';
import type { Run } from '../../../src/api/schemas/runs.ts';
import type { WorklistEntry } from '../../../src/api/schemas/worklist.ts';
import { openPostgres, type OpenDatabase } from '../../support/api/databases.ts';
import { createTempDir, type TempDir } from '../../support/services/temp.ts';
import { openSite, type Site } from '../../support/site.ts';
import { dayOf, unexplained, type Day } from './explained.ts';

/** Somebody of the house, as the systems say it now. */
interface Person {
  readonly key: string;
  first: string;
  last: string;
  email: string;
  team: string;
  /** The ACD that has them, with their id there; null: they have left. */
  acd: { source: string; id: string } | null;
}

/** Times by which an acknowledgement knows what it was given for (spec 9.2): they stay, or it would end with the day. */
const boundByAcks = `('account', 'gone_since'), ('account', 'absent_since'), ('account', 'disabled_since'), ('account_notice', 'at')`;

/** Spec 20.9 and issue 11: a week of an admin with two ACDs, a directory and some sixty people. Each test is a day. */
describe('a week', () => {
  let database: OpenDatabase;
  let folder: TempDir;
  let site: Site;
  let yesterday: Day = { users: new Map(), last: 0 };
  const people = new Map<string, Person>();

  beforeAll(async () => {
    database = await openPostgres();
    folder = createTempDir('week');
    mkdirSync(folder.path, { recursive: true });
    for (let index = 0; index < 60; index++) {
      const source = index < 30 ? 'prague' : 'brno';
      hire(String(index).padStart(2, '0'), source, `T${String(index % 10)}`);
    }
    writeAll();
    await open(false);
  }, 120_000);
  afterAll(async () => {
    await site.close();
    await database.close();
    await folder.remove();
  });

  function hire(key: string, source: string, team: string): Person {
    const person = {
      ...{ key, first: `Given${word(key)}`, last: `Family${word(key)}`, email: `p${key}@old.example`, team },
      acd: { source, id: `${source === 'prague' ? '1' : '2'}${key}` },
    };
    people.set(key, person);
    return person;
  }
  /** Names that have nothing in common where the people are others. */
  function word(key: string): string {
    return Array.from(key, (digit) => 'abcdefghij'[Number(digit)] ?? digit).join('');
  }
  const personOf = (key: string): Person => {
    const person = people.get(key);
    if (person === undefined) throw new Error(`nobody is ${key}`);
    return person;
  };

  /** Opens the application as a start of the daemon does; from the migration on with the new ACD. */
  async function open(withCloud: boolean): Promise<void> {
    const acd = (id: string): string => `
  - { id: ${id}, kind: csv-file, match: [[employeeId]], connection: { path: ${join(folder.path, `${id}.csv`)} }${id === 'prague' ? ', idsLike: avaya' : ''} }`;
    site = await openSite(database.knex, '', {
      connectors,
      configuration: `
database: embedded
organization: { timeZone: Europe/Prague, locale: en, defaultTeam: Default, defaultGroup: Default }
sources:
  - id: ad
    kind: csv-file
    as: directory
    match: [[employeeId]]
    connection: { path: ${join(folder.path, 'ad.csv')} }
    mapping: { externalId: Guid, windowsLogin: Windows }
${acd('prague')}${acd('brno')}${withCloud ? acd('cloud') : ''}
`,
    });
  }

  const files = { prague: 'ACD ID,First Name,Last Name,Employee ID,Team', ad: 'Guid,Email,Employee ID,Windows' };
  const write = (name: string, lines: readonly string[]): void => {
    const path = join(folder.path, `${name}.csv`);
    writeFileSync(`${path}.new`, lines.map((line) => `${line}\n`).join(''));
    renameSync(`${path}.new`, path);
  };
  const agentsOf = (source: string): string[] =>
    [...people.values()].flatMap(({ key, first, last, team, acd }) =>
      acd?.source === source ? [`${acd.id},${first},${last},E${key},${team}`] : [],
    );
  function writeAll(): void {
    for (const source of ['prague', 'brno', 'cloud']) write(source, [files.prague, ...agentsOf(source)]);
    write('ad', [files.ad, ...[...people.values()].map(({ key, email }) => `g-${key},${email},E${key},CORP\\u${key}`)]);
  }

  const get = async <Item>(path: string): Promise<Item[]> =>
    (await site.ask<{ items: Item[] }>('GET', `${path}${path.includes('?') ? '&' : '?'}limit=1000`)).json.items;
  const held = (): Promise<Run[]> => get<Run>('/runs?state=held');
  const questions = (): Promise<ReviewItem[]> => get<ReviewItem>('/review-items');
  const act = async (method: 'POST' | 'PUT', path: string, body: object): Promise<void> => {
    const answer = await site.ask(method, path, { body });
    expect(answer.status, `${path}: ${answer.text}`).toBeLessThan(300);
  };
  const bulk = async (body: object): Promise<void> => {
    await act('POST', '/bulk', body);
    await expect
      .poll(() => site.knex('bulk_job').whereNull('finished_at').select('id'), { timeout: 20_000, interval: 20 })
      .toEqual([]);
    // What the jobs have asked for is at rest, too.
    await site.reconcile();
  };
  /** Whoever is held is told; an admin looks and approves. */
  const approveHeld = async (): Promise<string[]> => {
    const runs = await held();
    for (const { id, digest } of runs) await act('POST', `/runs/${String(id)}/approve`, { digest });
    return runs.map(({ source }) => source ?? 'policy');
  };
  /** Until nothing is held any more: gives whose runs an admin had to approve on the way, each once. */
  const settle = async (): Promise<string[]> => {
    const approved = new Set<string>();
    for (let round = 0; round < 5; round++) {
      await site.reconcile();
      const sources = await approveHeld();
      if (sources.length === 0) break;
      for (const source of sources) approved.add(source);
    }
    return [...approved];
  };
  const lastRun = async (source: string): Promise<Run | undefined> => (await get<Run>(`/runs?source=${source}`))[0];
  const mapTeams = async (to: (name: string) => string): Promise<number> => {
    const items = (await questions()).filter(({ kind }) => kind === 'team-name-taken');
    for (const { id, evidence } of items)
      await act('POST', `/review-items/${String(id)}/answer`, {
        answer: 'map-to',
        value: to(String(evidence['name'])),
      });
    return items.length;
  };

  /** What an admin expects of everybody, in one table. */
  const expected = (): object =>
    Object.fromEntries(
      [...people.values()].map(({ key, first, last, email, team, acd }) => [
        `E${key}`,
        `${first} ${last} ${email} ${acd === null ? 'left' : `${acd.id}@${acd.source}`} ${team}`,
      ]),
    );
  const shown = async (): Promise<object> => {
    const users = await get<{
      employeeId: string;
      firstName: string;
      lastName: string;
      email: string;
      acdId: string | null;
      acdSource: string | null;
      active: boolean;
      teams: { name: string }[];
    }>('/users?all=true');
    return Object.fromEntries(
      users.map(({ employeeId, firstName, lastName, email, acdId, acdSource, teams }) => [
        employeeId,
        `${firstName} ${lastName} ${email} ${personOf(employeeId.slice(1)).acd === null ? 'left' : `${String(acdId)}@${String(acdSource)}`} ${teams.map(({ name }) => name).join('+')}`,
      ]),
    );
  };

  /** The end of a day: what differs from yesterday is explained; then everything that was has been a day longer. */
  async function evening(): Promise<void> {
    const today = await dayOf(site);
    expect(await unexplained(site, yesterday, today)).toEqual([]);
    await site.knex.transaction(async (transaction) => {
      // The history refuses to be changed by anybody but the database's owner under this setting.
      await transaction.raw("set local session_replication_role = 'replica'");
      const { rows } = await transaction.raw<{ rows: { table: string; column: string }[] }>(
        `select c.table_name as "table", c.column_name as "column" from information_schema.columns c join information_schema.tables t
           using (table_schema, table_name)
          where c.table_schema = 'public' and t.table_type = 'BASE TABLE' and c.data_type = 'timestamp with time zone'
            and c.table_name not like 'knex%' and (c.table_name, c.column_name) not in (${boundByAcks})`,
      );
      for (const { table, column } of rows)
        await transaction.raw(`update ?? set ?? = ?? - interval '1 day'`, [table, column, column]);
    });
    yesterday = await dayOf(site);
  }

  it('Monday: everything fills itself in one go; teams that both ACDs have are shared by an answer', async () => {
    await site.sync();
    expect(await held()).toEqual([]);
    expect(await mapTeams((name) => name)).toBe(10);
    // Thirty people find their team at once: shown, and approved.
    expect(await settle()).toEqual(['brno']);
    expect(await shown()).toEqual(expected());
    expect(await questions()).toEqual([]);
    await evening();
  }, 60_000);

  it('Tuesday: two hires, two leavers, and one who moves to the other ACD', async () => {
    hire('60', 'prague', 'T0');
    hire('61', 'brno', 'T1');
    for (const key of ['05', '06']) personOf(key).acd = null;
    Object.assign(personOf('10'), { acd: { source: 'brno', id: '210' }, team: 'T3' });
    personOf('12').last = 'Married';
    writeAll();
    await site.sync();
    expect([await held(), await questions()]).toEqual([[], []]);
    expect(await shown()).toEqual(expected());
    const work = await get<WorklistEntry>('/worklist');
    expect(work.map(({ displayName, reasons }) => [displayName, reasons])).toEqual([
      ['Givenaf Familyaf', ['account-gone']],
      ['Givenag Familyag', ['account-gone']],
      ['Givenba Familyba', ['account-gone']],
      ['Givenbc Married', ['account-renamed']],
    ]);
    await act('POST', '/worklist/ack', { why: 'account-renamed', reason: 'has married' });
    await act('PUT', '/users/employee-id:E05/active', { active: false, reason: 'has left' });
    await act('POST', '/worklist/ack', { user: 'employee-id:E06', reason: 'on parental leave' });
    await act('POST', '/users/employee-id:E10/unlink', { source: 'prague', reason: 'is in Brno now' });
    expect(await get<WorklistEntry>('/worklist')).toEqual([]);
    await evening();
  }, 60_000);

  it('Wednesday: half an export, none, a header alone: nobody goes, and each says what is wrong', async () => {
    const before = await shown();
    const all = agentsOf('prague');
    write('prague', [files.prague, ...all.slice(0, 10)]);
    await site.sync('prague');
    expect(await lastRun('prague')).toMatchObject({ state: 'held' });
    write('prague', [files.prague]);
    await site.sync('prague');
    expect(await lastRun('prague')).toMatchObject({ state: 'failed' });
    rmSync(join(folder.path, 'prague.csv'));
    await site.sync('prague');
    const missing = await lastRun('prague');
    expect([missing?.state, missing?.error?.message]).toEqual(['failed', expect.stringContaining('prague.csv')]);
    // Cut in the middle of a record.
    writeFileSync(join(folder.path, 'prague.csv'), `${files.prague}\n${all.slice(0, 15).join('\n').slice(0, -9)}`);
    await site.sync('prague');
    expect(await lastRun('prague')).toMatchObject({ state: 'failed' });
    expect(await shown()).toEqual(before);
    writeAll();
    await site.sync('prague');
    expect([(await lastRun('prague'))?.state, await held(), await shown()]).toEqual(['completed', [], before]);
    expect(await get<WorklistEntry>('/worklist')).toEqual([]);
    await evening();
  }, 60_000);

  it('Thursday: the company has another name, with forty people off sync; it is undone, and wanted again', async () => {
    const off = [...people.keys()].slice(0, 40);
    await bulk({ action: 'disable-sync', users: off.map((key) => `employee-id:E${key}`), reason: 'audit' });
    const before = await shown();
    // Who was deactivated is frozen, and the directory forgets them.
    for (const person of people.values()) if (person.key !== '05') person.email = `p${person.key}@new.example`;
    writeAll();
    await site.sync();
    const heldNow = await approveHeld();
    const [changed] = (await get<Run>('/runs?source=ad')).filter(({ counts }) => counts.updated > 0);
    const emails = async (): Promise<number> =>
      Object.values(await shown()).filter((text) => String(text).includes('@new.example')).length;
    expect([heldNow, await emails()]).toEqual([['ad'], 22]);
    await act('POST', '/undo', { run: changed?.id ?? 0, reason: 'not yet' });
    expect(await shown()).toEqual(before);
    await site.sync();
    expect([await held(), await shown()]).toEqual([[], before]);
    // Now it is wanted.
    await act('POST', '/refusals/lift', { run: changed?.id ?? 0, reason: 'now' });
    await settle();
    expect(await emails()).toBe(22);
    await bulk({ action: 'enable-sync', users: off.map((key) => `employee-id:E${key}`), reason: 'audit is over' });
    await settle();
    expect(await shown()).toEqual(expected());
    await evening();
  }, 60_000);

  it('Friday: an id goes to another person; ten teams get other names in both ACDs', async () => {
    const nina = hire('70', 'prague', 'T5');
    Object.assign(nina, {
      acd: { source: 'prague', id: '105' },
      first: 'Nina',
      last: 'Novotna',
      email: 'nina@new.example',
    });
    writeAll();
    await site.sync();
    const [reuse] = await questions();
    expect(reuse?.kind).toBe('possible-id-reuse');
    await act('POST', `/review-items/${String(reuse?.id)}/answer`, { answer: 'new-person', value: 'p05.left' });
    expect([await questions(), await held()]).toEqual([[], []]);
    expect(await shown()).toEqual(expected());

    for (const person of people.values()) if (person.acd !== null) person.team = person.team.replace('T', 'N');
    writeAll();
    await site.sync();
    expect(await settle()).toEqual(['prague']);
    expect(await mapTeams((name) => name)).toBe(10);
    expect(await settle()).toEqual(['brno']);
    expect([await shown(), await questions(), await held()]).toEqual([expected(), [], []]);
    // What nobody uses goes; the two who have left go over with their teams.
    for (let index = 0; index < 10; index++)
      await act('POST', `/teams/T${String(index)}/merge`, { into: `N${String(index)}`, reason: 'the new order' });
    for (const person of people.values()) person.team = person.team.replace('T', 'N');
    expect([await shown(), await held()]).toEqual([expected(), []]);
    await evening();
  }, 60_000);

  it('Saturday: Brno moves to a new ACD, and the old one is retired', async () => {
    for (const person of people.values())
      if (person.acd?.source === 'brno') person.acd = { source: 'cloud', id: `9${person.key}` };
    const old = agentsOf('cloud').map((line) => line.replace(/^9(..)/, '2$1'));
    writeAll();
    write('brno', [files.prague, ...old]);
    await site.close();
    await open(true);
    await site.sync();
    await mapTeams((name) => name);
    expect(await settle()).toContain('cloud');
    await mapTeams((name) => name);
    await settle();
    await act('POST', '/sources/brno/retire', { reason: 'replaced by the cloud' });
    await settle();
    expect(await shown()).toEqual(expected());
    await evening();
  }, 60_000);

  it('Sunday: nothing is due, and nothing waits that nobody was told of', async () => {
    const last = (await dayOf(site)).last;
    await site.sync();
    expect((await dayOf(site)).last).toBe(last);
    expect([await questions(), await held()]).toEqual([[], []]);
    expect
      .soft((await get<WorklistEntry>('/worklist')).map(({ displayName, reasons }) => [displayName, reasons]))
      .toEqual([]);
    expect(await get('/refusals')).toEqual([]);
    expect(await shown()).toEqual(expected());
    expect
      .soft((await get<{ name: string }>('/teams')).map(({ name }) => name))
      .toEqual(['Default', ...Array.from({ length: 10 }, (_, index) => `N${String(index)}`)]);
  }, 60_000);
});
