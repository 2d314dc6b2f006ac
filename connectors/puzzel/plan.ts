import type { AccountPart, Field } from '../../src/domain/fields.ts';
import type { Kit } from '../../src/connector-kit/contract.ts';
import { badMapping, mappedFields } from '../../src/connector-kit/mapping.ts';
import { scalarFields, skillsField } from './schema.ts';

/** User field → field of a Puzzel user. */
export type Plan = readonly (readonly [Field, string])[];

const usual: Plan = [
  ['username', 'userName'],
  ['numericId', 'id'],
  ['acdId', 'id'],
  ['firstName', 'firstName'],
  ['lastName', 'lastName'],
  ['email', 'eMail'],
  ['mobileNumber', 'mobilePhone'],
  ['attribute.skills', skillsField],
];

/** Lays the source's `mapping` over the default. Throws a fatal SourceError `configuration`. */
export function planUsers(mapping: Kit['mapping']): Plan {
  const taken = new Map<Field, string>(usual);
  const known: readonly string[] = [...scalarFields, skillsField];
  for (const [key, field] of mappedFields(mapping, whyNot)) {
    if (!known.includes(field))
      throw badMapping(key, `${field} is no field of a Puzzel user; there are ${known.join(', ')}`);
    taken.set(key, field);
  }
  return [...taken];
}

function whyNot(part: AccountPart): string {
  return part === 'team' ? 'it is read as it is and cannot be mapped' : 'the system has nothing of that kind';
}
