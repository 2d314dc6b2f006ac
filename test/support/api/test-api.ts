import type { Knex } from 'knex';
import { createAdministration } from '../../../src/access/administration.ts';
import { createSignIn } from '../../../src/access/sign-in.ts';
import { createAccessStore } from '../../../src/store/access-store.ts';
import { createSignInStore } from '../../../src/store/sign-in-store.ts';
import { createAuthenticate } from '../../../src/access/authentication.ts';
import { proofOf } from '../../../src/access/daemon-proof.ts';
import type { Permission } from '../../../src/access/permissions.ts';
import { createToken } from '../../../src/access/tokens.ts';
import { buildApi } from '../../../src/api/build-api.ts';
import type { ApiDependencies, RunRequests } from '../../../src/api/dependencies.ts';
import type { ApiInstance } from '../../../src/api/instance.ts';
import { createMetrics } from '../../../src/api/metrics.ts';
import { createConsole } from '../../../src/console/console.ts';
import { createSelectionStore } from '../../../src/store/selection-store.ts';
import { createAccountIgnoreStore } from '../../../src/store/account-ignore-store.ts';
import { createOperatorStore } from '../../../src/store/operator-store.ts';
import { createApiQueries } from '../../../src/store/queries/api-queries.ts';
import { createMergeStore } from '../../../src/store/merge-store.ts';
import { createMergeUndoStore } from '../../../src/store/merge-undo-store.ts';
import { createLinkMoveStore } from '../../../src/store/link-move-store.ts';
import { createSourceIdentityStore } from '../../../src/store/source-identity-store.ts';
import { createHeldRunStore } from '../../../src/store/held-run-store.ts';
import { createRefusalStore } from '../../../src/store/refusal-store.ts';
import { createSourcePauseStore } from '../../../src/store/source-pause-store.ts';
import { createUndoJobStore } from '../../../src/store/undo-job-store.ts';
import { createUndoStore } from '../../../src/store/undo-store.ts';
import { noReadRules } from '../../../src/store/read-rules.ts';
import { createUserStore } from '../../../src/store/user-store.ts';
import { operatorSight } from '../../../src/store/sight.ts';
import { createWorklistAckStore } from '../../../src/store/worklist-ack-store.ts';
import { createGroupStore } from '../../../src/store/group-store.ts';
import { managingRoles } from '../../../src/domain/privileges.ts';
import { createGroups } from '../../../src/users/groups.ts';
import { createTeams } from '../../../src/users/teams.ts';
import { createTeamStore } from '../../../src/store/team-store.ts';
import { createAccountIgnore } from '../../../src/users/account-ignore.ts';
import { createMerges } from '../../../src/users/merge.ts';
import { createUndoMerge } from '../../../src/users/merge-undo.ts';
import { createLinkMove } from '../../../src/users/link-move.ts';
import { createConfirmSystem } from '../../../src/users/source-identity.ts';
import { createHeldRuns } from '../../../src/users/held-run.ts';
import { createRefusals } from '../../../src/users/refusals.ts';
import { createSourcePause } from '../../../src/users/source-pause.ts';
import type { ActionRules } from '../../../src/users/ports.ts';
import { createUndoJobs } from '../../../src/users/undo-jobs.ts';
import { createUndo } from '../../../src/users/undo.ts';
import { noDryRuns } from '../../../src/dry-run.ts';
import { createReviews } from '../../../src/users/review.ts';
import type { UserActionBasis } from '../../../src/users/user-action.ts';
import { createMappings } from '../../../src/people-csv/mappings.ts';
import { createMappingStore } from '../../../src/store/people-import-store.ts';
import { createUserActions } from '../../../src/users/user-actions.ts';
import { createAckEntries, createAckWorklist } from '../../../src/users/worklist-ack.ts';

/** The local token of the API under test. */
export const localToken = 'local-token-of-this-test';

