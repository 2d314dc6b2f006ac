import type { AccountRecord, RejectedRecord, SourceTeam } from '../../src/domain/account.ts';
import type { Field } from '../../src/domain/fields.ts';
import { compareText } from '../../src/connector-kit/text.ts';
import { idInLink, nameOfReference, teamsOfReferences } from '../../src/connector-kit/cisco/reference.ts';
import { elementOf, elementsOf, wordsOf } from '../../src/connector-kit/http/document.ts';
import type { XmlElement } from '../../src/connector-kit/soap/xml.ts';
import { nameKey, valueOrEmpty, valueProblem } from '../../src/connector-kit/value.ts';
import type { Plan } from './plan.ts';
import { agentType, supervisorType, userId } from './schema.ts';
import type { Teams } from './teams.ts';

/** What became of a resource. */
export type Outcome = { readonly record: AccountRecord } | { readonly rejected: RejectedRecord };

/** A resource as an account. `position` says where in the list it stands. */
export function mapResource(resource: XmlElement, position: string, plan: Plan, teams: Teams): Outcome {
  const id = idOf(resource);
  if (id === undefined) return { rejected: { position, reason: 'it has no usable userID' } };
  const reasons: string[] = [];
  const content = contentOf(resource, id, plan, teams, reasons);
  return {
    record: { externalId: id, ...content, ...(reasons.length === 0 ? {} : { unread: { position, reasons } }) },
  };
}

/**
 * The user id of a resource; undefined where it has none that can be used. Some releases write an id of digits as a number into
 * JSON, which costs it its leading zeros: the link to the resource itself has them.
 */
export function idOf(resource: XmlElement): string | undefined {
  const said = userId.safeParse(wordsOf(resource, 'userid')).data;
  const linked = userId.safeParse(idInLink(wordsOf(resource, 'self'))).data;
  if (said === undefined) return linked;
  const lostItsZeros = linked !== undefined && /^\d+$/.test(linked) && linked.replace(/^0+(?=\d)/, '') === said;
  return lostItsZeros ? linked : said;
}

/** Whether it is a supervisor; undefined where nothing says so. */
export function isSupervisor(resource: XmlElement): boolean | undefined {
  const type = wordsOf(resource, 'type')?.trim() ?? '';
  return supervisorType.test(type) ? true : agentType.test(type) ? false : undefined;
}

/** The team of a resource: none, one, or undefined where it does not say. */
export function teamOf(resource: XmlElement, teams: Teams): readonly SourceTeam[] | undefined {
  const references = elementsOf(resource, 'team');
  return references.length === 0 ? undefined : teamsOfReferences(references, teams.names);
}

/** The teams that a resource supervises, as primary or secondary supervisor; what it does not say itself the teams say. */
export function supervisedBy(resource: XmlElement, id: string, teams: Teams): readonly SourceTeam[] | undefined {
  const containers = elementsOf(resource, 'primarysupervisorof', 'secondarysupervisorof');
  if (containers.length === 0) return teams.supervisedBy(id);
  const references = containers.flatMap((container) => elementsOf(container, 'supervisorofteamname'));
  const supervised = teamsOfReferences(references, teams.names);
  return supervised?.toSorted((a, b) => compareText(a.id, b.id));
}

/** Notes in `unread` which values cannot be used, and why (spec 2.2). */
function contentOf(
  resource: XmlElement,
  id: string,
  plan: Plan,
  teams: Teams,
  unread: string[],
): Omit<AccountRecord, 'externalId'> {
  const values: Partial<Record<Field, string | null>> = {};
  for (const [field, source] of plan) {
    const value = valueOf(resource, id, source, unread);
    if (value !== undefined) values[field] = value;
  }
  const [supervisor, team, supervises] = [
    isSupervisor(resource),
    teamOf(resource, teams),
    supervisedBy(resource, id, teams),
  ];
  return {
    values,
    ...(supervisor === undefined ? {} : { roleFacts: { supervisor } }),
    ...(team === undefined ? {} : { teams: team }),
    ...(supervises === undefined ? {} : { supervises }),
  };
}

/** A value, null where it is empty, undefined where the resource does not have the element at all (spec 2.3). */
function valueOf(resource: XmlElement, id: string, source: string, unread: string[]): string | null | undefined {
  if (source === 'userID') return id;
  const text =
    source === 'skills'
      ? skillsOf(resource)
      : source === 'resourceGroup'
        ? groupOf(resource)
        : wordsOf(resource, source.toLowerCase());
  if (text === undefined) return undefined;
  const problem = valueProblem(text);
  if (problem === undefined) return valueOrEmpty(text);
  unread.push(`${source} ${problem}`);
  return undefined;
}

function groupOf(resource: XmlElement): string | undefined {
  const group = elementOf(resource, 'resourcegroup');
  return group === undefined ? undefined : (nameOfReference(group) ?? '');
}

/** `Sales:7` for the skill Sales at competence 7, by name; undefined where the resource has no map of skills. */
function skillsOf(resource: XmlElement): string | undefined {
  const map = elementOf(resource, 'skillmap');
  if (map === undefined) return undefined;
  const skills = elementsOf(map, 'skillcompetency').flatMap((competency) => {
    const reference = elementOf(competency, 'skillnameuripair');
    const name = reference === undefined ? undefined : nameOfReference(reference);
    const level = wordsOf(competency, 'competencelevel')?.trim() ?? '';
    return name === undefined ? [] : [level === '' ? name : `${name}:${level}`];
  });
  return skills.toSorted((a, b) => compareText(nameKey(a), nameKey(b))).join(', ');
}
