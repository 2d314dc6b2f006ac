import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { apiPath, ask } from '../api-client.ts';
import { addCommand } from '../command.ts';
import { firstOf } from '../command.ts';
import type { RosterdCommand, Runner } from '../command.ts';
import { needConsent } from '../consent.ts';
import type { Context } from '../context.ts';
import { CliError, UsageError } from '../errors.ts';
import { exitCode } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { printListing } from '../listing.ts';
import { ProgressLine } from '../progress.ts';
import type { PeopleImport, PeopleImportRow } from '../shapes.ts';
import { mappingFrom, mappingOptions, type MappingOptions } from './csv-mappings.ts';

interface ImportOptions extends MappingOptions {
  readonly mapping?: string;
  readonly saveMapping?: string;
  readonly keepMissing?: boolean;
  readonly skipBad?: boolean;
  readonly beyondLimits?: boolean;
  readonly preview?: boolean;
  readonly reason?: string;
  readonly yes?: boolean;
}

const pauseMs = 200;

/** `csv import FILE`, and what becomes of imports: list, show, apply, cancel, undo (spec 17). */
export function addCsvImportCommands(csv: RosterdCommand, runner: Runner): void {
  addCommand<ImportOptions>(csv, runner, {
    call: 'import <FILE>',
    summary: 'create and change users as a file says',
    details: [
      'Shows everything first: how many rows of each kind, then the names, then the fields; what would be cleared in a kind',
      'of its own. A blank cell, and a column that the file does not have, clear the value that people have set.',
      'User ID 0 is a new user; the date 12/31/2999 in Deactivated activates. Rows with mistakes are named, and nothing is',
      'imported then, unless they are skipped. It goes on in the daemon when this command is interrupted.',
    ].join('\n'),
    arguments: { FILE: 'a CSV file with the columns of people.csv' },
    options: [
      ['--mapping <NAME>', 'a saved mapping of columns (rosterd csv mappings list)'],
      ...mappingOptions,
      ['--save-mapping <NAME>', 'save the mapping given here under this name'],
      ['--keep-missing', 'columns that the file does not have clear nothing'],
      ['--skip-bad', 'leave rows with mistakes out and import the others: exit code 5'],
      ['--beyond-limits', "go on although it is beyond the guard's limits; --yes alone does not say so"],
      ['--preview', 'only show what would change'],
      ['--reason <TEXT>', 'why; kept in the history'],
      ['--yes', 'do not ask'],
    ],
    run: (context, args, options) => importFile(context, firstOf(args), options),
  });
  addCommand(csv, runner, {
    call: 'list',
    summary: 'imports, the latest first',
    run: async (context) => {
      await printListing<PeopleImport>(context, {
        path: apiPath('csv', 'imports'),
        columns: [
          { head: 'IMPORT', value: ({ id }) => id, align: 'right' },
          { head: 'FILE', value: ({ fileName }) => fileName },
          { head: 'STATE', value: ({ state, cancelledBy }) => (cancelledBy === null ? state : 'cancelled') },
          { head: 'BY', value: ({ askedBy }) => askedBy },
          { head: 'ROWS', value: ({ shown }) => shown.rows, align: 'right' },
          { head: 'CHANGED', value: ({ progress }) => progress.changed, align: 'right' },
          { head: 'REFUSED', value: ({ progress }) => progress.refused, align: 'right' },
          { head: 'UNDOES', value: ({ undoes }) => undoes, align: 'right' },
        ],
        empty: 'No imports yet: rosterd csv import FILE',
      });
      return undefined;
    },
  });
  addCommand(csv, runner, {
    call: 'show <IMPORT>',
    summary: 'what an import changes, row by row, and what became of it',
    arguments: { IMPORT: 'its number' },
    run: async (context, args) => {
      const found = (await ask(
        await context.api('read'),
        'GET',
        apiPath('csv', 'imports', idFrom(args)),
      )) as PeopleImport;
      if (context.json) await rowsAsJson(context, found);
      else {
        await showImport(context, found);
        if (found.state !== 'shown') await outcome(context, found);
      }
      return undefined;
    },
  });
  addCommand<Pick<ImportOptions, 'skipBad' | 'beyondLimits' | 'reason' | 'yes'>>(csv, runner, {
    call: 'apply <IMPORT>',
    summary: 'carry out an import that was only shown: it waits for a day',
    arguments: { IMPORT: 'its number' },
    options: [
      ['--skip-bad', 'leave rows with mistakes out and import the others: exit code 5'],
      ['--beyond-limits', "go on although it is beyond the guard's limits; --yes alone does not say so"],
      ['--reason <TEXT>', 'why; kept in the history'],
      ['--yes', 'do not ask'],
    ],
    run: async (context, args, options) => {
      const path = apiPath('csv', 'imports', idFrom(args));
      const found = (await ask(await context.api('write'), 'GET', path)) as PeopleImport;
      if (found.state === 'shown') return carryOut(context, found, options);
      throw new CliError('import-not-shown', exitCode.failed, `import ${String(found.id)} does not wait`, {
        remedy: `rosterd csv show ${String(found.id)} says what became of it`,
      });
    },
  });
  addCommand(csv, runner, {
    call: 'cancel <IMPORT>',
    summary: 'stop an import; rows that are not done yet are left as they are',
    arguments: { IMPORT: 'its number' },
    run: async (context, args) => {
      const path = apiPath('csv', 'imports', idFrom(args), 'cancel');
      const cancelled = (await ask(await context.api('write'), 'POST', path)) as PeopleImport;
      if (context.json) await context.out.json(cancelled);
      else if (cancelled.cancelledBy === null) await context.out.line(`Import ${cancelled.id} was finished already.`);
      else await context.out.line(`Import ${cancelled.id} is cancelled: ${cancelled.progress.done} rows were done.`);
      return undefined;
    },
  });
  addCommand<Pick<ImportOptions, 'reason' | 'yes' | 'beyondLimits'>>(csv, runner, {
    call: 'undo <IMPORT>',
    summary: 'take a whole import back; what was changed since is named and stays',
    arguments: { IMPORT: 'its number' },
    options: [
      ['--beyond-limits', "go on although it is beyond the guard's limits; --yes alone does not say so"],
      ['--reason <TEXT>', 'why; kept in the history'],
      ['--yes', 'do not ask'],
    ],
    run: async (context, args, options) => {
      const { reason } = options;
      const body = reason === undefined ? {} : { reason };
      const path = apiPath('csv', 'imports', idFrom(args), 'undo');
      const shown = (await ask(await context.api('write'), 'POST', path, { body })) as PeopleImport;
      return carryOut(context, shown, { ...options, skipBad: true });
    },
  });
}

