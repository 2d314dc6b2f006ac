import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { createAdministration, type Administration } from './access/administration.ts';
import { AccessRefusedError } from './access/errors.ts';
import { permissions } from './access/permissions.ts';
import { createProvider } from './access/open-id/provider.ts';
import { createOpenIdSignIn, type OpenIdSignIn } from './access/open-id/sign-in.ts';
import { createSignIn } from './access/sign-in.ts';
import { createAccessStore } from './store/access-store.ts';
import { createOpenIdStore, createSignInStore } from './store/sign-in-store.ts';
import { createAuthenticate } from './access/authentication.ts';
import { proofOf } from './access/daemon-proof.ts';
import { localOperatorName } from './access/operators.ts';
import { newToken } from './access/tokens.ts';
import { buildApi } from './api/build-api.ts';
import type { ApiDependencies, DryRuns } from './api/dependencies.ts';
import type { ApiInstance } from './api/instance.ts';
import {
  actionRules,
  askSource,
  checkSource,
  connectorDefinitions,
  rulesOf,
  runnableSources,
  windowsAccounts,
  type Connectors,
  type SourceWiring,
} from './configured-sources.ts';
import { configurationEpoch } from './configuration.ts';
import { inTime, notReady } from './readiness.ts';
import { ignoringRule } from './reconcile/ignore.ts';
import { distinctRules } from './reconcile/match-keys.ts';
import { longestGapHours } from './runs/schedule.ts';
import { Engine } from './runs/engine.ts';
import type { ConfigurationEpoch } from './runs/epoch.ts';
import { underLease } from './runs/heartbeat.ts';
import type { RunnableSource } from './runs/ports.ts';
import { describeSettings } from './settings/describe-settings.ts';
import type { Settings } from './settings/settings.ts';
import { createApiQueries } from './store/queries/api-queries.ts';
import { checkEpoch } from './store/epoch-store.ts';
import { importStore } from './store/import-store.ts';
import { leaseStore } from './store/leases.ts';
import { schemaState } from './store/migrate.ts';
import { createMappingStore, createPeopleImportStore } from './store/people-import-store.ts';
import { createBulkStore } from './store/bulk-store.ts';
import { createSelectionStore } from './store/selection-store.ts';
import { createAccountIgnoreStore } from './store/account-ignore-store.ts';
import { createOperatorStore } from './store/operator-store.ts';
import { policyStore } from './store/policy-store.ts';
import type { ReadRules } from './store/read-rules.ts';
import { reconcileStore } from './store/reconcile-store.ts';
import { runStore } from './store/run-store.ts';
import { isSweepDue, sweep } from './store/retention.ts';
import { settingOnce } from './store/setup.ts';
import { createMergeUndoStore } from './store/merge-undo-store.ts';
import { createLinkMoveStore } from './store/link-move-store.ts';
import { createMergeStore } from './store/merge-store.ts';
import { createSourceIdentityStore } from './store/source-identity-store.ts';
import { createPurgeStore } from './store/purge-store.ts';
import { createRefusalStore } from './store/refusal-store.ts';
import { createHeldRunStore } from './store/held-run-store.ts';
import { createSourcePauseStore } from './store/source-pause-store.ts';
import { sourceStore } from './store/source-store.ts';
import type { Db } from './store/sql.ts';
import { endPassedSwitches } from './store/sync-off-end.ts';
import { createUndoJobStore } from './store/undo-job-store.ts';
import { createUndoStore } from './store/undo-store.ts';
import { createUserStore } from './store/user-store.ts';
import { createGroupStore } from './store/group-store.ts';
import { operatorSight } from './store/sight.ts';
import { createWorklistAckStore } from './store/worklist-ack-store.ts';
import type { Logger } from './telemetry/logger.ts';
import { product } from './telemetry/product.ts';
import type { Redactor } from './telemetry/redactor.ts';
import { createPeopleImports, type PeopleImports } from './people-csv/import.ts';
import { createMappings } from './people-csv/mappings.ts';
import { createBulkActs } from './users/bulk-acts.ts';
import { createBulk, type Bulk } from './users/bulk.ts';
import { createAccountIgnore } from './users/account-ignore.ts';
import { createUndoMerge } from './users/merge-undo.ts';
import { createLinkMove } from './users/link-move.ts';
import { createMerges, type Merges } from './users/merge.ts';
import { createConfirmSystem } from './users/source-identity.ts';
import { createCreateUser } from './users/create-user.ts';
import { createPurge } from './users/purge.ts';
import { createRefusals } from './users/refusals.ts';
import { createHeldRuns } from './users/held-run.ts';
import { createSourcePause } from './users/source-pause.ts';
import { createUndo } from './users/undo.ts';
import { createUndoJobs, type UndoJobs } from './users/undo-jobs.ts';
import type { RequestReconcile } from './users/events.ts';
import type { AskSource } from './users/activation.ts';
import { createGroups } from './users/groups.ts';
import { createTeams } from './users/teams.ts';
import { createUndoTeamAct } from './users/team-undo.ts';
import { createTeamStore } from './store/team-store.ts';
import { managingRoles } from './domain/privileges.ts';
import { createReviews } from './users/review.ts';
import type { UserActionBasis } from './users/user-action.ts';
import { createUserActions } from './users/user-actions.ts';
import { createAckEntries, createAckWorklist } from './users/worklist-ack.ts';

