import { z } from 'zod';
import { guardClasses } from '../../domain/change.ts';
import { columnNames } from '../../people-csv/columns.ts';
import { dateFormats } from '../../people-csv/dates.ts';
import { rowClasses } from '../../people-csv/row-plan.ts';
import { id, idGiven, pageOf, pageRequest, reason, time } from './common.ts';
import { named } from './registry.ts';

const count = z.int().nonnegative();
const text = z.string().nullable();
const header = z.string().trim().min(1).max(256);
const dates = z.enum(dateFormats);
const outcome = z.enum(['changed', 'unchanged', 'refused']);
const column = z.enum(columnNames);

const mapping = named(
  'CsvMapping',
  z.strictObject({
    columns: z
      .partialRecord(column, z.strictObject({ header: header.optional(), dates: dates.optional() }))
      .default({})
      .describe('by column of people.csv: its name in the file, and the form of its dates'),
    dates: dates.optional().describe('of every column of dates that says nothing of its own'),
    encoding: z.string().min(1).max(40).optional().describe('such as windows-1250; utf-8 without one'),
  }),
);

export const mappingName = z.object({
  name: z
    .string()
    .regex(/^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,63}$/u)
    .describe('letters, digits, spaces and . _ -'),
});
export const mappingRequest = mapping;
const savedMapping = named('CsvSavedMapping', mapping.extend({ name: z.string(), savedBy: z.string(), savedAt: time }));
export type SavedCsvMapping = z.output<typeof savedMapping>;
export const mappingList = named('CsvMappingList', z.object({ items: z.array(savedMapping).readonly() }));

/** A file of some 60 MB. */
export const importBodyLimit = 84 * 1024 * 1024;

export const importRequest = z
  .strictObject({
    fileName: z.string().min(1).max(256).default('people.csv'),
    content: z.base64().describe('the file, byte for byte'),
    mappingName: z.string().min(1).max(64).optional().describe('a saved mapping'),
    mapping: mapping.optional(),
    keepMissing: z.boolean().default(false).describe('columns that the file does not have clear nothing'),
    reason: reason.nullish(),
  })
  .refine((given) => given.mapping === undefined || given.mappingName === undefined, {
    message: 'give mapping or mappingName',
  });

export const applyRequest = z.strictObject({
  digest: z.string().min(1).max(64).describe('of the import as it is shown'),
  skipBad: z.boolean().default(false).describe('leave rows with mistakes out'),
  beyondLimits: z.boolean().default(false).describe("although it is beyond the guard's limits"),
  reason: reason.nullish(),
});
export const undoImportRequest = z.strictObject({ reason: reason.nullish() });

const exceeded = z.object({
  class: z.enum(guardClasses),
  count,
  before: count,
  percent: z.number(),
  limit: z.object({ number: z.number(), percent: z.number() }).nullable(),
});

export const peopleImport = named(
  'CsvImport',
  z.object({
    id,
    fileName: z.string(),
    undoes: id.nullable().describe('the import that it takes back'),
    state: z.enum(['shown', 'running', 'finished']),
    digest: text,
    reason: text,
    askedBy: z.string(),
    cancelledBy: text,
    askedAt: time,
    startedAt: time.nullable(),
    finishedAt: time.nullable(),
    missing: z
      .array(z.string())
      .readonly()
      .describe('columns that the file does not have and that are cleared by that'),
    shown: z.object({
      rows: count,
      unchanged: count,
      errors: count.describe('rows with a mistake'),
      counts: z.object(
        Object.fromEntries(rowClasses.map((name) => [name, count])) as Record<
          (typeof rowClasses)[number],
          typeof count
        >,
      ),
      exceeded: z.array(exceeded).readonly(),
      unread: z.array(z.string()).readonly().describe('columns of the file that nobody reads'),
    }),
    progress: z.object({ rows: count, done: count, changed: count, unchanged: count, refused: count }),
  }),
);
export type PeopleImport = z.output<typeof peopleImport>;
export const peopleImportPage = pageOf('CsvImportPage', peopleImport);

export const importParameters = z.object({ id: idGiven });
export const importRowFilter = pageRequest.extend({
  class: z.enum([...rowClasses, 'errors', 'kept']).optional(),
  outcome: outcome.optional(),
});
const shownValue = z.union([z.string(), z.array(z.string()).readonly(), z.null()]);
const importRow = named(
  'CsvImportRow',
  z.object({
    row: z.int(),
    userId: id.nullable(),
    name: z.string(),
    classes: z.array(z.enum(rowClasses)).readonly(),
    changes: z
      .array(
        z.object({
          field: z.string(),
          column: column.nullable(),
          before: shownValue,
          after: shownValue,
          how: z.enum(['changed', 'cleared', 'override']),
        }),
      )
      .readonly(),
    kept: z.array(z.object({ column: column.nullable(), why: z.string(), message: z.string() })).readonly(),
    errors: z.array(z.object({ column: column.nullable(), code: z.string(), message: z.string() })).readonly(),
    outcome: outcome.nullable(),
    code: text,
    message: text,
  }),
);
export type PeopleImportRow = z.output<typeof importRow>;
export const importRowPage = pageOf('CsvImportRowPage', importRow);