function idFrom(args: readonly string[]): string {
  const id = firstOf(args);
  if (!/^[1-9]\d{0,9}$/.test(id)) throw new UsageError(`"${id}" is no number of an import`);
  return id;
}

async function importFile(context: Context, path: string, options: ImportOptions): Promise<ExitCode | undefined> {
  const { mapping: mappingName, saveMapping, keepMissing, reason } = options;
  const mapping = mappingFrom(options);
  if (mappingName !== undefined && mapping !== undefined)
    throw new UsageError('--mapping names a saved one: the other options of columns and dates belong to a new one');
  const content = await contentOf(path);
  const client = await context.api('write');
  if (saveMapping !== undefined) {
    if (mapping === undefined) throw new UsageError('--save-mapping saves what --column and --dates say: give them');
    await ask(client, 'PUT', apiPath('csv', 'mappings', saveMapping), { body: mapping });
  }
  const body = {
    ...{ fileName: basename(path), content },
    ...(mappingName === undefined ? {} : { mappingName }),
    ...(mapping === undefined ? {} : { mapping }),
    ...(keepMissing === undefined ? {} : { keepMissing }),
    ...(reason === undefined ? {} : { reason }),
  };
  return carryOut(context, (await ask(client, 'POST', apiPath('csv', 'imports'), { body })) as PeopleImport, options);
}

async function contentOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'base64');
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
    throw new UsageError(`${path} cannot be read (${reason})`);
  }
}

/** Shows what would be done, asks, has it done and says what became of it. */
async function carryOut(context: Context, shown: PeopleImport, options: ImportOptions): Promise<ExitCode | undefined> {
  const { skipBad = false, beyondLimits = false, preview = false, reason, yes } = options;
  const { errors, exceeded } = shown.shown;
  if (context.json) {
    if (preview || yes !== true) await rowsAsJson(context, shown);
  } else await showImport(context, shown);
  if (errors > 0 && !skipBad)
    throw new CliError(
      'import-has-errors',
      exitCode.failed,
      `${String(errors)} rows have mistakes: nothing was imported`,
      {
        remedy: 'mend them, or leave them out with --skip-bad',
      },
    );
  const left = errors > 0 ? exitCode.rejects : undefined;
  if (shown.progress.rows === 0) return left;
  if (preview) {
    await context.err.line(`It waits for a day: rosterd csv apply ${String(shown.id)}`);
    return left;
  }
  await needConsent(context, `Change ${String(shown.progress.rows)} users?`, yes);
  if (exceeded.length > 0 && !beyondLimits) {
    const what = exceeded
      .map((each) => `${each.class} ${String(each.count)} (${each.percent.toFixed(0)} %)`)
      .join(', ');
    const question = `This is beyond the guard's limits: ${what}. Really?`;
    if (yes === true)
      throw new CliError(
        'import-beyond-limits',
        exitCode.held,
        `nothing was imported: beyond the guard's limits: ${what}`,
        {
          remedy: `say so with --beyond-limits`,
        },
      );
    await needConsent(context, question, undefined);
  }
  const client = await context.api('write');
  await ask(client, 'POST', apiPath('csv', 'imports', shown.id, 'apply'), {
    body: {
      ...{ digest: shown.digest, skipBad, beyondLimits: exceeded.length > 0 },
      ...(reason === undefined ? {} : { reason }),
    },
  });
  const finished = await untilFinished(context, shown.id);
  if (context.json) await rowsAsJson(context, finished);
  else await outcome(context, finished);
  if (finished.cancelledBy !== null) return exitCode.failed;
  return finished.progress.refused > 0 ? exitCode.rejects : left;
}

