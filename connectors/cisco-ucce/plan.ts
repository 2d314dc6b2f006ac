import type { AccountPart, Field } from '../../src/domain/fields.ts';
import type { Kit } from '../../src/connector-kit/contract.ts';
import { badMapping, mappedFields } from '../../src/connector-kit/mapping.ts';
import { agentFields, attributePrefix, compoundFields, personFields } from './schema.ts';

/** User field → field of an agent. */
export type Plan = readonly (readonly [Field, string])[];

const usual: Plan = [
  ['username', 'userName'],
  ['acdId', 'agentId'],
  ['firstName', 'firstName'],
  ['lastName', 'lastName'],
  ['email', 'emailAddress'],
  ['attribute.skills', 'skillGroups'],
];

/** Lays the source's `mapping` over the default. Throws a fatal SourceError `configuration`. */
export function planAgents(mapping: Kit['mapping']): Plan {
  const taken = new Map<Field, string>(usual);
  const known: readonly string[] = [...agentFields, ...personFields, ...compoundFields];
  for (const [key, field] of mappedFields(mapping, whyNot)) {
    const isAttribute = field.startsWith(attributePrefix) && field.length > attributePrefix.length;
    if (!known.includes(field) && !isAttribute)
      throw badMapping(key, `${field} is no field of an agent; there are ${known.join(', ')}, ${attributePrefix}NAME`);
    taken.set(key, field);
  }
  return [...taken];
}

function whyNot(part: AccountPart): string {
  return ['team', 'supervises', 'supervisor', 'disabled', 'externalId'].includes(part)
    ? 'it is read as it is and cannot be mapped'
    : 'the system has nothing of that kind';
}
