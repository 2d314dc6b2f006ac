import { Counter, Gauge, Registry } from 'prom-client';
import type { Source } from './schemas/sources.ts';

/** What Prometheus reads. */
export interface Metrics {
  readonly contentType: string;
  /** The exposition text, with the state of the sources at this moment. */
  text(): Promise<string>;
  /** Counts a request that was refused: without a valid token, under an unknown host name, or one too many. */
  refused(why: string): void;
  /** Counts a run that has ended in this process. */
  runEnded(run: { readonly source: string; readonly mode: string; readonly state: string }): void;
}

const accountStates = ['present', 'disabled', 'gone'] as const;

/** The metrics of one process. `sources` is asked at each scrape. */
export function createMetrics(sources: () => Promise<readonly Source[]>): Metrics {
  const registers = [new Registry()];
  const runs = new Counter({
    name: 'rosterd_runs_total',
    help: 'Runs that ended in this process',
    labelNames: ['source', 'mode', 'state'],
    registers,
  });
  const refusals = new Counter({
    name: 'rosterd_requests_refused_total',
    help: 'Requests without a valid token, under an unknown host name, or beyond the limit',
    labelNames: ['why'],
    registers,
  });
  const lastSuccess = new Gauge({
    name: 'rosterd_last_success_timestamp_seconds',
    help: 'When the last successful run of the source ended',
    labelNames: ['source'],
    registers,
  });
  const accounts = new Gauge({
    name: 'rosterd_accounts',
    help: 'Accounts of the source by state',
    labelNames: ['source', 'state'],
    registers,
  });
  const [registry] = registers;
  if (registry === undefined) throw new Error('there is no registry of metrics');
  return {
    contentType: registry.contentType,
    async text() {
      const present = await sources();
      lastSuccess.reset();
      accounts.reset();
      for (const source of present) {
        if (source.lastSuccessAt !== null)
          lastSuccess.set({ source: source.id }, Date.parse(source.lastSuccessAt) / 1_000);
        for (const state of accountStates) accounts.set({ source: source.id, state }, source.accounts[state]);
      }
      return registry.metrics();
    },
    refused: (why) => refusals.inc({ why }),
    runEnded: ({ source, mode, state }) => runs.inc({ source, mode, state }),
  };
}
