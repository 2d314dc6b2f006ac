import { spawn } from 'node:child_process';
import { createReadStream, createWriteStream, openSync, closeSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { programPath } from '../support/services/program.ts';
import { run } from '../support/services/process.ts';
import type { TestSlapd } from '../support/services/slapd.ts';
import { mappedAttributes } from './employees.ts';

const attributes = ['entryUUID', ...mappedAttributes];

/**
 * What nobody can beat by much: the same entries and attributes by ldapsearch into a file, and that file by psql's \copy into
 * an ordinary table. In seconds; putting the file into columns in between is not counted.
 */
export async function measureLimit(slapd: TestSlapd, databaseUrl: string, folder: string): Promise<number> {
  const [ldif, table] = [join(folder, 'limit.ldif'), join(folder, 'limit.tsv')];
  const search = await timed(() => searchInto(slapd, ldif));
  await writeColumns(ldif, table);
  const psql = (command: string): Promise<string> =>
    run(programPath('psql'), ['-X', '-v', 'ON_ERROR_STOP=1', '-d', databaseUrl, '-c', command], { limitMs: 600_000 });
  const columns = attributes.map((name) => `${name} text`).join(', ');
  await psql(`drop table if exists bench_limit; create table bench_limit (${columns})`);
  const copy = await timed(() => psql(`\\copy bench_limit from '${table}'`));
  await psql('drop table bench_limit');
  return search + copy;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

async function searchInto(slapd: TestSlapd, file: string): Promise<void> {
  const bind = ['-x', '-H', slapd.url, '-D', slapd.bindDn, '-w', slapd.bindPassword];
  const search = [
    '-LLL',
    '-o',
    'ldif-wrap=no',
    '-E',
    'pr=1000/noprompt',
    '-b',
    slapd.peopleDn,
    '(objectClass=inetOrgPerson)',
  ];
  const output = openSync(file, 'w');
  try {
    const child = spawn(programPath('ldapsearch'), [...bind, ...search, ...attributes], {
      stdio: ['ignore', output, 'inherit'],
    });
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) throw new Error(`ldapsearch ended with ${String(code)}`);
  } finally {
    closeSync(output);
  }
}

/** One line per entry, as COPY takes it. */
async function writeColumns(ldif: string, table: string): Promise<void> {
  const output = createWriteStream(table);
  let entry = new Map<string, string>();
  for await (const line of createInterface({ input: createReadStream(ldif) })) {
    if (line !== '') {
      const [, name = '', encoded, text = ''] = /^([^:]+):(:?) (.*)$/.exec(line) ?? [];
      entry.set(name, encoded === ':' ? Buffer.from(text, 'base64').toString() : text);
      continue;
    }
    if (entry.has('entryUUID') && !output.write(rowOf(entry))) await once(output, 'drain');
    entry = new Map();
  }
  output.end();
  await once(output, 'close');
}

function rowOf(entry: ReadonlyMap<string, string>): string {
  return `${attributes.map((name) => entry.get(name)?.replaceAll('\\', '\\\\') ?? '\\N').join('\t')}\n`;
}
