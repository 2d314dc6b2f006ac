import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { valueAt } from '../settings/key-path.ts';
import { topSchema } from '../settings/schema.ts';
import { parseConfiguration } from '../settings/yaml-file.ts';
import { fromEnvironment } from './environment.ts';
import type { World } from './world.ts';

/** How the command line reaches the daemon of this data directory; the daemon writes it at each start, readable by its owner. */
export interface DaemonFile {
  readonly address: string;
  readonly token: string;
  readonly pid: number;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
}

/**
 * The data directory of a configuration, absolute. Reads no more than that one key, so that a command reaches a running
 * daemon at once, and also while the rest of the file is being edited; what it cannot read is judged by the settings.
 */
export async function locateDataDirectory(configFile: string, world: World): Promise<string> {
  const folder = dirname(resolve(configFile));
  const named = fromEnvironment(world, 'ROSTERD_DATA_DIR') ?? (await writtenDataDir(configFile));
  if (named !== undefined) return resolve(folder, named);
  const daemon = await world.loadDaemon();
  return (await daemon.readSettings({ configFile, redactor: world.redactor, secrets: 'leave' })).dataDir;
}

async function writtenDataDir(configFile: string): Promise<string | undefined> {
  try {
    const { value, problems } = parseConfiguration(await readFile(configFile, 'utf8'), configFile);
    if (problems.length > 0) return undefined;
    const written = topSchema.shape.dataDir.safeParse(valueAt(value, ['dataDir']));
    return written.data;
  } catch {
    // The settings say what is wrong with the file, and what to do.
    return undefined;
  }
}

/** What the daemon of a data directory says of itself; null where none has said anything readable. */
export async function readDaemonFile(dataDir: string): Promise<DaemonFile | null> {
  try {
    const said: unknown = JSON.parse(await readFile(join(dataDir, 'daemon.json'), 'utf8'));
    return isDaemonFile(said) ? said : null;
  } catch (error) {
    if (error instanceof SyntaxError || isMissing(error)) return null;
    throw error;
  }
}

function isDaemonFile(value: unknown): value is DaemonFile {
  if (typeof value !== 'object' || value === null) return false;
  const said: Readonly<Record<string, unknown>> = { ...value };
  return typeof said['address'] === 'string' && typeof said['token'] === 'string';
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}
