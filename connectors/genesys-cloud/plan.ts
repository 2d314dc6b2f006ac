import type { AccountPart, Field } from '../../src/domain/fields.ts';
import type { Kit } from '../../src/connector-kit/contract.ts';
import { badMapping, mappedFields } from '../../src/connector-kit/mapping.ts';
import { compoundFields, employerFields, plainFields } from './schema.ts';

/** User field → field of a user of Genesys Cloud. */
export type Plan = readonly (readonly [Field, string])[];

const usual: Plan = [
  ['username', 'username'],
  ['acdId', 'id'],
  ['displayName', 'name'],
  ['email', 'email'],
  ['employeeId', 'employeeId'],
  ['department', 'department'],
  ['jobTitle', 'title'],
  ['attribute.skills', 'skills'],
];

/** Lays the source's `mapping` over the default. Throws a fatal SourceError `configuration`. */
export function planUsers(mapping: Kit['mapping']): Plan {
  const taken = new Map<Field, string>(usual);
  const known: readonly string[] = [...plainFields, ...employerFields, ...compoundFields];
  for (const [key, field] of mappedFields(mapping, whyNot)) {
    if (!known.includes(field)) throw badMapping(key, `${field} is no field of a user; there are ${known.join(', ')}`);
    taken.set(key, field);
  }
  return [...taken];
}

/** The best-effort expansions that have to be asked for. */
export function expansionsOf(plan: Plan): readonly string[] {
  const sources = plan.map(([, source]) => source);
  const needed = ['skills', 'languages'].filter((each) => sources.includes(each));
  const employer = employerFields.some((each) => sources.includes(each)) ? ['employerInfo'] : [];
  return ['team', 'authorization', ...needed, ...employer];
}

function whyNot(part: AccountPart): string {
  return ['team', 'disabled', 'externalId', 'profile'].includes(part)
    ? 'it is read as it is and cannot be mapped'
    : 'the system has nothing of that kind';
}
