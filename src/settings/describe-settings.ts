import { SecretRef } from '../connector-kit/secret.ts';
import { isMapping, keyPath } from './key-path.ts';
import type { Settings, SourceSettings } from './settings.ts';
import { leaves } from './walk-values.ts';

/** One line of `config show`. */
export interface SettingRow {
  readonly key: string;
  /** As text; a secret is `***** (its origin)`. */
  readonly value: string;
  /** `FILE:LINE`, `environment variable NAME` or `default`. */
  readonly origin: string;
}

/**
 * Every setting in effect, defaults included. Of the rankings, and of the sources' own limits, only what the configuration
 * names: the others follow from what is shown.
 */
export function describeSettings(settings: Settings): SettingRow[] {
  const {
    database,
    queue,
    authority,
    sources,
    dataDir,
    http,
    organization,
    newUsers,
    roles,
    guard,
    notify,
    signIn,
    retention,
    log,
  } = settings;
  const shown = {
    database: database.kind === 'embedded' ? 'embedded' : serverAsWritten(database, 'database.url' in settings.origins),
    queue: queue.kind === 'database' ? 'database' : serverAsWritten(queue, 'queue.url' in settings.origins),
    ...{
      dataDir,
      http,
      organization,
      newUsers,
      authority: writtenRankings(authority, settings.origins),
      roles,
      guard,
      notify,
      signIn,
      retention,
      log,
    },
    sources: sources.map(asWritten),
  };
  return leaves(shown)
    .map(({ path, value }) => ({ path, key: keyPath(path), value }))
    .filter(({ path, key }) => !isSourceLimit(path) || key in settings.origins)
    .map(({ key, value }) => ({ key, value: format(value), origin: settings.origins[key] ?? 'default' }));
}

/** In the shape of the file: the address alone, or with what its server is trusted by. */
function serverAsWritten(
  {
    shown,
    caFile,
    allowPlaintext,
  }: { readonly shown: string; readonly caFile?: string; readonly allowPlaintext: boolean },
  whole: boolean,
) {
  return whole ? { url: shown, ...(caFile === undefined ? {} : { caFile }), allowPlaintext } : shown;
}

function isSourceLimit(path: readonly PropertyKey[]): boolean {
  return path[0] === 'sources' && path[2] === 'guard';
}

function writtenRankings(
  authority: Settings['authority'],
  origins: Settings['origins'],
): Partial<Settings['authority']> {
  return Object.fromEntries(Object.entries(authority).filter(([field]) => keyPath(['authority', field]) in origins));
}

/** A source in the shape of the file: the connector's keys beside the common ones, and nothing derived. */
function asWritten({
  config,
  reusableIds: _derived,
  ownsSupervision: _also,
  ...common
}: SourceSettings): Record<string, unknown> {
  return isMapping(config) ? { ...common, ...config } : common;
}

function format(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof SecretRef) return value.toString();
  if (Array.isArray(value)) return value.length === 0 ? '(none)' : value.map((each) => formatEntry(each)).join(', ');
  return value === undefined ? '(not set)' : JSON.stringify(value);
}

/** A list within a list is a rule whose parts all count, as in `match`. */
function formatEntry(entry: unknown): string {
  return Array.isArray(entry) ? entry.map(String).join(' + ') : String(entry);
}
