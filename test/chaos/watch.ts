import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { DaemonProcess } from '../bench/daemon-process.ts';
import type { Site } from './site.ts';

/** The parts of a run that a crash is aimed at. */
export type Phase = 'import' | 'waiting' | 'values' | 'planning' | 'identity' | 'finishing';

interface Look {
  readonly phase: string | null;
  readonly state: string;
}

/** Sees in which phase a site's newest run is: over SQL where that is possible, because it is quicker, else over the API. */
export interface Watch {
  readonly look: () => Promise<Look | undefined>;
  readonly close: () => Promise<void>;
}

export async function watch(site: Site, daemon: DaemonProcess): Promise<Watch> {
  if (site.database.kind === 'embedded') {
    const look = async (): Promise<Look | undefined> =>
      (await daemon.get<{ items: Look[] }>('/api/v1/runs?limit=1')).items[0];
    return { look, close: () => Promise.resolve() };
  }
  const client = new Client({ connectionString: site.database.url });
  await client.connect();
  const look = async (): Promise<Look | undefined> =>
    (await client.query<Look>('select phase, state from run order by id desc limit 1')).rows[0];
  return { look, close: () => client.end() };
}

const limitMs = 300_000;
const over: ReadonlySet<string> = new Set(['completed', 'completed-with-rejects', 'failed', 'cancelled']);

/** Waits until the newest run has been in `phase` for `forMs`; false where it ended, or left the phase, before that. */
export async function untilPhase({ look }: Watch, phase: Phase, forMs: number): Promise<boolean> {
  const deadline = performance.now() + limitMs;
  let since: number | undefined;
  while (performance.now() < deadline) {
    const seen = await look();
    const now = performance.now();
    if (seen?.phase === phase) {
      since ??= now;
      if (now - since >= forMs) return true;
    } else if (since !== undefined) return false;
    else if (seen !== undefined && over.has(seen.state)) return false;
    await sleep(1);
  }
  throw new Error(`no run came to the phase ${phase} within ${limitMs} ms`);
}
