import { open } from 'node:fs/promises';
import { peopleCsv } from '../../api/people-export.ts';
import { apiPath, pages } from '../api-client.ts';
import { addCommand, addGroup } from '../command.ts';
import type { RosterdCommand, Runner } from '../command.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { addCsvImportCommands } from './csv-import.ts';
import { addCsvMappingCommands } from './csv-mappings.ts';
import type { CsvPerson } from '../shapes.ts';

interface ExportOptions {
  readonly out?: string;
  readonly all?: boolean;
  readonly filter?: string;
  readonly sync?: 'on' | 'off';
  readonly group?: string;
  readonly team?: string;
}

/** `csv export|import|mappings` (spec 17). */
export function addCsvCommands(program: RosterdCommand, runner: Runner): void {
  const csv = addGroup(
    program,
    'csv',
    'export, import, list, show, apply, cancel, undo, mappings: users as people.csv',
    'Users as people.csv: export, change, import',
  );
  addCommand<ExportOptions>(csv, runner, {
    call: 'export',
    summary: 'users with all columns of people.csv',
    details: [
      'To standard output, or to a file with --out. Active users; --all has everybody.',
      'Imported again as it is, the file changes nothing.',
    ].join('\n'),
    options: [
      ['--out <FILE>', 'write there, such as people.csv; an existing file is not overwritten'],
      ['--all', 'inactive users too'],
      ['--filter <TEXT>', 'the users that `rosterd user list --search TEXT` shows'],
      ['--sync <STATE>', 'only with sync on or off', ['on', 'off']],
      ['--group <GROUP>', 'only users of this group and the groups below it'],
      ['--team <TEAM>', 'only users of this team'],
    ],
    run: exportPeople,
  });
  addCsvImportCommands(csv, runner);
  addCsvMappingCommands(csv, runner);
}

async function exportPeople(
  context: Context,
  _args: readonly string[],
  { out, all, filter, sync, group, team }: ExportOptions,
): Promise<undefined> {
  if (context.json) throw new UsageError('people.csv is CSV; programs read GET /api/v1/csv/people');
  const query = { all, search: filter === '' ? undefined : filter, sync, group, team };
  const file = out === undefined ? null : await newFile(out);
  let count = 0;
  try {
    const write = (text: string): Promise<unknown> => (file === null ? context.out.write(text) : file.write(text));
    const client = await context.api('read');
    await write(peopleCsv.head);
    for await (const { items } of pages(client, apiPath('csv', 'people'), query)) {
      await write((items as readonly CsvPerson[]).map(peopleCsv.line).join(''));
      count += items.length;
    }
  } finally {
    await file?.close();
  }
  if (out !== undefined) await context.err.line(`${String(count)} users are in ${out}.`);
  return undefined;
}

/** Names of people are for its owner alone. */
async function newFile(path: string) {
  try {
    return await open(path, 'wx', 0o600);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
    throw new UsageError(
      code === 'EEXIST' ? `${path} exists already; name another file` : `${path} cannot be written (${code})`,
    );
  }
}
