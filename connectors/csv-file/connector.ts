import { Collected } from '../../src/connector-kit/collected.ts';
import type { CheckStep, Connector, Kit, Read, Session } from '../../src/connector-kit/contract.ts';
import { readCsv, readCsvHeader } from '../../src/connector-kit/csv.ts';
import type { CsvFlaw, CsvRow } from '../../src/connector-kit/csv.ts';
import { SourceError } from '../../src/connector-kit/errors.ts';
import { describeFile, describePage, firstPage } from '../../src/connector-kit/file-check.ts';
import { readOneOf } from '../../src/connector-kit/one-of-file.ts';
import { SourceFile } from '../../src/connector-kit/file.ts';
import { CheckReport } from '../../src/connector-kit/check-report.ts';
import type { Finding } from '../../src/connector-kit/check-report.ts';
import { describeOffered } from '../../src/connector-kit/offered.ts';
import { nameKey } from '../../src/connector-kit/value.ts';
import { config } from './config.ts';
import type { Config } from './config.ts';
import { mapRow, positionOf } from './map.ts';
import type { MapContext } from './map.ts';
import { findColumns } from './schema.ts';
import type { Columns } from './schema.ts';

/** A table of agents or people in CSV (RFC 4180), for ACDs without an interface (spec 17.6). */
export const connector: Connector<Config> = {
  kind: 'csv-file',
  as: 'acd',
  capabilities: {
    delta: false,
    tombstones: false,
    reusableIds: false,
    teams: true,
    supervision: true,
    ownsSupervision: false,
  },
  configSchema: config,
  defaultMatch: [['employeeId'], ['email']],
  open: openSession,
  check,
};

async function openSession(settings: Config, kit: Kit): Promise<Session> {
  const file = await openFile(settings);
  try {
    const columns = await columnsOf(file, kit);
    return {
      // A file has no identity of its own: it is moved and replaced as a matter of course. Another column of ids is another system.
      systemId: `ids in column ${nameKey(columns.externalId.name)}`,
      readAll: (signal) => readAll(file, columns, kit, signal),
      readOne: (externalId, signal) => readOneOf(readAll(file, columns, kit, signal), externalId),
      lookup: () => Promise.resolve('unsupported'),
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

function openFile({ connection }: Config): Promise<SourceFile> {
  return SourceFile.open(connection.path, connection.encoding);
}

async function columnsOf(file: SourceFile, kit: Kit): Promise<Columns> {
  const header = await readCsvHeader(file, kit.signal);
  if (header === undefined) {
    throw new SourceError(
      'fatal',
      'protocol',
      `${file.path} has no header: it is empty. Nothing was read of it; export it again.`,
    );
  }
  return findColumns(header, kit.mapping);
}

async function* readAll(file: SourceFile, columns: Columns, kit: Kit, signal: AbortSignal): Read {
  const collected = new Collected();
  const context = { columns, roleGroups: kit.roleGroups, today: new Date().toISOString().slice(0, 10) };
  const batches = readCsv(file, signal);
  let next = await batches.next();
  for (; next.done !== true; next = await batches.next()) {
    for (const found of [...next.value.flaws, ...next.value.rows]) {
      collect(found, context, collected);
      if (!collected.pageIsFull) continue;
      yield collected.takePage();
      signal.throwIfAborted();
    }
  }
  const page = collected.takePage();
  if (page.records.length + page.rejected.length > 0) yield page;
  const empty = collected.isEmpty ? 'the file has a header and no record' : undefined;
  const reasons = [next.value, empty, await file.changed()].filter((reason) => reason !== undefined);
  const offered = offeredBy(columns);
  return {
    whole: reasons.length === 0,
    ...(reasons.length === 0 ? {} : { reason: reasons.join('; ') }),
    ...(offered === undefined ? {} : { offered }),
  };
}

/** The columns that nobody reads (spec 2.9). */
function offeredBy({ unread, keys }: Columns): string | undefined {
  return describeOffered('columns', unread, (key) => !keys.has(key));
}

function collect(found: CsvFlaw | CsvRow, context: MapContext, collected: Collected): void {
  if ('reason' in found) {
    collected.reject({ position: positionOf(found), reason: found.reason });
    return;
  }
  const outcome = mapRow(found, context);
  if ('record' in outcome) collected.add(outcome.record, positionOf(found));
  else collected.reject(outcome.rejected);
}

/** The file, its columns, and its first page. */
async function check(settings: Config, kit: Kit): Promise<readonly CheckStep[]> {
  const report = new CheckReport();
  const file = await report.step('file', () => openFile(settings), describeFile);
  if (file === undefined) return report.steps;
  try {
    const columns = await report.step('columns', () => columnsOf(file, kit), describeColumns);
    if (columns === undefined) return report.steps;
    await report.step('page', () => firstPage(readAll(file, columns, kit, kit.signal)), describePage);
  } finally {
    await file.close();
  }
  return report.steps;
}

function describeColumns(columns: Columns): Finding {
  const read = [
    ...columns.fields.map(([field, { name }]) => `${field} from "${name}"`),
    ...Object.entries(columns.parts).map(([part, { name }]) => `${part} from "${name}"`),
  ];
  const detail = `id from "${columns.externalId.name}"; ${read.join(', ')}`;
  const offered = offeredBy(columns);
  return { detail: offered === undefined ? detail : `${detail}; ${offered}` };
}
