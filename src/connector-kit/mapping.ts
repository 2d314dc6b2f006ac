import type { AccountPart, Field } from '../domain/fields.ts';
import { isAccountPart } from '../domain/fields.ts';
import type { Kit } from './contract.ts';
import { SourceError } from './errors.ts';

/**
 * The fields that a source's `mapping` names and what it says of each, for a connector that takes no parts of an account.
 * Throws a fatal SourceError `configuration` for a part; `whyNot` says why.
 */
export function mappedFields(
  mapping: Kit['mapping'],
  whyNot: (part: AccountPart) => string,
): (readonly [Field, string])[] {
  return Object.entries(mapping).map(([key, name = '']) => {
    if (isAccountPart(key)) throw badMapping(key, whyNot(key));
    return [key as Field, name];
  });
}

/** The error of a key of `mapping` that cannot be used. */
export function badMapping(key: string, problem: string): SourceError {
  return new SourceError('fatal', 'configuration', `mapping.${key}: ${problem}`);
}
