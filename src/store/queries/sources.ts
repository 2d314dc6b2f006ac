import type { Knex } from 'knex';
import { iso, sqlRows } from './sql.ts';

/** What the configuration says of a source, as far as its list shows it. */
export interface ConfiguredSource {
  readonly id: string;
  readonly kind: string;
  readonly as: 'acd' | 'directory';
  readonly enabled: boolean;
  readonly schedule: { readonly full: string; readonly delta?: string; readonly timeZone: string };
  /** The longest time between two runs of its schedule. */
  readonly promisedHours: () => number;
}

/** How old a source's last success is, against what its schedule promises (spec 14.6). */
interface Freshness {
  /** Since its last success, or, without one, since its schedule first counted; null before that. */
  readonly ageSeconds: number | null;
  readonly promisedSeconds: number | null;
  /** Older than two turns of its schedule; a source that is paused or retired owes none. */
  readonly overdue: boolean;
}

type SourceState = 'ok' | 'paused' | 'failing' | 'held' | 'never-run' | 'running' | 'retired';

/**
 * How many of a source's accounts stand how: `present` are the living ones, and these are linked, unmatched, waiting, in question,
 * ignored, unlinked, or not decided on yet.
 */
interface SourceAccounts {
  readonly present: number;
  readonly disabled: number;
  readonly gone: number;
  readonly linked: number;
  readonly unmatched: number;
  readonly waiting: number;
  readonly question: number;
  readonly ignored: number;
  readonly unlinked: number;
  readonly undecided: number;
}

/** A source as the API answers it: configuration, state and counts. */
interface SourceJson {
  readonly id: string;
  readonly kind: string;
  /** Null for a source that is no longer configured. */
  readonly as: 'acd' | 'directory' | null;
  readonly enabled: boolean;
  readonly configured: boolean;
  readonly state: SourceState;
  readonly failures: number;
  readonly pausedBy: string | null;
  readonly pauseReason: string | null;
  readonly pausedAt: string | null;
  readonly retiredBy: string | null;
  readonly retireReason: string | null;
  readonly retiredAt: string | null;
  readonly systemId: string | null;
  /** Another system that its last run found in its place, to be confirmed by a person (spec 2.6). */
  readonly newSystemId: string | null;
  readonly lastSuccessAt: string | null;
  readonly lastCompleteAt: string | null;
  readonly schedule: ConfiguredSource['schedule'] | null;
  readonly accounts: SourceAccounts;
  /** Sources whose first whole import its latest run waited for (spec 4.8). */
  readonly waitingFor: readonly string[];
  /** Empty where the schedule starts nothing: paused, retired, disabled. */
  readonly nextRuns: readonly string[];
  readonly freshness: Freshness;
  /** The run that waits for a person's approval. */
  readonly heldRun: number | null;
  /** Why its last run failed, as long as none has succeeded since. */
  readonly failing: { readonly run: number; readonly error: string | null; readonly message: string | null } | null;
  readonly lastRun: {
    readonly id: number;
    readonly state: string;
    readonly error: string | null;
    readonly message: string | null;
  } | null;
}

interface StateRow {
  readonly source_id: string;
  readonly kind: string;
  readonly system_id: string | null;
  readonly system_id_found: string | null;
  readonly last_success_at: Date | null;
  readonly last_complete_at: Date | null;
  readonly failures: number;
  readonly paused_at: Date | null;
  readonly paused_by: string | null;
  readonly pause_reason: string | null;
  readonly retired_at: Date | null;
  readonly retired_by: string | null;
  readonly retire_reason: string | null;
  readonly running: boolean;
  readonly run_id: number | null;
  readonly run_state: string | null;
  readonly error_code: string | null;
  readonly error_message: string | null;
  readonly waiting_for: readonly string[] | null;
  readonly age: number | null;
  readonly held_run: number | null;
  readonly failed_run: number | null;
  readonly failed_code: string | null;
  readonly failed_message: string | null;
}

interface CountRow {
  readonly source_id: string;
  readonly accounts: SourceAccounts;
}

export interface SourceQueries {
  /** In the order of the configuration; sources that are configured no longer come last. */
  list(): Promise<readonly SourceJson[]>;
  get(id: string): Promise<SourceJson | null>;
}

/** Sources as people and programs see them. */
export function createSourceQueries(
  knex: Knex,
  configured: readonly ConfiguredSource[],
  nextRuns: (source: string) => readonly string[],
): SourceQueries {
  const list = async (only: string | null): Promise<SourceJson[]> => {
    const [states, counts] = await Promise.all([statesOf(knex, only), countsOf(knex, only)]);
    const known = configured.filter((source) => only === null || source.id === only);
    const rest = states.filter((state) => !configured.some((source) => source.id === state.source_id));
    return [...known, ...rest].map((source) => {
      const id = 'source_id' in source ? source.source_id : source.id;
      return toJson(
        'source_id' in source ? { ...source, id } : source,
        states.find((state) => state.source_id === id),
        counts.find((row) => row.source_id === id),
        nextRuns(id),
      );
    });
  };
  return {
    list: () => list(null),
    get: async (id) => (await list(id))[0] ?? null,
  };
}

