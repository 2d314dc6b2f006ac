import type { AccountPart, Field } from '../../src/domain/fields.ts';
import type { Kit } from '../../src/connector-kit/contract.ts';
import { badMapping, mappedFields } from '../../src/connector-kit/mapping.ts';
import type { Config } from './config.ts';
import { displayFields, listFields, nativeNameFields } from './schema.ts';

/** What is read of each agent, and for what. */
export interface Plan {
  /** User field → field of the service, where it is taken as it stands. */
  readonly direct: readonly (readonly [Field, string])[];
  readonly names: Config['names'];
  /** What the list is asked for. */
  readonly listed: readonly [string, ...string[]];
  /** What each agent is asked for on its own; undefined where nobody is. */
  readonly displayed: readonly [string, ...string[]] | undefined;
}

const direct: readonly (readonly [Field, string])[] = [
  ['username', 'Login_ID'],
  ['acdId', 'Login_ID'],
];

/** The fields that are asked for in any case: identity, name, whether it is a person, skills with levels. */
const always = ['Login_ID', 'Name', 'AAS', 'SN', 'SL'] as const;

/** Lays the source's `mapping` over the default. Throws a fatal SourceError `configuration`. */
export function planAgents({ names, display }: Config, mapping: Kit['mapping']): Plan {
  const taken = new Map<Field, string>(direct);
  for (const [key, field] of mappedFields(mapping, whyNot)) {
    const problem = fieldProblem(field, display);
    if (problem !== undefined) throw badMapping(key, problem);
    taken.set(key, field);
  }
  const listed: Plan['listed'] = [...always, ...among(listFields, taken)];
  const native = names.native ? nativeNameFields : [];
  const displayed: Plan['listed'] = [...listed, ...among(displayFields, taken), ...native];
  return { direct: [...taken], names, listed, displayed: display ? displayed : undefined };
}

function whyNot(part: AccountPart): string {
  const instead = part === 'team' ? '; name the teams of skills in skillTeams' : '';
  return `the service has nothing of that kind${instead}`;
}

function fieldProblem(field: string, display: boolean): string | undefined {
  if (isOf(listFields, field)) return undefined;
  if (!isOf(displayFields, field)) return `${field} is no field that is read; see the connector's README`;
  return display ? undefined : `${field} is not in the list of agents; it needs display: true`;
}

function isOf(fields: readonly string[], name: string): boolean {
  return fields.includes(name);
}

function among(fields: readonly string[], taken: ReadonlyMap<Field, string>): string[] {
  return [...new Set(taken.values())].filter((name) => fields.includes(name) && !isOf(always, name));
}
