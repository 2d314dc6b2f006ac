import { SecretRef } from '../connector-kit/secret.ts';
import type { SecretPlace } from '../connector-kit/secret.ts';
import { isMapping } from './key-path.ts';

/** A deeply frozen copy in which every secret refers to `place`; instances of other classes stay as they are. */
export function sealed<T>(value: T, place: SecretPlace): T {
  return sealValue(value, place) as T;
}

function sealValue(value: unknown, place: SecretPlace): unknown {
  if (value instanceof SecretRef) return Object.freeze(value.within(place));
  if (Array.isArray(value)) return Object.freeze(value.map((each) => sealValue(each, place)));
  if (!isMapping(value)) return value;
  return Object.freeze(Object.fromEntries(Object.entries(value).map(([key, each]) => [key, sealValue(each, place)])));
}

/** One value without parts, or a list of such values. */
export interface Leaf {
  readonly path: readonly PropertyKey[];
  readonly value: unknown;
}

/** All leaves of nested mappings and lists, in order; a list of plain values is one leaf. */
export function leaves(value: unknown, path: readonly PropertyKey[] = []): Leaf[] {
  if (Array.isArray(value) && value.some((each) => isMapping(each))) {
    return value.flatMap((each, index) => leaves(each, [...path, index]));
  }
  if (!isMapping(value)) return [{ path, value }];
  return Object.entries(value).flatMap(([key, each]) => leaves(each, [...path, key]));
}

/** Every secret in a value, with its place. */
export function secretsIn(
  value: unknown,
  path: readonly PropertyKey[] = [],
): { path: readonly PropertyKey[]; secret: SecretRef }[] {
  return leaves(value, path).flatMap((leaf) =>
    leaf.value instanceof SecretRef ? [{ path: leaf.path, secret: leaf.value }] : [],
  );
}
