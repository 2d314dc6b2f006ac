import { compareText } from '../domain/text.ts';
import type { Policy, SourceId } from '../domain/user.ts';
import type { ReconcileReads } from '../apply/ports.ts';
import type { RunnableSource, RunRecord, RunStore, SourceState, SourceStore } from './ports.ts';

export interface DueOptions {
  readonly sources: readonly RunnableSource[];
  readonly policy: () => { readonly content: Policy };
  readonly runStore: RunStore;
  readonly sourceStore: SourceStore;
  readonly reads: Pick<ReconcileReads, 'hasUsers'>;
}

/** Finds out what is to be reconciled next, from what stands in the database. */
export class Due {
  readonly #options: DueOptions;

  constructor(options: DueOptions) {
    this.#options = options;
  }

  /** The due source of the highest rank goes first; lower ones wait for it, also while it is importing (spec 4.8). */
  async nextRun(): Promise<RunRecord | null> {
    const { runStore, sourceStore, reads } = this.#options;
    const ready = await runStore.reconcilable();
    const policyRun = ready.find((run) => run.source === null);
    if (policyRun !== undefined) return policyRun;
    const states = await sourceStore.states();
    const anybody = await reads.hasUsers();
    const woken = await this.#wokenSources(states, anybody);
    const importing = new Set(await runStore.importing());
    for (const source of this.#byRank()) {
      const run = ready.find((each) => each.source === source.id);
      if (run !== undefined) return run;
      if (importing.has(source.id)) {
        if (anybody && !isIdle(states.get(source.id)) && (await runStore.hasDue(source.id))) return null;
        continue;
      }
      const started = woken.includes(source.id) ? await runStore.startWoken(source.id, []) : null;
      if (started !== null) return runStore.get(started);
    }
    return null;
  }

  /** Whether a run has become ready meanwhile. */
  async anyReady(): Promise<boolean> {
    return (await this.#options.runStore.reconcilable()).length > 0;
  }

  /** The sources that a run of a sync has woken, itself perhaps among them. */
  async wokenBy(run: RunRecord): Promise<SourceId[]> {
    if (run.syncIds.length === 0) return [];
    const { runStore, sourceStore, reads } = this.#options;
    const states = await sourceStore.states();
    const anybody = await reads.hasUsers();
    if (!anybody && (await this.waitingFor(states)).length > 0) return [];
    const woken = await this.#wokenSources(states, anybody);
    const own = run.source;
    if (own === null || isIdle(states.get(own)) || states.get(own)?.stuck === true) return woken;
    if (!(await runStore.hasDue(own))) return woken;
    return [...woken, own];
  }

  /** The sources whose first whole import the creation of users waits for (spec 4.8). */
  waitingFor(states: ReadonlyMap<SourceId, SourceState>): Promise<SourceId[]> {
    const counted = this.#options.sources.filter((source) => {
      const state = states.get(source.id);
      return state?.pausedByPerson !== true && state?.retired !== true;
    });
    return this.#options.sourceStore.awaitingFirstImport(counted.map((source) => source.id));
  }

  async #wokenSources(states: ReadonlyMap<SourceId, SourceState>, anybody: boolean): Promise<SourceId[]> {
    if (!anybody && (await this.waitingFor(states)).length > 0) return [];
    const configured = new Set(this.#options.sources.map((source) => source.id));
    const due = await this.#options.runStore.sourcesWithDue();
    return due.filter((id) => configured.has(id) && !isIdle(states.get(id)));
  }

  #byRank(): readonly RunnableSource[] {
    const rank = this.#options.policy().content.rank.map((source) => source.id);
    return [...this.#options.sources].sort(
      (a, b) => rank.indexOf(a.id) - rank.indexOf(b.id) || compareText(a.id, b.id),
    );
  }
}

/** Paused and retired sources are left alone and make nobody wait. */
export function isIdle(state: SourceState | undefined): boolean {
  return state === undefined || state.paused || state.retired;
}
