import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { DaemonProcess } from '../bench/daemon-process.ts';
import type { Site } from './site.ts';

/** The parts of a run that a crash is aimed at. */
export type Phase = 'import' | 'waiting' | 'values' | 'planning' | 'identity' | 'finishing';

interface Look {
  readonly phase: string | null;
  readonly state: string;
  /** How many accounts the phase is through with. */
  readonly done: number;
}

/** Sees in which phase a site's newest run is: over SQL where that is possible, because it is quicker, else over the API. */
export interface Watch {
  readonly look: () => Promise<Look | undefined>;
  readonly close: () => Promise<void>;
}

export async function watch(site: Site, daemon: DaemonProcess): Promise<Watch> {
  if (site.database.kind === 'embedded') return { look: () => lookOverApi(daemon), close: () => Promise.resolve() };
  const client = new Client({ connectionString: site.database.url });
  await client.connect();
  return { look: async () => (await client.query<Look>(newestRun)).rows[0], close: () => client.end() };
}

const newestRun = `
  select phase, state, case phase
      when 'import' then (select count(*)::int from account where changed_at >= r.started_at)
      else (select count(*)::int from snapshot where applied_at >= r.started_at) end as done
  from run r order by id desc limit 1`;

async function lookOverApi(daemon: DaemonProcess): Promise<Look | undefined> {
  const { items } = await daemon.get<{ items: (Omit<Look, 'done'> & { progress: { done?: number } | null })[] }>(
    '/api/v1/runs?limit=1',
  );
  return items.map((run) => ({ ...run, done: run.progress?.done ?? 0 }))[0];
}

const limitMs = 300_000;
const over: ReadonlySet<string> = new Set(['completed', 'completed-with-rejects', 'failed', 'cancelled']);

/** Waits until the newest run is through with at least `done` accounts in `phase`; false where it was past that before it was seen. */
export async function untilPhase({ look }: Watch, phase: Phase, done: number): Promise<boolean> {
  const deadline = performance.now() + limitMs;
  let was = false;
  while (performance.now() < deadline) {
    const seen = await look();
    if (seen?.phase === phase && seen.done >= done) return true;
    if (seen !== undefined && (over.has(seen.state) || (was && seen.phase !== phase))) return false;
    was ||= seen?.phase === phase;
    await sleep(1);
  }
  throw new Error(`no run came to the phase ${phase} within ${limitMs} ms`);
}
