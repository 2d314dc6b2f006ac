import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Knex } from 'knex';
import { z } from 'zod';
import { createToken } from '../../src/access/tokens.ts';
import type { Permission } from '../../src/access/permissions.ts';
import { buildApplication, connectorDefinitions } from '../../src/application.ts';
import type { DryRun, DryRunReport } from '../../src/api/schemas/runs.ts';
import type { User } from '../../src/api/schemas/users.ts';
import type { Connector, Lookup } from '../../src/connector-kit/contract.ts';
import type { AccountRecord } from '../../src/domain/account.ts';
import { keepDryRuns, openDryRun, playDryRun } from '../../src/dry-run.ts';
import { loadSettings } from '../../src/settings/load-settings.ts';
import type { Settings } from '../../src/settings/settings.ts';
import { createOperatorStore } from '../../src/store/operator-store.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { createRedactor } from '../../src/telemetry/redactor.ts';
import { askAs, type Answer, type AskOptions } from './api/test-api.ts';
import { createTempDir } from './services/temp.ts';

/**
 * The whole application on a database, with an Active Directory `ad` and an Avaya `acd` that say what the test tells them; and
 * a second ACD, where the configuration of the test has one (of kind `csv-file` or `cisco-uccx`).
 */
export interface Site {
  readonly knex: Knex;
  readonly ad: FakeSource;
  readonly acd: FakeSource;
  /** What a `csv-file` or a `cisco-uccx` says, for sites that are opened with one. */
  readonly file: FakeSource;
  /** Reads them sources and reconciles to rest. */
  sync(...sources: string[]): Promise<void>;
  /** What a daemon does when it starts: sources that were never read are. */
  start(): Promise<void>;
  /** Upkeep, as the daemon does it now and then. */
  reconcile(): Promise<void>;
  /** As the local operator, in JSON; waits for the reconciles that it asked for. */
  ask<Body = unknown>(method: 'GET' | 'POST' | 'PUT', path: string, options?: AskOptions): Promise<Answer<Body>>;
  /** As `ask`, but waits for nothing else: for what happens while a run is under way. */
  askMeanwhile<Body = unknown>(
    method: 'GET' | 'POST' | 'PUT',
    path: string,
    options?: AskOptions,
  ): Promise<Answer<Body>>;
  /** Plays a sync through on a copy of the store; `extra` in place of the further lines that the site was opened with. */
  dryRun(extra?: string): Promise<DryRunReport>;
  user(reference: string | number): Promise<User>;
  /** A token of an operator of its own. */
  tokenWith(permissions: readonly Permission[]): Promise<string>;
  close(): Promise<void>;
}

/** What a source says; the test changes it. */
class FakeSource {
  readonly records = new Map<string, AccountRecord>();
  /** Why it cannot be read; null where it can. */
  broken: Error | null = null;
  /** What a look-up of one account says; null where the source cannot be reached. */
  lookup: Lookup | null = 'unsupported';

  /** An account with these values; replaces the one of the same id. */
  put(
    externalId: string,
    values: AccountRecord['values'],
    more: Omit<AccountRecord, 'externalId' | 'values'> = {},
  ): void {
    this.records.set(externalId, { externalId, values, ...more });
  }
}

const configuration = (extra: string): string => `
database: embedded
organization: { timeZone: Europe/Prague, locale: en, defaultTeam: Default, defaultGroup: Default }
roles: { catalogue: { trainer: [], auditor: [] } }
guard: { firstImport: apply }
sources:
  - { id: ad, kind: active-directory, match: [[windowsLogin], [employeeId], [email]] }
  - { id: acd, kind: avaya-cm, match: [[employeeId], [email]] }
${extra}`;

/** A whole configuration in place of the usual one; and real sources, with the connectors that they need, in place of those that say what they are told. */
export interface RealSources {
  readonly configuration: string;
  readonly connectors?: ReadonlyMap<string, Connector>;
}