export interface ApplicationOptions {
  readonly settings: Settings;
  readonly connectors: Connectors;
  readonly db: Db;
  readonly log: Logger;
  readonly redactor: Redactor;
  /** Users or accounts per transaction. */
  readonly batchSize: number;
  readonly overlap: boolean;
  /** Whether this process is asked over the network: for pages by people, for metrics by a machine. */
  readonly served: boolean;
  readonly osUser: string;
  readonly signal: AbortSignal;
  /** Who only reads writes nothing into the database, and enters no epoch. */
  readonly access: 'read' | 'write';
  /** Hands a run to the workers. */
  readonly queueRun: (runId: number) => Promise<void>;
  /** Has what a person's word made due reconciled. */
  readonly requestReconcile: () => Promise<void>;
  readonly nextRuns: (source: string) => readonly string[];
  readonly dryRuns: DryRuns;
}

/** Everything of rosterd that needs no port and no schedule; the daemon and commands in process stand on it. */
export interface Application {
  /** To be entered before anything is run or changed. */
  readonly epoch: ConfigurationEpoch;
  readonly engine: Engine;
  readonly api: ApiInstance;
  /** Actions on many users, as jobs. */
  readonly bulk: Bulk;
  /** Imports of people.csv, as jobs. */
  readonly peopleImports: PeopleImports;
  /** Undos of many decisions, as jobs. */
  readonly undoJobs: UndoJobs;
  /** Once a day, forgets what `retention` no longer keeps. For the daemon's upkeep. */
  readonly forget: () => Promise<void>;
  /** The token with which this machine's command line comes; made at each start. */
  readonly localToken: string;
  readonly sources: readonly RunnableSource[];
  /** A new link for the first operator of the console (spec 19.2); null where there is one already. */
  readonly firstLink: () => Promise<string | null>;
}