function statesOf(knex: Knex, only: string | null): Promise<StateRow[]> {
  return sqlRows<StateRow>(
    knex,
    `select s.source_id, s.kind, s.system_id, s.system_id_found, s.last_success_at, s.last_complete_at, s.failures,
            s.paused_at, s.paused_by, s.pause_reason, s.retired_at, s.retired_by, s.retire_reason, latest.id as run_id, latest.state as run_state, latest.error_code, latest.error_message,
            latest.waiting_for, failed.id as failed_run, failed.error_code as failed_code, failed.error_message as failed_message,
            cast(extract(epoch from now() - coalesce(s.last_success_at, s.scheduled_since)) as integer) as age,
            (select max(id) from run where source_id = s.source_id and state = 'held') as held_run,
            exists (select 1 from run where source_id = s.source_id and state in ('importing', 'reconciling')) as running
       from source_state s
            left join lateral (select id, state, error_code, error_message, waiting_for from run where source_id = s.source_id
                                order by id desc limit 1) latest on true
            left join lateral (select id, error_code, error_message from run
                                where s.failures > 0 and source_id = s.source_id and state = 'failed' order by id desc limit 1) failed on true
      where cast(:only as text) is null or s.source_id = :only
      order by s.source_id`,
    { only },
  );
}

function countsOf(knex: Knex, only: string | null): Promise<CountRow[]> {
  const present = (standing: string): string => `state = 'present' and standing = '${standing}'`;
  const counts = [
    ...['present', 'disabled', 'gone'].map((state) => [state, `state = '${state}'`] as const),
    ...['linked', 'unmatched', 'waiting', 'question', 'ignored', 'unlinked'].map(
      (standing) => [standing, present(standing)] as const,
    ),
    ['undecided', present('new')],
  ] as const;
  const pairs = counts.map(([name, condition]) => `'${name}', coalesce(sum(count) filter (where ${condition}), 0)`);
  return sqlRows<CountRow>(
    knex,
    `select source_id, json_build_object(${pairs.join(', ')}) as accounts
       from account_count where ${only === null ? 'true' : 'source_id = :only'} group by source_id`,
    { only },
  );
}

const noAccounts: SourceAccounts = {
  ...{ present: 0, disabled: 0, gone: 0 },
  ...{ linked: 0, unmatched: 0, waiting: 0, question: 0, ignored: 0, unlinked: 0, undecided: 0 },
};

type Named = Pick<ConfiguredSource, 'id' | 'kind'> & Partial<ConfiguredSource>;

function toJson(
  source: Named,
  state: StateRow | undefined,
  counts: CountRow | undefined,
  nextRuns: readonly string[],
): SourceJson {
  return {
    id: source.id,
    kind: source.kind,
    as: source.as ?? null,
    enabled: source.enabled ?? false,
    configured: source.enabled !== undefined,
    state: stateOf(state),
    failures: state?.failures ?? 0,
    pausedBy: state?.paused_by ?? null,
    pauseReason: state?.pause_reason ?? null,
    pausedAt: iso(state?.paused_at ?? null),
    retiredBy: state?.retired_by ?? null,
    retireReason: state?.retire_reason ?? null,
    retiredAt: iso(state?.retired_at ?? null),
    systemId: state?.system_id ?? null,
    newSystemId: state?.system_id_found ?? null,
    lastSuccessAt: iso(state?.last_success_at ?? null),
    lastCompleteAt: iso(state?.last_complete_at ?? null),
    schedule: source.schedule ?? null,
    accounts: counts?.accounts ?? noAccounts,
    waitingFor: state?.waiting_for ?? [],
    nextRuns: rests(state) ? [] : nextRuns,
    freshness: freshnessOf(source, state),
    heldRun: state?.held_run ?? null,
    failing:
      state === undefined || state.failed_run === null
        ? null
        : { run: state.failed_run, error: state.failed_code, message: state.failed_message },
    lastRun: lastRunOf(state),
  };
}

/** Nothing starts it by itself. */
function rests(state: StateRow | undefined): boolean {
  return state !== undefined && (state.retired_at !== null || state.paused_at !== null);
}

function freshnessOf({ promisedHours, enabled }: Named, state: StateRow | undefined): Freshness {
  const promisedSeconds = promisedHours === undefined ? null : Math.round(promisedHours() * 3_600);
  const ageSeconds = state?.age ?? null;
  const owes = enabled === true && !rests(state) && promisedSeconds !== null && ageSeconds !== null;
  return { ageSeconds, promisedSeconds, overdue: owes && ageSeconds > 2 * promisedSeconds };
}

function lastRunOf(state: StateRow | undefined): SourceJson['lastRun'] {
  if (state === undefined || state.run_id === null || state.run_state === null) return null;
  return { id: state.run_id, state: state.run_state, error: state.error_code, message: state.error_message };
}

/** What a person should know first: whether it will run at all, whether it does, how it went. */
function stateOf(state: StateRow | undefined): SourceState {
  if (state === undefined) return 'never-run';
  if (state.retired_at !== null) return 'retired';
  if (state.paused_at !== null) return 'paused';
  if (state.running) return 'running';
  if (state.failures > 0) return 'failing';
  if (state.held_run !== null) return 'held';
  return state.last_success_at === null ? 'never-run' : 'ok';
}
