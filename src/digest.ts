import { hash } from 'node:crypto';

/** A short digest of any JSON value whose keys come in a fixed order; for change detection, never for secrets. */
export function digestOf(value: unknown): string {
  return hash('sha256', JSON.stringify(value), 'base64url').slice(0, 22);
}