/** An API on a real database whose engine is a stand-in, with what it was asked for. */
export type TestApi = {
  readonly app: ApiInstance;
  /** The sources of each reconcile that was asked for. */
  readonly reconciles: (readonly string[])[];
  /** Errors that the API has logged. */
  readonly failures: unknown[];
  /** Refused requests that the API has logged. */
  readonly refusals: object[];
  /** As the local operator, in JSON. */

  readonly ask: <Body = unknown>(
    method: 'GET' | 'POST' | 'PUT',
    url: string,
    options?: AskOptions,
  ) => Promise<Answer<Body>>;
  /** A token of an operator of its own with these permissions. */
  readonly tokenWith: (permissions: readonly Permission[]) => Promise<string>;
};

export type AskOptions = { readonly body?: object; readonly headers?: Readonly<Record<string, string>> };
export type Answer<Body = unknown> = {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  /** Undefined where the answer is no JSON. The caller states what it looks like. */
  readonly json: Body;
};

const noSignInLog = { info: () => undefined, warn: () => undefined };
const match = [['email']] as const;
const roleCatalogue = { agent: [], supervisor: ['manage-teams'] };
const schedule = { full: '0 3 * * *', timeZone: 'Europe/Prague' };

/** Builds the API; single dependencies may be replaced. */
export async function testApi(knex: Knex, changed: Partial<ApiDependencies> = {}): Promise<TestApi> {
  const reconciles: (readonly string[])[] = [];
  const failures: unknown[] = [];
  const refusals: object[] = [];
  const store = createOperatorStore(knex);
  const queries = createApiQueries(knex, {
    sources: [
      { id: 'ad', kind: 'active-directory', as: 'directory', enabled: true, schedule, promisedHours: () => 24 },
      { id: 'acd', kind: 'csv-file', as: 'acd', enabled: true, schedule, promisedHours: () => 24 },
    ],
    roleCatalogue,
    rulesOf: () => undefined,
    nextRuns: () => [],
  });
  const requestReconcile = async (sources: readonly string[]): Promise<void> => {
    reconciles.push(sources);
  };
  const basis: UserActionBasis = {
    store: createUserStore(knex, noReadRules),
    rules: noRules,
    requestReconcile,
  };
  const undo = createUndo(createUndoStore(knex, noReadRules), noRules, requestReconcile, 100, [
    createUndoMerge(createMergeUndoStore(knex, noReadRules), noRules, requestReconcile),
  ]);
  const dependencies: ApiDependencies = {
    authenticate: createAuthenticate(store, localToken, ['anna', 'tester'], createSignInStore(knex)),
    prove: (challenge, port) => proofOf(localToken, challenge, port),
    queries,
    sightOf: (operator) => operatorSight(knex, operator),
    bulk: {
      start: async () => 1,
      startMerges: async () => 1,
      cancel: async () => undefined,
      carryOut: async () => undefined,
    },
    selections: createSelectionStore(knex),
    merges: createMerges(createMergeStore(knex, noReadRules), noRules, requestReconcile),
    peopleImports: {
      ...{ check: async () => 1, checkUndo: async () => 1, apply: async () => undefined },
      ...{ cancel: async () => undefined, carryOut: async () => undefined },
    },
    csvMappings: createMappings(createMappingStore(knex)),
    userActions: createUserActions(basis, async () => 'unsupported'),
    createUser: async () => 1,
    purge: async () => ({ events: 0, accounts: 0 }),
    reviews: createReviews(basis, async () => 'unsupported'),
    sourcePause: createSourcePause(createSourcePauseStore(knex), requestReconcile),
    confirmSystem: createConfirmSystem(createSourceIdentityStore(knex)),
    linkMove: createLinkMove(
      createLinkMoveStore(knex, {
        ...noReadRules,
        matchOf: () => ({ match, placeholders: [] }),
        allMatchRules: { match, placeholders: [] },
      }),
      { match, placeholders: [] },
      requestReconcile,
    ),
    accountIgnore: createAccountIgnore(createAccountIgnoreStore(knex), requestReconcile),
    ackWorklist: createAckWorklist(
      createWorklistAckStore(knex, { acds: ['acd'], managing: managingRoles(roleCatalogue) }),
    ),
    ackEntries: createAckEntries(
      createWorklistAckStore(knex, { acds: ['acd'], managing: managingRoles(roleCatalogue) }),
    ),
    groups: createGroups(createGroupStore(knex)),
    teams: createTeams(createTeamStore(knex, noReadRules), noRules, requestReconcile),
    roleCatalogue,
    administration: createAdministration(createAccessStore(knex)),
    signIn: createSignIn(createSignInStore(knex), noSignInLog),
    openIdSignIn: null,
    runRequests: engine,
    dryRuns: noDryRuns,
    undo,
    undoJobs: createUndoJobs({
      ...{ store: createUndoJobStore(knex), undo, log: { error: (data) => void failures.push(data) } },
      exclusively: (work) => work(new AbortController().signal),
    }),
    heldRuns: createHeldRuns(createHeldRunStore(knex), requestReconcile),
    refusals: createRefusals(basis, createRefusalStore(knex, noReadRules), requestReconcile),
    sourceChecks: { check: async () => [{ name: 'tcp', outcome: 'ok', detail: 'connected' }] },
    settings: () => [{ key: 'database', value: 'embedded', origin: 'default' }],
    version: { version: '0.0.0', schema: '0001-foundation', node: process.version },
    notReady: async () => null,
    mayChange: async () => undefined,
    metrics: createMetrics(() => queries({ sight: null }).sources.list()),
    http: { hostNames: ['rosterd.example.com'] },
    log: { error: ({ err }) => void failures.push(err), warn: (data) => void refusals.push(data) },
    ...changed,
  };
  const pages = createConsole(dependencies, { zone: 'Europe/Prague', sourceIds: ['ad', 'acd'] });
  const app = await buildApi(dependencies, pages);
  return {
    app,
    reconciles,
    failures,
    refusals,
    ask: (method, url, options) =>
      askAs(app, { authorization: `Bearer ${localToken}`, 'x-rosterd-os-user': 'tester' }, method, url, options),
    tokenWith: async (permissions) => {
      const [operator] = await knex('operator')
        .insert({ name: `person-${crypto.randomUUID()}`, kind: 'person', permissions, full_scope: true })
        .returning<{ id: number }[]>('id');
      if (operator === undefined) throw new Error('no operator was made');
      return (await createToken(store, { operatorId: operator.id, label: 'test', permissions })).token;
    },
  };
}

