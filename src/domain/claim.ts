import { uniqueFields, type UniqueField } from './fields.ts';
import { fold } from './text.ts';
import type { UserValue } from './user.ts';

/** One unique name that a user holds or wants (spec 4.7). `kind` is the field; for ACD ids it names the source too. */
export interface Claim {
  readonly field: UniqueField;
  readonly kind: string;
  /** Folded. */
  readonly value: string;
}

/** A claim as one text, for maps. */
export function claimKey(claim: Pick<Claim, 'kind' | 'value'>): string {
  return `${claim.kind}=${claim.value}`;
}

/** The claim that such a text stands for. */
export function claimOf(key: string): Claim {
  const at = key.indexOf('=');
  const [kind, value] = [key.slice(0, at), key.slice(at + 1)];
  const field = uniqueFields.find((name) => kind === name || kind.startsWith(`${name}:`));
  if (at < 0 || field === undefined)
    throw new Error(`${JSON.stringify(key)} is not a unique name as claimKey writes it`);
  return { field, kind, value };
}

/** The unique names that a value stands for. */
export function claimsOf(value: Pick<UserValue, 'fields' | 'acdSource'>): Claim[] {
  const claims: Claim[] = [];
  for (const field of uniqueFields) {
    const text = value.fields[field];
    if (text === undefined) continue;
    claims.push({ field, kind: field === 'acdId' ? `acdId:${value.acdSource ?? 'local'}` : field, value: fold(text) });
  }
  return claims;
}
