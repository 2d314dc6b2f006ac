import { afterEach, describe, expect, it } from 'vitest';
import { fakeWorld, Status } from './fake-world.ts';
import type { FakeOptions, FakeWorld } from './fake-world.ts';
import {
  sampleAccount,
  sampleEvent,
  sampleExplanation,
  sampleReviewItem,
  sampleRun,
  sampleSource,
  sampleUser,
  sampleWorklistEntry,
} from './samples.ts';

const worlds: FakeWorld[] = [];
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.clean();
});

async function run(line: string, answer: unknown, options: FakeOptions = {}): Promise<FakeWorld & { code: number }> {
  const fake = await fakeWorld({ answer: () => answer, ...options });
  worlds.push(fake);
  return { ...fake, code: await fake.run(...line.split(' ')) };
}

const list = (...items: readonly unknown[]): unknown => ({ items, next: null, atEnd: true });
const shown = async (line: string, answer: unknown, options?: FakeOptions): Promise<string> =>
  `\n${(await run(line, answer, options)).stdout.text}`;

describe('tables for people', () => {
  it('user list', async () => {
    expect(await shown('user list --all', list(sampleUser))).toMatchInlineSnapshot(`
      "
      ID  USERNAME  NAME       ACD ID  WINDOWS LOGIN  ROLES              TEAM   ACTIVE  SYNC
      12  jnovak    Jan Novák  00471   CORP\\jnovak    agent, supervisor  Sales  yes     off
      "
    `);
  });
  it('6.5 user list --sync off: since when, by whom, until when, why, and what waits', async () => {
    const waiting = [{ field: 'lastName', before: 'Novák', after: 'Nový' }];
    const [all] = sampleUser.sync;
    const sync = [all, { ...all, source: 'corp-ad', until: null, reason: null }];
    expect(await shown('user list --sync off', list({ ...sampleUser, sync, waiting }))).toMatchInlineSnapshot(`
      "
      ID  USERNAME  NAME       OFF SINCE                                                         BY          UNTIL                       REASON    WAITING
      12  jnovak    Jan Novák  2026-03-04 11:00:00 +01:00, 2026-03-04 11:00:00 +01:00 (corp-ad)  local:jana  2026-04-01 02:00:00 +02:00  on leave  lastName: Novák → Nový
      "
    `);
  });

  it('run list', async () => {
    const failed = { ...sampleRun, id: 8, state: 'failed', error: { code: 'tls', message: 'certificate expired' } };
    expect(await shown('run list', list(sampleRun, failed, { ...sampleRun, id: 9, state: 'queued', finishedAt: null })))
      .toMatchInlineSnapshot(`
        "
        RUN  SOURCE   MODE  STATE      STARTED                      TOOK  RESULT
          7  corp-ad  full  completed  2026-03-04 12:00:01 +01:00  3.5 s  1,200 read, 3 new, 1,197 unchanged, 2 linked, 5 updated, 1 for review
          8  corp-ad  full  failed     2026-03-04 12:00:01 +01:00  3.5 s  tls: certificate expired
          9  corp-ad  full  queued     2026-03-04 12:00:01 +01:00         queued
        "
      `);
  });
  it('source list', async () => {
    expect(await shown('source list', list(sampleSource))).toMatchInlineSnapshot(`
      "
      SOURCE   KIND              STATE   PRESENT  LINKED  UNMATCHED  OTHER  DISABLED  GONE  LAST SUCCESS                NEXT RUN                    NOTE
      corp-ad  active-directory  paused      300     180        120      0         4     1  2026-03-03 03:00:00 +01:00  2026-03-05 03:00:00 +01:00  by system: log-in refused
      "
    `);
  });
  it('account list', async () => {
    expect(await shown('account list', list(sampleAccount))).toMatchInlineSnapshot(`
      "
      SOURCE        EXTERNAL ID  NAME       STATE    MATCH     USER  REASON
      avaya-prague  00471        Jan Novák  present  question        review item 3 (ambiguous-match)
      "
    `);
  });
  it('review list and worklist', async () => {
    expect(await shown('review list', list(sampleReviewItem))).toMatchInlineSnapshot(`
      "
      ITEM  KIND             SOURCE   EXTERNAL ID  ABOUT                                 SINCE                       ANSWERS
         3  ambiguous-match  corp-ad  a1b2         Jan Novák ↔ Jana Nováková (jana, 12)  2026-03-04 12:00:04 +01:00  this-user · new-user · ignore
      "
    `);
    expect(await shown('worklist', list(sampleWorklistEntry))).toMatchInlineSnapshot(`
      "
      USER  USERNAME  NAME       ACTIVE  WHY           EVIDENCE                                                                                   SUGGESTED
        12  jnovak    Jan Novák  yes     account-gone  avaya-prague 00471 gone since 2026-03-04 12:00:04 +01:00 (missing from a complete import)  take the role agent: rosterd user role take 12 agent
      "
    `);
  });
  it('log and user history', async () => {
    expect(await shown('log', list(sampleEvent))).toMatchInlineSnapshot(`
      "
      2026-03-04 12:00:04 +01:00  user-changed  user 12  corp-ad  a1b2  email: jan@example.com → jan.novak@example.com; teams: Sales, Support  · sync, run 7
      "
    `);
    expect(await shown('user history 12', list(sampleEvent))).toMatchInlineSnapshot(`
      "
      WHEN                        WHAT          SOURCE   BY    CHANGES                                                                WHY
      2026-03-04 12:00:04 +01:00  user-changed  corp-ad  sync  email: jan@example.com → jan.novak@example.com; teams: Sales, Support
      "
    `);
  });
  it('source check', async () => {
    const steps = [
      { name: 'tcp', outcome: 'ok', detail: 'connected' },
      { name: 'bind', outcome: 'failed', detail: 'log-in refused', remedy: 'check bindDn and bindPassword' },
    ];
    expect(await shown('source check corp-ad', { steps })).toMatchInlineSnapshot(`
      "
      ok       tcp: connected
      failed   bind: log-in refused
               → check bindDn and bindPassword
      "
    `);
  });
});

