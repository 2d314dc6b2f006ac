import type { AccountContent } from './account.ts';
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

/**
 * Every unique name that a user could get who is created from what an account says, as texts; an ACD without a login of its
 * own gives the agent id as username (spec 4.6).
 */
export function namesOfCreation(values: AccountContent['values']): string[] {
  const said = [...uniqueFields.map((field) => [field, values[field]] as const), ['username', values.acdId] as const];
  const names = said.flatMap(([field, text]) =>
    text === undefined || text === null ? [] : [claimKey({ kind: field, value: fold(text) })],
  );
  return [...new Set(names)];
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