async function untilFinished(context: Context, id: number): Promise<PeopleImport> {
  const client = await context.api('write');
  const progress = new ProgressLine(context.err, () => context.world.now().getTime());
  for (;;) {
    const found = (await ask(client, 'GET', apiPath('csv', 'imports', id))) as PeopleImport;
    if (found.state === 'finished') {
      await progress.clear();
      return found;
    }
    await progress.show(`${String(found.progress.done)} of ${String(found.progress.rows)} rows`);
    await context.world.sleep(pauseMs, AbortSignal.timeout(pauseMs * 2));
  }
}

const classWords: Readonly<Record<keyof PeopleImport['shown']['counts'], string>> = {
  created: 'created',
  activated: 'activated',
  deactivated: 'deactivated',
  changed: 'changed',
  override: 'overridden (a source supplies it, and the file says something else)',
  cleared: 'CLEARED',
  teams: 'in other teams or groups',
  roles: 'with other roles',
  scope: 'with another scope',
};

/** First the counts, then names with their fields, what stays, and what is wrong. */
async function showImport(context: Context, { id, shown, missing }: PeopleImport): Promise<void> {
  const line = (text: string): Promise<void> => context.out.line(text);
  await line(`Import ${id}: ${shown.rows} rows, ${shown.unchanged} change nothing, ${shown.errors} with mistakes`);
  for (const [name, words] of Object.entries(classWords) as [keyof typeof classWords, string][])
    if (shown.counts[name] > 0) await line(`  ${String(shown.counts[name]).padStart(6)} ${words}`);
  if (shown.unread.length > 0) await line(`Columns that nobody reads: ${shown.unread.join(', ')}`);
  if (missing.length > 0)
    await line(`Columns that are not there, which clears them (--keep-missing leaves them): ${missing.join(', ')}`);
  const path = apiPath('csv', 'imports', id, 'rows');
  await printListing<PeopleImportRow>(context, {
    path,
    columns: [
      { head: 'ROW', value: ({ row }) => row, align: 'right' },
      { head: 'USER', value: ({ userId }) => userId, align: 'right' },
      { head: 'NAME', value: ({ name }) => name },
      { head: 'WHAT', value: rowText },
    ],
    empty: '',
  });
}

function rowText({ changes, kept, errors }: PeopleImportRow): string {
  const value = (each: string | readonly string[] | null): string =>
    each === null ? '(none)' : typeof each === 'string' ? each : `[${each.join('; ')}]`;
  const mistakes = errors.map(({ column, message }) => `MISTAKE${column === null ? '' : ` in ${column}`}: ${message}`);
  if (mistakes.length > 0) return mistakes.join(' ');
  return [
    ...changes.map(({ column, field, before, after, how }) => {
      const words = how === 'changed' ? '' : how === 'cleared' ? ' (cleared)' : ' (override)';
      return `${column ?? field}: ${value(before)} → ${value(after)}${words}`;
    }),
    ...kept.map(({ column, message }) => (column === null ? message : `${column} stays: ${message}`)),
  ].join(', ');
}

async function outcome(context: Context, { id, progress, cancelledBy, shown }: PeopleImport): Promise<void> {
  if (progress.refused > 0)
    await printListing<PeopleImportRow>(context, {
      path: apiPath('csv', 'imports', id, 'rows'),
      query: { outcome: 'refused' },
      columns: [
        { head: 'ROW', value: ({ row }) => row, align: 'right' },
        { head: 'NAME', value: ({ name }) => name },
        { head: 'REFUSED, BECAUSE', value: ({ message }) => message },
      ],
      empty: '',
    });
  await context.out.line(
    `${String(progress.changed)} users changed, ${String(progress.unchanged)} were so already, ${String(progress.refused)} refused${shown.errors > 0 ? `, ${String(shown.errors)} rows with mistakes left out` : ''}. Take it back: rosterd csv undo ${String(id)}`,
  );
  if (cancelledBy !== null) await context.err.line(`cancelled by ${cancelledBy}: the other rows were left as they are`);
}

/** For programs: the import, then its rows. */
async function rowsAsJson(context: Context, found: PeopleImport): Promise<void> {
  await context.out.json(found);
  await printListing<PeopleImportRow>(context, {
    path: apiPath('csv', 'imports', found.id, 'rows'),
    columns: [],
    empty: '',
  });
}
