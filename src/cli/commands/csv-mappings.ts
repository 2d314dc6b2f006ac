import { columnNamed } from '../../people-csv/columns.ts';
import { dateFormats, type DateFormat } from '../../people-csv/dates.ts';
import type { MappedColumn } from '../../people-csv/mapping.ts';
import { apiPath, ask } from '../api-client.ts';
import { addCommand, addGroup, firstOf } from '../command.ts';
import type { RosterdCommand, Runner } from '../command.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { tableFor } from '../listing.ts';
import type { SavedCsvMapping } from '../shapes.ts';

/** How the columns of a file are called, and what its dates look like. */
export interface MappingOptions {
  readonly columns?: string;
  readonly dates?: DateFormat;
  readonly datesOf?: string;
  readonly encoding?: string;
}

export const mappingOptions = [
  ['--columns <LIST>', 'columns with other names in the file, such as "Email=E-mail Address;Login=User name"'],
  ['--dates <FORMAT>', 'how dates are written', dateFormats],
  ['--dates-of <LIST>', 'of single columns, such as "Company Start Date=MM/DD/YYYY;Deactivated=YYYY-MM-DD"'],
  ['--encoding <NAME>', 'of the file, such as windows-1250; utf-8 without one'],
] as const satisfies readonly (readonly [flags: string, help: string, choices?: readonly string[]])[];

/** Undefined where nothing is said. */
export function mappingFrom({ columns, dates, datesOf, encoding }: MappingOptions): object | undefined {
  if (columns === undefined && dates === undefined && datesOf === undefined && encoding === undefined) return undefined;
  const mapped: Record<string, MappedColumn> = {};
  for (const [column, header] of pairsOf('--columns', columns)) mapped[column] = { ...mapped[column], header };
  for (const [column, text] of pairsOf('--dates-of', datesOf)) {
    const format = dateFormats.find((each) => each === text.toUpperCase());
    if (format === undefined) throw new UsageError(`--dates-of: "${text}" is none of ${dateFormats.join(', ')}`);
    mapped[column] = { ...mapped[column], dates: format };
  }
  return {
    columns: mapped,
    ...(dates === undefined ? {} : { dates }),
    ...(encoding === undefined ? {} : { encoding }),
  };
}

function pairsOf(option: string, list: string | undefined): [string, string][] {
  return (list ?? '').split(';').flatMap((pair): [string, string][] => {
    if (pair.trim() === '') return [];
    const [name = '', value] = pair.split('=', 2);
    const column = columnNamed(name);
    if (column === null || value === undefined || value.trim() === '')
      throw new UsageError(`${option}: "${pair.trim()}" does not say COLUMN=… with a column of people.csv`);
    return [[column, value.trim()]];
  });
}

/** `csv mappings list|save|remove` (spec 17.2). */
export function addCsvMappingCommands(csv: RosterdCommand, runner: Runner): void {
  const mappings = addGroup(
    csv,
    'mappings',
    'list, save, remove: names of columns and forms of dates for the import',
    'How the columns of a file are called, saved under a name',
  );
  addCommand(mappings, runner, {
    call: 'list',
    summary: 'saved mappings',
    run: async (context) => {
      const { items } = await saved(context);
      if (context.json) await context.out.json(...items);
      else if (items.length === 0) await context.hint('No mapping is saved: rosterd csv mappings save NAME');
      else
        await context.out.write(
          tableFor<SavedCsvMapping>(context, [
            { head: 'NAME', value: ({ name }) => name, whole: true },
            { head: 'COLUMNS', value: columnsText },
            { head: 'DATES', value: ({ dates }) => dates },
            { head: 'ENCODING', value: ({ encoding }) => encoding },
            { head: 'BY', value: ({ savedBy }) => savedBy },
          ])(items),
        );
      return undefined;
    },
  });
  addCommand<MappingOptions>(mappings, runner, {
    call: 'save <NAME>',
    summary: 'save a mapping, in place of the one of that name',
    arguments: { NAME: 'such as "HR export"' },
    options: mappingOptions,
    run: async (context, args, options) => {
      const body = mappingFrom(options);
      if (body === undefined) throw new UsageError('say something of the columns: --columns, --dates, …');
      await ask(await context.api('write'), 'PUT', apiPath('csv', 'mappings', firstOf(args)), { body });
      if (!context.json) await context.out.line(`The mapping "${firstOf(args)}" is saved.`);
      return undefined;
    },
  });
  addCommand(mappings, runner, {
    call: 'remove <NAME>',
    summary: 'forget a mapping',
    arguments: { NAME: 'of a saved mapping' },
    run: async (context, args) => {
      await ask(await context.api('write'), 'POST', apiPath('csv', 'mappings', firstOf(args), 'remove'));
      if (!context.json) await context.out.line(`The mapping "${firstOf(args)}" is removed.`);
      return undefined;
    },
  });
}

async function saved(context: Context): Promise<{ readonly items: readonly SavedCsvMapping[] }> {
  const client = await context.api('read');
  return (await ask(client, 'GET', apiPath('csv', 'mappings'))) as { readonly items: readonly SavedCsvMapping[] };
}

function columnsText({ columns }: SavedCsvMapping): string {
  return Object.entries(columns)
    .map(([column, { header, dates }]) =>
      [`${column}${header === undefined ? '' : `=${header}`}`, dates].join(' ').trim(),
    )
    .join('; ');
}
