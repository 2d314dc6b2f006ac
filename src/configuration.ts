import { decisionDigest, policyOf, rulesOf } from './configured-sources.ts';
import { digestOf } from './digest.ts';
import { searchTextVersion } from './domain/search-text.ts';
import { foldVersion } from './domain/text.ts';
import { distinctRules } from './reconcile/match-keys.ts';
import { ConfigurationEpoch, type EpochOptions } from './runs/epoch.ts';
import { configDigest } from './settings/config-digest.ts';
import type { Settings } from './settings/settings.ts';
import { epochStore } from './store/epoch-store.ts';
import { leaseStore } from './store/leases.ts';
import { ensureDefaultGroup, ensurePolicy, ensureSources, ensureTeam, formerSources } from './store/setup.ts';
import type { Db } from './store/sql.ts';

/** What a process sets up in the database from its configuration, as one epoch (architecture 8). */
export function configurationEpoch(
  settings: Settings,
  db: Db,
  { holder, log }: Pick<EpochOptions, 'holder' | 'log'>,
): ConfigurationEpoch {
  const sources = settings.sources.map((source) => {
    const rules = rulesOf(settings, source);
    const { id, kind, as } = source;
    return {
      id,
      kind,
      as,
      decisionDigest: decisionDigest(rules),
      match: rules.match,
      placeholders: rules.placeholders,
    };
  });
  const { organization, authority } = settings;
  return new ConfigurationEpoch({
    store: epochStore(db),
    leases: leaseStore(db),
    holder,
    log,
    digest: digestOf([
      [foldVersion, searchTextVersion],
      sources,
      settings.sources.map(({ id, enabled }) => [enabled, configDigest(settings, id)]),
      [organization, authority, settings.roles.reassert],
    ]),
    async setUp(lease, signal, progress) {
      const work = { lease, signal, progress };
      const defaultTeam = await ensureTeam(db, organization.defaultTeam);
      await ensureDefaultGroup(db, organization.defaultGroup, work);
      await ensureSources(db, sources, distinctRules(sources), work);
      const ids = sources.map(({ id }) => id);
      return ensurePolicy(db, policyOf(settings, await formerSources(db, ids), defaultTeam), work);
    },
  });
}

/** How often a person is told why a command waits. */
const tellMs = 5_000;

/** Sets the configuration up for a command, which says so where it takes a while. */
export async function enterInTime(
  epoch: ConfigurationEpoch,
  signal: AbortSignal,
  say: (message: string) => Promise<void>,
): Promise<void> {
  const tell = async (): Promise<void> => {
    await say(`waiting: ${epoch.whyNot() ?? ''}`);
  };
  const telling = setInterval(() => {
    tell().catch(() => {
      clearInterval(telling); // nobody reads it
    });
  }, tellMs);
  try {
    await epoch.enter(signal);
    await epoch.mayChange();
  } finally {
    clearInterval(telling);
  }
}
