import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { startDaemon, type DaemonProcess } from '../bench/daemon-process.ts';
import { employees, teamMapping } from '../bench/employees.ts';
import { writeConfiguration } from '../bench/rosterd-process.ts';
import type { DatabaseConnection } from '../../src/store/database.ts';
import { acquireDataDirectory } from '../../src/store/embedded/data-directory.ts';
import { openEmbeddedDatabase } from '../../src/store/embedded/embedded-database.ts';
import { writeLdif, type DirectoryEntry } from '../support/services/people.ts';
import { readStore, type StoreContent } from './store-content.ts';

/** Where a site keeps its users: a PostgreSQL database, or the embedded one in its own folder. */
export type Database = { readonly kind: 'embedded' } | { readonly kind: 'postgres'; readonly url: string };

/** One installation of rosterd: a folder with configuration, source file and data directory, and a database. */
export interface Site {
  readonly folder: string;
  readonly sourceFile: string;
  readonly database: Database;
  readonly config: string;
  readonly dataDir: string;
}

const peopleDn = 'ou=people,dc=example,dc=com';
const noLimit = { number: 1_000_000, percent: 100 };

/**
 * Makes a site whose source file is not there yet. Nothing is ever held: whole populations change at once here. `sourceFile`
 * is that of another site, for a second process on the same database.
 */
export async function makeSite(
  folder: string,
  database: Database,
  sourceFile = join(folder, 'people.ldif'),
): Promise<Site> {
  await mkdir(folder, { recursive: true });
  const config = await writeConfiguration(folder, {
    database: database.kind === 'embedded' ? 'embedded' : database.url,
    dataDir: 'data',
    http: { port: 0 },
    log: { level: 'info' },
    guard: {
      firstImport: 'apply',
      created: noLimit,
      linked: noLimit,
      fieldChanged: noLimit,
      teamMoved: noLimit,
      gone: noLimit,
    },
    sources: [
      {
        id: 'directory',
        kind: 'ldif-file',
        connection: { path: sourceFile },
        createsUsers: true,
        mapping: teamMapping,
      },
    ],
  });
  return { folder, sourceFile, database, config, dataDir: join(folder, 'data') };
}

/** A site with a copy of another's data directory, for a store that is prepared once and used often. */
export async function copySite(from: Site, folder: string, database: Database): Promise<Site> {
  // The same file, because another one is another system (spec 2.6).
  const site = await makeSite(folder, database, from.sourceFile);
  if (database.kind === 'embedded')
    await cp(from.dataDir, site.dataDir, { recursive: true, filter: (path) => !isSocket(path) });
  return site;
}

function isSocket(path: string): boolean {
  return path.endsWith('/socket') || path.includes('/socket/');
}

/** Writes the source file: `count` people in the given edition, with a few that raise questions. */
export function writePeople(site: Site, count: number, edition: number): Promise<void> {
  return writeLdif(site.sourceFile, population(count, edition));
}

/**
 * Every 500th person has a rival: a second account with the same username (which is taken), or with the same employee id
 * (which of the two is who nobody can tell).
 */
function* population(count: number, edition: number): Generator<DirectoryEntry> {
  let index = 0;
  for (const entry of employees(count, peopleDn, edition)) {
    yield entry;
    index += 1;
    if (index % 500 !== 0) continue;
    const { attributes } = entry;
    const sameId = index % 1_000 === 0;
    const uid = String(attributes['uid']);
    const rival = sameId
      ? { uid: `${uid}-b`, mail: `${uid}-b@example.com`, employeeNumber: attributes['employeeNumber'] ?? '' }
      : { uid, mail: `${uid}-c@example.com`, employeeNumber: `9${String(index)}` };
    const entryUUID = String(attributes['entryUUID']).replace(/^.{8}/, sameId ? 'bbbbbbbb' : 'ffffffff');
    yield { dn: `uid=${rival.uid},ou=rivals,${peopleDn}`, attributes: { ...attributes, ...rival, entryUUID } };
  }
}

export function startSite(site: Site): Promise<DaemonProcess> {
  return startDaemon(site.config, site.dataDir);
}

/** What a site's store holds; no daemon may be at an embedded one meanwhile. */
export async function contentOf(site: Site): Promise<StoreContent> {
  if (site.database.kind === 'postgres') return readStore({ connectionString: site.database.url });
  return withEmbedded(site, readStore);
}

async function withEmbedded<Result>(
  site: Site,
  work: (connection: DatabaseConnection) => Promise<Result>,
): Promise<Result> {
  const dataDirectory = await acquireDataDirectory(site.dataDir, { role: 'command', waitMs: 10_000, create: false });
  try {
    const database = await openEmbeddedDatabase({ dataDirectory });
    try {
      return await work(database.connection);
    } finally {
      await database.close();
    }
  } finally {
    dataDirectory.release();
  }
}
