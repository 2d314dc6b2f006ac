import { createHash } from 'node:crypto';
import type { WindowsAccounts } from './access/windows.ts';
import type { CheckStep, Connector, Kit, Lookup, Session } from './connector-kit/contract.ts';
import { SourceError } from './connector-kit/errors.ts';
import { secretFingerprint } from './connector-kit/secret.ts';
import { digestOf } from './digest.ts';
import type { Field } from './domain/fields.ts';
import { managingRoles } from './domain/privileges.ts';
import type { Policy, TeamId } from './domain/user.ts';
import type { SourceRules } from './reconcile/rules.ts';
import { foldedPlaceholders } from './reconcile/nobody.ts';
import { distinctRules } from './reconcile/match-keys.ts';
import type { RunnableSource } from './runs/ports.ts';
import { configDigest, sourceSecrets } from './settings/config-digest.ts';
import type { ConnectorDefinition, Settings, SourceSettings } from './settings/settings.ts';
import type { Logger } from './telemetry/logger.ts';
import { redactedSession, redactedSteps, withoutSecrets } from './redacted-session.ts';
import type { Redactor } from './telemetry/redactor.ts';
import type { ActionRules } from './users/ports.ts';

/** The kinds of sources that exist, by name. */
export type Connectors = ReadonlyMap<string, Connector>;

/** What settings need to know of each kind. */
export function connectorDefinitions(connectors: Connectors): ReadonlyMap<string, ConnectorDefinition> {
  return new Map(
    [...connectors].map(([kind, { configSchema, as, defaultMatch, capabilities }]) => [
      kind,
      {
        ...{ configSchema, as, defaultMatch },
        ...{ reusableIds: capabilities.reusableIds, ownsSupervision: capabilities.ownsSupervision },
        delta: capabilities.delta,
      },
    ]),
  );
}

/** What the configuration says of how a source's accounts are decided on. */
export function rulesOf(settings: Settings, source: SourceSettings): SourceRules {
  const { newUsers } = settings;
  return {
    id: source.id,
    as: source.as,
    match: source.match,
    trustedRules: source.trustedRules,
    placeholders: foldedPlaceholders(settings.placeholders),
    createsUsers: source.createsUsers,
    ignore: source.ignore,
    fromDisabled: newUsers.fromDisabled,
    newUsersActive: newUsers.active,
    roles: source.roles,
    catalogue: Object.keys(settings.roles.catalogue),
    teams: source.teams,
    ownsSupervision: source.ownsSupervision,
    blanks: Object.entries(settings.authority).flatMap(([field, { blanks }]) =>
      blanks.includes(source.id) ? [field as Field] : [],
    ),
    reusableIds: source.reusableIds ? { nameMapping: nameMappingOf(source) } : null,
  };
}

/** Of everything that says where names are read and how they are taken apart; the connection says nothing of it. */
function nameMappingOf({ kind, mapping, config }: SourceSettings): string {
  const { firstName, lastName, displayName } = mapping;
  const own = Object.entries(config as object).filter(([key]) => key !== 'connection');
  return digestOf([kind, firstName ?? null, lastName ?? null, displayName ?? null, own]);
}

/** What the configuration says that people's acts on users depend on. */
export function actionRules(settings: Settings): ActionRules {
  const configured = new Map(settings.sources.map((source) => [source.id, source]));
  const rules = new Map(settings.sources.map((source) => [source.id, rulesOf(settings, source)]));
  return {
    rulesOf: (id) => rules.get(id),
    allMatchRules: distinctRules([...rules.values()]),
    roleCatalogue: Object.keys(settings.roles.catalogue),
    managingRoles: managingRoles(settings.roles.catalogue),
    reassertsAgentRole: settings.roles.reassert,
    hasReusableIds: (id) => configured.get(id)?.reusableIds === true,
    ownsSupervision: (id) => configured.get(id)?.ownsSupervision === true,
  };
}

/** Of everything that decisions on a source's accounts depend on: a change makes all of them due. */
export function decisionDigest(rules: SourceRules): string {
  return digestOf(rules);
}

/** The part of the configuration that the fold depends on. */
export function policyOf(settings: Settings, former: Policy['rank'], defaultTeam: TeamId): Policy {
  const of = (as: SourceSettings['as']): Policy['rank'] =>
    [...settings.sources, ...former].filter((source) => source.as === as).map((source) => ({ id: source.id, as }));
  const { organization } = settings;
  const rank = [...of('directory'), ...of('acd')];
  const ids = rank.map((source) => source.id);
  const own = Object.entries(settings.authority).filter(([, authority]) => !isSubsequence(authority.rank, ids));
  return {
    rank,
    fieldRank: Object.fromEntries(own.map(([field, authority]) => [field, authority.rank])),
    defaultTeam,
    defaults: {
      displayTimeZone: organization.timeZone,
      schedulingTimeZone: organization.timeZone,
      locale: organization.locale,
    },
    reassertAgentRole: settings.roles.reassert,
  };
}

/** Whether a ranking only repeats the default order. */
function isSubsequence(part: readonly string[], whole: readonly string[]): boolean {
  return part.join('\n') === whole.filter((id) => part.includes(id)).join('\n');
}

export interface SourceWiring {
  readonly settings: Settings;
  readonly connectors: Connectors;
  readonly log: Logger;
  readonly redactor: Redactor;
  /** Makes fingerprints of secrets worthless elsewhere. */
  readonly fingerprintKey: Uint8Array;
}