/** Builds the application on a migrated database; writes nothing that depends on the configuration. */
export async function buildApplication(options: ApplicationOptions): Promise<Application> {
  const { settings, db, log, redactor } = options;
  const configured = settings.sources.map((source) => ({ source, rules: rulesOf(settings, source) }));
  const holder = `${hostname()} pid ${String(process.pid)}`;
  const epoch = configurationEpoch(settings, db, { holder, log });
  const operators = createOperatorStore(db, options.access);
  const here = await operators.ensureLocalOperator(localOperatorName(options.osUser));
  // Whoever only reads compares no fingerprints.
  const fingerprintKey =
    options.access === 'read'
      ? new Uint8Array()
      : Buffer.from(await settingOnce(db, 'fingerprint-key', randomBytes(32).toString('base64')), 'base64');
  const wiring: SourceWiring = { settings, connectors: options.connectors, log, redactor, fingerprintKey };
  const sources = runnableSources(wiring);
  const rulesById = new Map(configured.map(({ source, rules }) => [source.id, rules]));
  const readRules: ReadRules = {
    trustedRulesOf: (source) => rulesById.get(source)?.trustedRules ?? [],
    matchOf: (source) => rulesById.get(source) ?? { match: [], placeholders: [] },
    ignoringRuleOf: (source, account) => ignoringRule(rulesById.get(source)?.ignore ?? [], account),
    reusableIds: new Map(
      configured.flatMap(({ source, rules: { reusableIds } }) =>
        reusableIds === null ? [] : [[source.id, reusableIds]],
      ),
    ),
    stillInForce: (transaction) => checkEpoch(transaction, epoch.number()),
  };
  const allMatchRules = distinctRules(configured.map(({ rules }) => rules));
  const acds = settings.sources.filter((source) => source.as === 'acd').map((source) => source.id);
  const queries = createApiQueries(db, {
    sources: settings.sources.map((source) => ({
      ...source,
      promisedHours: lazily(() => longestGapHours({ source: source.id, ...source.schedule })),
    })),
    roleCatalogue: settings.roles.catalogue,
    rulesOf: (id) => configured.find(({ source }) => source.id === id)?.rules,
    nextRuns: options.nextRuns,
  });
  const sourceStates = sourceStore(db);
  const metrics = options.served
    ? (await import('./api/metrics.ts')).createMetrics(() => queries({ sight: null }).sources.list())
    : null;
  const leases = leaseStore(db, () => epoch.number());
  const policies = policyStore(db);
  const engine = new Engine({
    sources,
    disabledSources: settings.sources.filter((source) => !source.enabled).map((source) => source.id),
    mayRun: () => epoch.inForce(),
    policy: () => epoch.policy(),
    policies,
    guard: settings.guard,
    runStore: runStore(db),
    sourceStore: sourceStates,
    leases,
    reconcileStore: reconcileStore(db, readRules),
    importStore: importStore(db),
    endPassedSwitches: () => endPassedSwitches(db),
    queueRun: options.queueRun,
    log,
    holder,
    batchSize: options.batchSize,
    overlap: options.overlap,
    signal: options.signal,
    runEnded: (run) => {
      metrics?.runEnded(run);
    },
  });
  const askNow: AskSource = async (source, externalId) =>
    askSource(wiring, source, externalId, (await sourceStates.states()).get(source)?.systemId ?? null);
  const basis: UserActionBasis = {
    store: createUserStore(db, readRules),
    rules: actionRules(settings),
    requestReconcile: options.requestReconcile,
  };
  const mergesWith = (requestReconcile: RequestReconcile): Merges =>
    createMerges(createMergeStore(db, readRules), actionRules(settings), requestReconcile);
  const policyInForce = async () => policies.inForce((await policies.configured(epoch.policy())).id);
  const exclusively =
    (lease: string) =>
    async (work: (signal: AbortSignal) => Promise<void>): Promise<void> => {
      try {
        await underLease(leases, lease, holder, options.signal, (_lease, signal) => work(signal));
      } catch (error) {
        // A stop is no failure: the next start goes on.
        if (!options.signal.aborted) throw error;
      }
    };
  const bulk = createBulk({
    store: createBulkStore(db),
    acts: createBulkActs(basis, askNow),
    mergesWith,
    requestReconcile: options.requestReconcile,
    exclusively: exclusively('bulk'),
    log,
  });
  const peopleImports = createPeopleImports({
    store: createPeopleImportStore(db, readRules),
    rules: actionRules(settings),
    askSource: askNow,
    policyInForce,
    limits: settings.guard,
    batchSize: options.batchSize,
    // 200 on PostgreSQL, fewer on the embedded database, whose one session a transaction holds.
    rowsTogether: Math.ceil(options.batchSize / 5),
    requestReconcile: options.requestReconcile,
    exclusively: exclusively('people-import'),
    log,
  });
  const undo = createUndo(
    createUndoStore(db, readRules),
    actionRules(settings),
    options.requestReconcile,
    options.batchSize,
    [
      createUndoMerge(createMergeUndoStore(db, readRules), actionRules(settings), options.requestReconcile),
      createUndoTeamAct(createTeamStore(db, readRules), actionRules(settings), options.requestReconcile),
    ],
  );
  const undoJobs = createUndoJobs({ store: createUndoJobStore(db), undo, exclusively: exclusively('undo'), log });
  const forget = async (): Promise<void> => {
    if (!(await isSweepDue(db))) return;
    const swept = await underLease(leases, 'retention', holder, options.signal, (lease, signal) =>
      sweep(db, lease, signal, { operator: localOperatorName(options.osUser), days: settings.retention }),
    );
    if (swept !== null) log.info(swept.result, 'what the configuration no longer keeps has been forgotten (retention)');
  };
  const localToken = newToken();
  redactor.register(localToken);
  const administration = createAdministration(createAccessStore(db));
  const dependencies: ApiDependencies = {
    authenticate: createAuthenticate(operators, localToken, [options.osUser, 'root'], createSignInStore(db)),
    prove: (challenge, port) => proofOf(localToken, challenge, port),
    queries,
    // Who only reads may have no row yet; with one, a person of this machine sees everything (spec 19.3).
    sightOf: async (operator) => (operator === here.name && here.id === 0 ? null : operatorSight(db, operator)),
    userActions: createUserActions(basis, askNow),
    createUser: createCreateUser(basis, policyInForce),
    purge: createPurge(createPurgeStore(db), settings.retention.users, options.requestReconcile),
    merges: mergesWith(options.requestReconcile),
    reviews: createReviews(basis, askNow),
    bulk,
    selections: createSelectionStore(db),
    peopleImports,
    csvMappings: createMappings(createMappingStore(db)),
    sourcePause: createSourcePause(createSourcePauseStore(db), options.requestReconcile),
    confirmSystem: createConfirmSystem(createSourceIdentityStore(db)),
    linkMove: createLinkMove(
      createLinkMoveStore(db, { ...readRules, allMatchRules }),
      allMatchRules,
      options.requestReconcile,
    ),
    accountIgnore: createAccountIgnore(createAccountIgnoreStore(db), options.requestReconcile),
    ackWorklist: createAckWorklist(
      createWorklistAckStore(db, { acds, managing: managingRoles(settings.roles.catalogue) }),
    ),
    ackEntries: createAckEntries(
      createWorklistAckStore(db, { acds, managing: managingRoles(settings.roles.catalogue) }),
    ),
    groups: createGroups(createGroupStore(db)),
    teams: createTeams(createTeamStore(db, readRules), actionRules(settings), options.requestReconcile),
    roleCatalogue: settings.roles.catalogue,
    administration,
    signIn: createSignIn(createSignInStore(db), log, windowsAccounts(wiring)),
    openIdSignIn: openIdSignInOf(settings, db, redactor, log),
    runRequests: engine,
    dryRuns: options.dryRuns,
    undo,
    undoJobs,
    heldRuns: createHeldRuns(createHeldRunStore(db), options.requestReconcile),
    refusals: createRefusals(basis, createRefusalStore(db, readRules), options.requestReconcile),
    sourceChecks: { check: (id, known, signal) => checkSource(wiring, id, known, signal) },
    settings: () => describeSettings(settings),
    version: { version: product.version, schema: await schemaState(db), node: process.versions.node },
    notReady: inTime(async () => (await notReady(db, log)) ?? epoch.whyNot()),
    mayChange: () => epoch.mayChange(),
    metrics,
    http: { hostNames: settings.http.hostNames, trustedProxies: settings.http.trustedProxies },
    log,
  };
  const pages = options.served
    ? (await import('./console/console.ts')).createConsole(dependencies, {
        zone: settings.organization.timeZone,
        sourceIds: settings.sources.map((source) => source.id),
      })
    : null;
  const api = await buildApi(dependencies, pages);
  const firstLink = (): Promise<string | null> => firstLinkOf(administration, localOperatorName(options.osUser));
  return { epoch, engine, api, bulk, peopleImports, undoJobs, forget, localToken, sources, firstLink };
}

function openIdSignInOf({ signIn }: Settings, db: Db, redactor: Redactor, log: Logger): OpenIdSignIn | null {
  const { openIdConnect } = signIn;
  if (openIdConnect === undefined) return null;
  const clientSecret = {
    async read(): Promise<string> {
      const value = await openIdConnect.clientSecret.read();
      redactor.register(value);
      return value;
    },
  };
  return createOpenIdSignIn(createOpenIdStore(db), createProvider({ ...openIdConnect, clientSecret }), log);
}

async function firstLinkOf(administration: Administration, operator: string): Promise<string | null> {
  try {
    return await administration.firstLink({ operator, may: new Set(permissions) });
  } catch (error) {
    if (error instanceof AccessRefusedError && error.code === 'not-the-first') return null;
    throw error;
  }
}

/** Found out when it is first asked for: working out a schedule takes longer than most commands. */
function lazily<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | null = null;
  return () => (made ??= { value: make() }).value;
}

export { connectorDefinitions };
