import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DryRunReport } from '../../../src/api/schemas/runs.ts';
import { databases, type OpenDatabase } from '../../support/api/databases.ts';
import { openSite, type Site } from '../../support/site.ts';

const people = 30;
const acdFirst = 'authority: { email: { rank: [acd, ad] } }';

describe.each(databases)('a dry run on %s', (_name, open) => {
  let database: OpenDatabase;
  let site: Site;

  beforeAll(async () => {
    database = await open();
    site = await openSite(database.knex);
    for (let index = 1; index <= people; index++) join(index);
    await site.sync();
  }, 120_000);
  afterAll(async () => {
    await site.close();
    await database.close();
  });

  function join(index: number, lastName = `Name${String(index)}`): void {
    const employeeId = `E${String(index)}`;
    site.acd.put(String(4_000 + index), {
      ...{ acdId: String(4_000 + index), firstName: 'Jan', employeeId, email: `agent${String(index)}@acd.test` },
    });
    site.ad.put(`guid-${String(index)}`, {
      ...{ windowsLogin: `CORP\\u${String(index)}`, lastName, employeeId, email: `u${String(index)}@corp.test` },
    });
  }

  /** Every version of every row of every table, and the place where each sequence stands. */
  async function everything(): Promise<Record<string, string>> {
    const tables = await site.knex.raw<{ rows: { name: string; kind: string }[] }>(
      `select relname as name, relkind as kind from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'S') order by 1`,
    );
    const state: Record<string, string> = {};
    for (const { name, kind } of tables.rows) {
      const row = kind === 'S' ? 'concat(last_value, is_called)' : `concat(ctid, ' ', xmin, ' ', t)`;
      const sql = `select count(*) || ' ' || coalesce(md5(string_agg(${row}, e'\\n')), '') as v from "${name}" t`;
      state[name] = (await site.knex.raw<{ rows: { v: string }[] }>(sql)).rows[0]?.v ?? '';
    }
    return state;
  }

  const told = ({ decisions }: DryRunReport) =>
    decisions.map(({ source, kind, held, username, externalId, changes }) => [
      ...[source, kind, held, username ?? externalId],
      changes.map(
        ({ field, before, after, class: of }) => `${of ?? ''} ${field}: ${String(before)} → ${String(after)}`,
      ),
    ]);

  it('13.4 shows fields before and after, who would be created, gone or asked about, and writes nothing at all', async () => {
    const before = await everything();
    join(1, 'Married');
    join(people + 1);
    site.acd.records.delete('4005');
    site.ad.put('guid-twin', { employeeId: 'E2' });
    const report = await site.dryRun();
    expect(report.runs.map(({ source, state }) => [source, state])).toEqual(
      expect.arrayContaining([
        ['ad', 'completed'],
        ['acd', 'completed'],
      ]),
    );
    const decisions = told(report);
    expect(decisions).toEqual(
      expect.arrayContaining([
        ['ad', 'values', false, '4001', ['fieldChanged lastName: Name1 → Married']],
        ['acd', 'gone', false, '4005', []],
        ['acd', 'create', false, '4031', expect.arrayContaining(['created email: null → agent31@acd.test']) as unknown],
        ['ad', 'link', false, '4031', expect.arrayContaining(['linked lastName: null → Name31']) as unknown],
      ]),
    );
    expect(decisions).toHaveLength(4);
    expect(report.decisions.find(({ kind }) => kind === 'create')?.userId).toBeNull();
    expect(report.questions).toMatchObject([{ kind: 'already-linked', source: 'ad' }]);
    expect(await everything()).toEqual(before);
    // What was shown is what is done.
    await site.sync();
    expect(await site.user('4001')).toMatchObject({ lastName: 'Married' });
    expect(await site.user('4031')).toMatchObject({ email: 'u31@corp.test', lastName: 'Name31' });
    expect(told(await site.dryRun())).toEqual([]);
  }, 240_000);

  it('13.4 shows what another configuration would do to whom and what would be held, one dry run at a time', async () => {
    const before = await everything();
    const both = await Promise.allSettled([site.dryRun(acdFirst), site.dryRun(acdFirst)]);
    const reports = both.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    expect(both.flatMap((each) => (each.status === 'rejected' ? [String(each.reason)] : []))).toEqual([
      expect.stringContaining('dry-run-under-way'),
    ]);
    const [report] = reports;
    if (report === undefined) throw new Error('unreachable');
    expect(report.runs.filter((run) => run.state === 'held').map(({ source, error }) => [source, error?.code])).toEqual(
      [[null, 'held']],
    );
    const held = report.decisions.filter((decision) => decision.held);
    expect(held).toHaveLength(people + 1);
    expect(held[1]).toMatchObject({
      ...{ kind: 'policy', username: '4002' },
      changes: [{ field: 'email', before: 'u2@corp.test', after: 'agent2@acd.test', class: 'fieldChanged' }],
    });
    expect(await everything()).toEqual(before);
  }, 240_000);

  it('13.4 reads another configuration file for the command line of its own machine only', async () => {
    const token = await site.tokenWith(['run-and-approve', 'view']);
    const body = { dryRun: true, configFile: '/etc/other.yaml' };
    const remote = await site.ask('POST', '/syncs', { body, headers: { authorization: `Bearer ${token}` } });
    expect([remote.status, remote.json]).toMatchObject([403, { code: 'local-only' }]);
  });
});