/** The enabled sources, as the engine runs them. */
export function runnableSources(wiring: SourceWiring): RunnableSource[] {
  const enabled = wiring.settings.sources.filter((source) => source.enabled);
  return enabled.map((source) => ({
    id: source.id,
    as: source.as,
    rules: rulesOf(wiring.settings, source),
    guard: source.guard,
    configDigest: configDigest(wiring.settings, source.id),
    delta: connectorOf(wiring, source).capabilities.delta,
    open: (signal) => openSession(wiring, source, signal),
    secretFingerprint: () => fingerprint(wiring, source),
  }));
}

async function openSession(wiring: SourceWiring, source: SourceSettings, signal: AbortSignal): Promise<Session> {
  await registerSecrets(wiring, source);
  const opening = connectorOf(wiring, source).open(source.config, kitOf(wiring, source, signal));
  return redactedSession(await withoutSecrets(opening, wiring.redactor), wiring.redactor);
}

/** As long as the log-in of a person who waits for it may take. */
const personsLogInMs = 20_000;

/** As long as a source may take to open and to answer about one account. */
const lookupTimeoutMs = 60_000;

/**
 * Asks a source about one account, now (spec 9.3). `unsupported` where it is not configured or not enabled. `known` is the
 * system that it was known as: another one's answer would be about somebody else (spec 2.6).
 */
export async function askSource(
  wiring: SourceWiring,
  sourceId: string,
  externalId: string,
  known: string | null,
): Promise<Lookup> {
  const source = wiring.settings.sources.find((each) => each.id === sourceId && each.enabled);
  if (source === undefined) return 'unsupported';
  const signal = AbortSignal.timeout(lookupTimeoutMs);
  const session = await openSession(wiring, source, signal);
  try {
    if (known !== null && session.systemId !== known)
      throw new Error(`${sourceId} answers as another system than before (source-identity-changed)`);
    return await session.lookup(externalId, signal);
  } finally {
    await session.close();
  }
}

/** The Active Directory that people's Windows accounts are tried at; null where the configuration names none (spec 19.2). */
export function windowsAccounts(wiring: SourceWiring): WindowsAccounts | null {
  const { windows } = wiring.settings.signIn;
  if (windows === undefined) return null;
  const { source: id, domain } = windows;
  const source = wiring.settings.sources.find((each) => each.id === id);
  if (source === undefined) throw new RangeError(`there is no source ${id} in the configuration`);
  const connector = connectorOf(wiring, source);
  return {
    domain,
    async tryLogIn(login, password) {
      const outcome = await connector.tryLogIn?.(
        source.config,
        { login, password },
        AbortSignal.timeout(personsLogInMs),
      );
      if (outcome === undefined) throw new Error(`people cannot log in at the source ${id} (signIn.windows)`);
      return outcome;
    },
  };
}

/**
 * Goes through a source's connection step by step (`source check`); last, whether it still is the system that it was known
 * as (spec 2.6).
 */
export async function checkSource(
  wiring: SourceWiring,
  sourceId: string,
  known: string | null,
  signal: AbortSignal,
): Promise<readonly CheckStep[]> {
  const source = wiring.settings.sources.find((each) => each.id === sourceId);
  if (source === undefined) throw new RangeError(`there is no source ${sourceId} in the configuration`);
  await registerSecrets(wiring, source);
  const found = await connectorOf(wiring, source).check(source.config, kitOf(wiring, source, signal));
  const steps = redactedSteps(found, wiring.redactor);
  if (known === null || steps.some((step) => step.outcome === 'failed')) return steps;
  return [...steps, await checkIdentity(wiring, source, known, signal)];
}

async function checkIdentity(
  wiring: SourceWiring,
  source: SourceSettings,
  known: string,
  signal: AbortSignal,
): Promise<CheckStep> {
  const name = 'identity';
  try {
    const session = await openSession(wiring, source, signal);
    await session.close();
    if (session.systemId === known) return { name, outcome: 'ok', detail: `the same system as before: ${known}` };
    return {
      name,
      outcome: 'failed',
      code: 'source-identity-changed',
      detail: `another system: it was ${known}, it is ${session.systemId}; nothing of it is read`,
      remedy:
        'point the source back at the old one, or give the new one a source id of its own; where it takes the place of ' +
        `the old one, let a run find it and then say so: rosterd sync ${source.id}, rosterd source confirm ${source.id}`,
    };
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    return { name, outcome: 'failed', code: error.code, detail: error.message };
  }
}

function connectorOf({ connectors }: SourceWiring, source: SourceSettings): Connector {
  const connector = connectors.get(source.kind);
  if (connector === undefined) throw new RangeError(`there is no connector for sources of kind ${source.kind}`);
  return connector;
}

function kitOf({ log }: SourceWiring, source: SourceSettings, signal: AbortSignal): Kit {
  const sourceLog = log.child({ source: source.id });
  return {
    sourceId: source.id,
    mapping: source.mapping,
    roleGroups: source.roles.flatMap(({ when }) => ('group' in when ? [when.group] : [])),
    signal,
    log: {
      debug: (message, data = {}) => {
        sourceLog.debug(data, message);
      },
      warn: (message, data = {}) => {
        sourceLog.warn(data, message);
      },
    },
  };
}

/** Secrets are read again at each connection, and taken out of everything from then on. */
async function registerSecrets({ settings, redactor }: SourceWiring, source: SourceSettings): Promise<void> {
  for (const secret of sourceSecrets(settings, source.id)) redactor.register(await secret.read());
}

/** Changes when the source's configuration or one of its secrets does; what cannot be read counts as such. */
async function fingerprint({ settings, fingerprintKey }: SourceWiring, source: SourceSettings): Promise<string> {
  const hash = createHash('sha256').update(configDigest(settings, source.id));
  for (const secret of sourceSecrets(settings, source.id)) {
    const mark = await secretFingerprint(secret, fingerprintKey).catch(() => 'unreadable');
    hash.update(mark);
  }
  return hash.digest('hex');
}
