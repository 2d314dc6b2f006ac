import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Table from 'cli-table3';
import { afterAll, describe, expect, test } from 'vitest';
import { connectors } from '../../connectors/registry.ts';
import { exitCodeOfSync } from '../../src/cli/exit-codes.ts';
import type { Run } from '../../src/api/schemas/runs.ts';
import { openPostgres } from '../support/api/databases.ts';
import { createTempDir } from '../support/services/temp.ts';
import { openSite } from '../support/site.ts';
import type { Site } from '../support/site.ts';
import type { Sql } from './support/database.ts';
import { rowVersions } from './support/database.ts';
import { ciscoUcce, ciscoUccx } from './support/faulty/cisco.ts';
import { genesysCloud } from './support/faulty/genesys.ts';
import { puzzel } from './support/faulty/puzzel.ts';
import { faultCases } from './support/faulty/subject.ts';
import type { FaultCase, FaultEnd, RunningSubject, Subject } from './support/faulty/subject.ts';
import { without } from './support/rows.ts';

/** Issue 9, to show 6: what every fault of every simulator does to a run. Further kinds join here. */
const subjects: readonly Subject[] = [ciscoUccx, ciscoUcce, genesysCloud, puzzel];

const PEOPLE = 24;
const order = subjects.flatMap(({ kind }) => faultCases.map(({ name }) => `${kind} ${name}`));
const table: string[][] = [];

afterAll(() => {
  table.sort(([a = '', b = ''], [c = '', d = '']) => order.indexOf(`${a} ${b}`) - order.indexOf(`${c} ${d}`));
  const head = ['kind', 'fault', 'state', 'exit', 'code', 'message', 'concluded', 'next clean run'];
  const widths = [13, 24, 8, 6, 17, 60, 11, 20];
  const printed = new Table({ head, style: { head: [], border: [] }, colWidths: widths, wordWrap: true });
  printed.push(...table);
  process.stdout.write(`${printed.toString()}\n`);
});

describe.concurrent.each(subjects)(
  '3.1, 3.2 $kind: every fault ends the run, concludes nothing, and passes',
  (subject) => {
    test.each(faultCases)(
      '$name',
      async (each) => {
        const end = subject.otherwise[each.name] ?? each.end;
        if (typeof end === 'string') {
          table.push([subject.kind, each.name, 'n/a', '', '', end, '', '']);
          return;
        }
        const [database, running, folder] = await Promise.all([
          openPostgres(),
          subject.start(),
          Promise.resolve(createTempDir('faulty')),
        ]);
        for (let index = 1; index <= PEOPLE; index += 1) running.add(index);
        const passwordFile = join(folder.path, 'password');
        await writeFile(passwordFile, `${running.password}\n`);
        const sources = [{ id: 'acd', kind: subject.kind, ...running.source(passwordFile) }];
        const configuration = JSON.stringify({ database: 'embedded', guard: { firstImport: 'apply' }, sources });
        const site = await openSite(database.knex, '', { configuration, connectors });
        const sql: Sql = async (text, values = []) =>
          (await database.knex.raw<{ rows: never[] }>(text, values as never)).rows;
        try {
          const row = await underFault(site, running, sql, { subject, each, end });
          table.push([subject.kind, each.name, ...row]);
        } finally {
          await site.close();
          await Promise.all([database.close(), running.close(), folder.remove()]);
        }
      },
      120_000,
    );
  },
);

interface Tried {
  readonly subject: Subject;
  readonly each: FaultCase;
  readonly end: FaultEnd;
}

/** A clean run, one under the fault, and a clean one again; what is to be said of the second. */
async function underFault(site: Site, running: RunningSubject, sql: Sql, tried: Tried): Promise<string[]> {
  const first = await runOf(site);
  expect([first.state, first.counts.created], first.error?.message).toEqual(['completed', PEOPLE]);
  // What a run that concluded something would conclude.
  running.remove(3);
  running.remove(PEOPLE - 2);
  const before = await peopleOf(sql);
  await meets(running, tried);

  const ended = await runOf(site);
  const exit = exitCodeOfSync([ended], []);
  const said = ended.error?.message ?? '';
  expect({ state: ended.state, exit, code: ended.error?.code, said }).toMatchObject({
    state: 'failed',
    exit: tried.end.exit,
    code: tried.end.code,
  });
  expect(said).toMatch(tried.end.says);
  expect(said).not.toContain(running.password);
  expect(await peopleOf(sql)).toEqual(before);
  expect(running.forbidden()).toBe(0);

  running.off();
  await running.useCertificate('trusted');
  if (exit === 4) await site.ask('POST', '/sources/acd/resume', { body: { reason: 'mended' } });
  const clean = await runOf(site);
  expect([clean.state, clean.counts.gone], clean.error?.message).toEqual(['completed', 2]);
  return [
    ended.state,
    String(exit),
    ended.error?.code ?? '',
    said,
    'nothing',
    `${clean.state}, ${clean.counts.gone} gone`,
  ];
}

async function runOf(site: Site): Promise<Run> {
  await site.sync();
  const { json, text } = await site.ask<{ items: Run[] }>('GET', '/runs?source=acd');
  const run = json.items.find(({ mode }) => mode === 'full');
  if (run === undefined) throw new Error(text);
  return run;
}

/** Everything that is known of people, and who counts as gone. What an import notes of an account concludes nothing yet. */
async function peopleOf(sql: Sql): Promise<object> {
  const gone = await sql('select external_id from account where gone_since is not null');
  // A pause of the source is an event of its own.
  return { gone, rows: without(await rowVersions(sql), 'event', 'account') };
}

async function meets(running: RunningSubject, { subject, each }: Tried): Promise<void> {
  const { fault, where } = each;
  if (typeof fault === 'string') await running.useCertificate(fault);
  else running.fault(fault, where === 'everywhere' ? {} : where === 'list' ? subject.list : (subject.secondPage ?? {}));
}