describe('cards', () => {
  it('user show', async () => {
    expect(await shown('user show 12', sampleUser)).toMatchInlineSnapshot(`
      "
      Jan Novák · user 12 · active · sync off

        Username            jnovak
        ACD ID              00471 at avaya-prague
        Employee ID         00471 (the ACD id: no source supplies one)
        First name          Jan
        Last name           Novák
        Email               jan.novak@example.com
        Windows login       CORP\\jnovak
        Company start date  2024-02-01
        Roles               agent (avaya-prague), supervisor (by hand)
        Teams               Sales (main), Support
        Group               Prague
        Scope               groups: Prague; teams: Sales, Support
        Attributes          agentId: 00471
        Sync off            for all sources until 2026-04-01 02:00:00 +02:00, by local:jana on 2026-03-04 11:00:00 +01:00: on leave
        Origin              avaya-prague
        Created             2026-01-02 04:04:05 +01:00
        Start date          2026-01-02

      SOURCE        EXTERNAL ID  NAME       STATE    LAST SEEN
      avaya-prague  00471        Jan Novák  present  2026-03-04 03:00:00 +01:00
      "
    `);
  });
  it('5.7 user explain', async () => {
    expect(await shown('user explain 12', sampleExplanation)).toMatchInlineSnapshot(`
      "
      User 12 · active, sync off

      Fields
        Email: jan.novak@example.com  from corp-ad, since 2026-03-04 12:00:04 +01:00, first in rank
          not jn@example.com  avaya-prague, ranked lower
        Employee ID: 00471  from the ACD id (no source supplies one)

      Roles
        not supervisor  given by corp-ad, taken by local:jana

      Teams
        Sales (main)  given by avaya-prague

      Accounts
        corp-ad a1b2 · present  linked since 2026-01-02 04:04:05 +01:00 (correlated, email)
          waiting: lastName: Novák → Nový
          held back by sync-off: The sync of this user is switched off. (by local:jana, since 2026-03-04 11:00:00 +01:00, on leave)
            lifting it would change lastName: Novák → Nový
      "
    `);
  });
  it('run show', async () => {
    const rejects = [{ externalId: '0001', position: 'line 3', reason: 'no last name' }];
    expect(await shown('run show 7', { ...sampleRun, rejects, notes: ['2 referrals'] })).toMatchInlineSnapshot(`
      "
      Run 7 · corp-ad · full · completed

        Counts    1,200 read, 3 new, 1,197 unchanged, 2 linked, 5 updated, 1 for review
        Asked by  local:jana
        Asked     2026-03-04 12:00:00 +01:00
        Started   2026-03-04 12:00:01 +01:00
        Finished  2026-03-04 12:00:04 +01:00
        Took      3.5 s
        Notes     2 referrals

      Rejected records
        0001, line 3: no last name
      "
    `);
  });
});