/** Asks with these headers. */

export async function askAs<Body = unknown>(
  app: ApiInstance,
  headers: Readonly<Record<string, string>>,
  method: 'GET' | 'POST' | 'PUT',
  url: string,
  options: AskOptions = {},
): Promise<Answer<Body>> {
  const response = await app.inject({
    method,
    url,
    headers: { host: '127.0.0.1:8474', ...headers, ...options.headers },
    ...(options.body === undefined ? {} : { payload: options.body }),
  });
  const isJson = /[/+]json/.test(String(response.headers['content-type']));
  return {
    status: response.statusCode,
    headers: response.headers,
    text: response.body,
    json: (isJson ? JSON.parse(response.body) : undefined) as Body,
  };
}

/** Of a configuration without sources. */
const noRules: ActionRules = {
  rulesOf: () => undefined,
  allMatchRules: { match: [], placeholders: [] },
  roleCatalogue: [],
  managingRoles: [],
  reassertsAgentRole: false,
  hasReusableIds: () => false,
  ownsSupervision: () => false,
};

const engine: RunRequests = {
  sync: async () => ({
    syncId: 'sync-1',
    runIds: [],
    refused: [{ source: 'acd', code: 'source-paused', message: 'acd is paused' }],
  }),
  refresh: async () => ({ syncId: 'sync-2', runIds: [], refused: [] }),
  untilAtRest: async () => true,
  atRest: async () => true,
  cancel: async (runId) => (runId === 1 ? 'asked' : 'unknown'),
};
