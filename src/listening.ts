import { rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { ApiInstance } from './api/instance.ts';
import type { HeldPort } from './held-port.ts';

/** Where the API is. */
interface Listening {
  /** Under which this machine's command line reaches it. */
  readonly address: string;
  /** What is really open: a wildcard is open to everybody, whatever address is said. */
  readonly listening: readonly string[];
}

/** Opens the API on the port that was held for it. */
export async function listen(
  { host, port }: { readonly host: string; readonly port: number },
  api: ApiInstance,
  held: HeldPort,
): Promise<Listening> {
  await held.release();
  const address = await api.listen({ host, port });
  return { address, listening: api.addresses().map((open) => placeOf(open as AddressInfo)) };
}

function placeOf({ address, port }: AddressInfo): string {
  return `${address.includes(':') ? `[${address}]` : address}:${String(port)}`;
}

const daemonFile = (dataDir: string): string => join(dataDir, 'daemon.json');

/** Leaves address and token for the command line on this machine; only the owner of the data directory can read them. */
export async function writeDaemonFile(
  dataDir: string,
  said: { readonly address: string; readonly token: string },
): Promise<void> {
  const file = { ...said, pid: process.pid, startedAt: new Date().toISOString() };
  await removeDaemonFile(dataDir);
  await writeFile(daemonFile(dataDir), JSON.stringify(file), { mode: 0o600, flag: 'wx' });
}

/** Of a daemon that ends. */
export function removeDaemonFile(dataDir: string): Promise<void> {
  return rm(daemonFile(dataDir), { force: true });
}
