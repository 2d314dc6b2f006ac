import { createHash } from 'node:crypto';
import { SecretRef } from '../connector-kit/secret.ts';
import { isMapping } from './key-path.ts';
import type { Settings, SourceSettings } from './settings.ts';
import { secretsIn } from './walk-values.ts';

/**
 * SHA-256 (hex) of what decides which accounts a source shows and how they are read: kind, connection and the kind's other
 * keys, mapping, and the groups that its roles name, since a connector reports no others. A change forces a full import
 * (spec 14.4). Neither the secrets nor where they come from count, nor the order of keys.
 */
export function configDigest(settings: Settings, sourceId: string): string {
  const { kind, config, mapping, roles } = sourceOf(settings, sourceId);
  const groups = roles.flatMap(({ when }) => ('group' in when ? [when.group] : [])).toSorted();
  return createHash('sha256').update(canonicalJson({ kind, config, mapping, groups })).digest('hex');
}

/** The source's secrets, in the order of its keys, for a fingerprint that tells when one has changed (spec 3.4). */
export function sourceSecrets(settings: Settings, sourceId: string): SecretRef[] {
  return secretsIn(sourceOf(settings, sourceId).config).map(({ secret }) => secret);
}

function sourceOf(settings: Settings, sourceId: string): SourceSettings {
  const source = settings.sources.find(({ id }) => id === sourceId);
  if (source === undefined) throw new RangeError(`no source ${sourceId} in ${settings.configFile}`);
  return source;
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => (isMapping(part) ? sortedWithoutSecrets(part) : part));
}

/** A replacer sees a secret only after its toJSON, so it is taken out one level above. */
function sortedWithoutSecrets(mapping: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(mapping).map(
    ([key, value]) => [key, value instanceof SecretRef ? 'secret' : value] as const,
  );
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