describe('a terminal', () => {
  it('gets tables that fit its width, with ids whole', async () => {
    const { stdout } = await run('user list', list(sampleUser), {
      terminal: true,
      columns: 60,
      env: { NO_COLOR: '1' },
    });
    expect(stdout.lines.every((line) => line.length <= 60)).toBe(true);
    expect(stdout.lines[1]).toContain('jnovak');
    expect(stdout.text).toContain('…');
  });
  it('gets colours unless NO_COLOR is set; a pipe gets none', async () => {
    const line = 'source list';
    expect((await run(line, list(sampleSource), { terminal: true })).stdout.text).toContain('\u001b[');
    expect((await run(line, list(sampleSource), { terminal: true, env: { NO_COLOR: '1' } })).stdout.text).not.toContain(
      '\u001b',
    );
    expect((await run(line, list(sampleSource))).stdout.text).not.toContain('\u001b');
  });
  it('is not steered by what a source says', async () => {
    const evil = { ...sampleUser, displayName: 'a\u001b[2Jb\u009b31mc\r\nd\u202ee' };
    const { stdout } = await run('user list', list(evil));
    expect(stdout.text).toContain('a [2Jb 31mc d e');
    expect((await run('user show 12', evil)).stdout.text).not.toMatch(/(?!\n)\p{Cc}|\u202e/u);
    expect((await run('user list --json', list(evil))).stdout.text).not.toMatch(/(?!\n)\p{Cc}/u);
  });
});

describe('--json', () => {
  it('is one object per item and line, as the API gave it, and nothing else', async () => {
    const { stdout, stderr } = await run('user list --json', list(sampleUser, { ...sampleUser, id: 13 }));
    expect(stdout.lines.map((line) => JSON.parse(line) as unknown)).toEqual([sampleUser, { ...sampleUser, id: 13 }]);
    expect(stderr.text).toBe('');
  });
  it('is one object for a single thing', async () => {
    const { stdout } = await run('run show 7 --json', sampleRun);
    expect(stdout.lines.map((line) => JSON.parse(line) as unknown)).toEqual([sampleRun]);
  });
  it('says nothing about an empty list', async () => {
    const { stdout, stderr, code } = await run('user list --json', list());
    expect([stdout.text, stderr.text, code]).toEqual(['', '', 0]);
  });
  it('makes an error one object on standard error', async () => {
    const problem = { status: 404, code: 'user-unknown', title: 'Not found', detail: 'There is no user x.' };
    const { stdout, stderr, code } = await run('user show x --json', new Status(404, problem));
    expect(code).toBe(3);
    expect(stdout.text).toBe('');
    expect(JSON.parse(stderr.text)).toEqual({
      error: { code: 'user-unknown', message: 'There is no user x.' },
      exitCode: 3,
    });
  });
  it('makes wrong usage one object too', async () => {
    const { stderr, code } = await run('user show --json', {});
    expect(code).toBe(2);
    expect(JSON.parse(stderr.text)).toMatchObject({ error: { code: 'usage' }, exitCode: 2 });
  });
});

describe('people', () => {
  it('are told what to do when a list is empty', async () => {
    const { stdout, stderr, code } = await run('user list', list());
    expect([stdout.text, code]).toEqual(['', 0]);
    expect(stderr.text).toBe('No users yet. Run `rosterd sync` to read the sources.\n');
  });
  it('are told what went wrong, with the code', async () => {
    const problem = { status: 409, code: 'sync-not-available', title: 'x', detail: 'User 12 has no link.' };
    const { stderr, code } = await run('user sync off 12', new Status(409, problem));
    expect([code, stderr.text]).toEqual([1, 'error: User 12 has no link. (sync-not-available)\n']);
  });
  it('see long lists page by page in one table', async () => {
    const pages = [
      { items: [sampleUser], next: '12' },
      { items: [{ ...sampleUser, id: 13, username: 'a-much-longer-username' }], next: null },
    ];
    const { stdout, sent } = await run('user list', undefined, { answer: () => pages.shift() });
    expect(sent.map(({ query }) => query?.['after'])).toEqual([undefined, '12']);
    expect(stdout.lines.map((line) => line.trim().split(/\s+/)[0])).toEqual(['ID', '12', '13']);
    expect(stdout.text).toContain('a-much-longer-username');
  });
  it('20.11 never see a secret in an error', async () => {
    const fake = await fakeWorld({
      ports: { openInProcess: () => Promise.reject(new Error('cannot open postgres://u:S3cr%2Ft@h/db with S3cr/t')) },
    });
    worlds.push(fake);
    fake.world.redactor.register('S3cr/t');
    for (const json of [[], ['--json']]) expect(await fake.run('user', 'list', ...json)).toBe(1);
    expect(fake.stderr.text).toContain('postgres://u:*****@h/db');
    expect(fake.stderr.text).not.toMatch(/S3cr/);
  });
});
