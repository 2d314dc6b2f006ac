import type { AccountPart, Field } from '../../src/domain/fields.ts';
import type { Kit } from '../../src/connector-kit/contract.ts';
import { badMapping, mappedFields } from '../../src/connector-kit/mapping.ts';
import { compoundFields, scalarFields } from './schema.ts';

/** User field → field of a resource. */
export type Plan = readonly (readonly [Field, string])[];

const usual: Plan = [
  ['username', 'userID'],
  ['acdId', 'userID'],
  ['firstName', 'firstName'],
  ['lastName', 'lastName'],
  ['attribute.phoneExtension', 'extension'],
  ['attribute.skills', 'skills'],
];

/** Lays the source's `mapping` over the default. Throws a fatal SourceError `configuration`. */
export function planResources(mapping: Kit['mapping']): Plan {
  const taken = new Map<Field, string>(usual);
  const known: readonly string[] = [...scalarFields, ...compoundFields];
  for (const [key, field] of mappedFields(mapping, whyNot)) {
    if (!known.includes(field))
      throw badMapping(key, `${field} is no field of a resource; there are ${known.join(', ')}`);
    taken.set(key, field);
  }
  return [...taken];
}

function whyNot(part: AccountPart): string {
  return part === 'team' || part === 'supervises' || part === 'supervisor'
    ? 'it is read as it is and cannot be mapped'
    : 'the system has nothing of that kind';
}