/** Opens a site on a migrated, empty database. `extra`: further lines of the configuration, sources first. */
export async function openSite(knex: Knex, extra = '', real?: RealSources): Promise<Site> {
  const folder = createTempDir('site');
  const configFile = join(folder.path, 'rosterd.yaml');
  await writeFile(configFile, real?.configuration ?? configuration(extra));
  const [ad, acd, file] = [new FakeSource(), new FakeSource(), new FakeSource()];
  const told = new Map([
    ['active-directory', fakeConnector('active-directory', 'directory', ad)],
    ['avaya-cm', fakeConnector('avaya-cm', 'acd', acd)],
    ['csv-file', fakeConnector('csv-file', 'acd', file)],
    ['cisco-uccx', fakeConnector('cisco-uccx', 'acd', file)],
  ]);
  const connectors = real?.connectors ?? told;
  const settingsOf = (file: string): Promise<Settings> =>
    loadSettings({
      configFile: file,
      env: {},
      connectors: connectorDefinitions(connectors),
      validateCron: () => true,
    });
  const settings = await settingsOf(configFile);
  const redactor = createRedactor();
  const log = createLogger({ level: 'fatal', redactor });
  const stopping = new AbortController();
  let work: Promise<void> = Promise.resolve();
  const inTurn = (next: () => Promise<unknown>): Promise<void> => {
    work = work.then(async () => {
      await next();
    });
    return Promise.resolve();
  };
  const application = await buildApplication({
    settings,
    connectors,
    db: knex,
    log,
    redactor,
    batchSize: 100,
    overlap: true,
    served: false,
    access: 'write',
    osUser: 'tester',
    signal: stopping.signal,
    queueRun: (id) => inTurn(() => application.engine.executeRun(id)),
    requestReconcile: () => inTurn(() => application.engine.reconcileNow()),
    nextRuns: () => [],
    dryRuns: keepDryRuns(async ({ configFile: other, ...request }) => {
      const scratch = await openDryRun(folder.path, { db: knex, copyTo: null });
      const chosen = other === undefined ? settings : await settingsOf(other);
      const basis = { settings: chosen, connectors, log, redactor, osUser: 'tester', signal: stopping.signal };
      try {
        return await playDryRun(scratch, basis, request);
      } finally {
        await scratch.close();
      }
    }),
  });
  await application.epoch.enter(stopping.signal);
  const rest = async (): Promise<void> => {
    for (let last; last !== work;) {
      last = work;
      await last;
    }
  };
  const headers = { authorization: `Bearer ${application.localToken}`, 'x-rosterd-os-user': 'tester' };
  const askMeanwhile: Site['askMeanwhile'] = (method, path, options = {}) =>
    askAs(application.api, { ...headers, ...options.headers }, method, `/api/v1${path}`, options);
  const ask = async <Body>(
    method: 'GET' | 'POST' | 'PUT',
    path: string,
    options: AskOptions = {},
  ): Promise<Answer<Body>> => {
    const answer = await askMeanwhile<Body>(method, path, options);
    await rest();
    return answer;
  };
  return {
    knex,
    ad,
    acd,
    file,
    ask,
    askMeanwhile,
    async sync(...sources) {
      await application.engine.sync({ mode: 'full', askedBy: 'test', ...(sources.length > 0 && { sources }) });
      await rest();
    },
    async start() {
      await application.engine.syncNeverRead();
      await rest();
    },
    async reconcile() {
      await application.engine.recover();
      await rest();
    },
    async dryRun(other) {
      const otherFile = join(folder.path, 'other.yaml');
      await writeFile(otherFile, real?.configuration ?? configuration(other ?? extra));
      const { status, text, json } = await askMeanwhile<{ id: string }>('POST', '/syncs', {
        body: { mode: 'full', dryRun: true, configFile: otherFile },
      });
      if (status !== 202) throw new Error(text);
      for (;;) {
        const answer = await askMeanwhile<DryRun>('GET', `/syncs/${json.id}/dry-run`);
        if (answer.status !== 200) throw new Error(answer.text);
        if (answer.json.report !== null) return answer.json.report;
        await sleep(20);
      }
    },
    user: async (reference) => (await ask<User>('GET', `/users/${encodeURIComponent(reference)}`)).json,
    async tokenWith(permissions) {
      const [operator] = await knex('operator')
        .insert({ name: `person-${randomUUID()}`, kind: 'person', permissions, full_scope: true })
        .returning<{ id: number }[]>('id');
      const store = createOperatorStore(knex);
      return (await createToken(store, { operatorId: operator?.id ?? 0, label: 'test', permissions })).token;
    },
    async close() {
      stopping.abort();
      await application.api.close();
      await folder.remove();
    },
  };
}

function fakeConnector(kind: string, as: 'acd' | 'directory', source: FakeSource): Connector {
  return {
    kind,
    as,
    capabilities: {
      delta: false,
      tombstones: false,
      reusableIds: as === 'acd',
      teams: true,
      supervision: true,
      ownsSupervision: kind === 'cisco-uccx',
    },
    configSchema: z.strictObject({}),
    defaultMatch: [['employeeId']],
    open: async () => ({
      systemId: kind,
      readAll: async function* () {
        if (source.broken !== null) throw source.broken;
        yield { records: [...source.records.values()], gone: [], rejected: [] };
        return await Promise.resolve({ whole: true });
      },
      readOne: (externalId) => {
        if (source.broken !== null) return Promise.reject(source.broken);
        const record = source.records.get(externalId);
        return Promise.resolve(record === undefined ? { gone: 'deleted' } : { record });
      },
      lookup: () =>
        source.lookup === null
          ? Promise.reject(new Error('connect ECONNREFUSED 127.0.0.1:636'))
          : Promise.resolve(source.lookup),
      close: () => Promise.resolve(),
    }),
    check: () => Promise.resolve([]),
  };
}
