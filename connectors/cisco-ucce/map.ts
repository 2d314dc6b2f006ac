import type { AccountRecord, RejectedRecord, SourceTeam } from '../../src/domain/account.ts';
import type { Field } from '../../src/domain/fields.ts';
import { compareText } from '../../src/connector-kit/text.ts';
import { idOfReference, nameOfReference, teamsOfReferences } from '../../src/connector-kit/cisco/reference.ts';
import { elementOf, elementsOf, wordsOf } from '../../src/connector-kit/http/document.ts';
import type { XmlElement } from '../../src/connector-kit/soap/xml.ts';
import { nameKey, readFlag, valueOrEmpty, valueProblem } from '../../src/connector-kit/value.ts';
import type { Plan } from './plan.ts';
import { agentKey, attributePrefix, personFields } from './schema.ts';
import type { Teams } from './teams.ts';

/** What became of an agent. */
export type Outcome =
  | { readonly record: AccountRecord }
  | { readonly rejected: RejectedRecord }
  /** Marked for deletion: usually such agents are in no list. */
  | 'deleted';

/** An agent as an account. `position` says where in the list it stands. */
export function mapAgent(agent: XmlElement, position: string, plan: Plan, teams: Teams): Outcome {
  const id = idOf(agent);
  if (id === undefined) return { rejected: { position, reason: 'it has no usable refURL' } };
  if (isDeleted(agent)) return 'deleted';
  const reasons: string[] = [];
  const content = contentOf(agent, id, plan, teams, reasons);
  return {
    record: { externalId: id, ...content, ...(reasons.length === 0 ? {} : { unread: { position, reasons } }) },
  };
}

/** The id at the end of the agent's own link; undefined where it has none that can be used. */
export function idOf(agent: XmlElement): string | undefined {
  return agentKey.safeParse(idOfReference(agent)).data;
}

export function isDeleted(agent: XmlElement): boolean {
  return flagOf(agent, 'deleted') === true || flagOf(agent, 'markedfordeletion') === true;
}

/** Whether the agent may not log in; undefined where nothing says so. */
export function isDisabled(agent: XmlElement): boolean | undefined {
  const enabled = flagOf(elementOf(agent, 'person'), 'loginenabled');
  return enabled === undefined ? undefined : !enabled;
}

/** Whether the agent is a supervisor; undefined where nothing says so. */
export function isSupervisor(agent: XmlElement): boolean | undefined {
  return flagOf(agent, 'supervisor');
}

/** A yes or no; an empty element says neither. */
function flagOf(parent: XmlElement | undefined, name: string): boolean | undefined {
  const text = wordsOf(parent, name)?.trim() ?? '';
  return text === '' ? undefined : readFlag(text);
}

/** Notes in `unread` which values cannot be used, and why (spec 2.2). */
function contentOf(
  agent: XmlElement,
  id: string,
  plan: Plan,
  teams: Teams,
  unread: string[],
): Omit<AccountRecord, 'externalId'> {
  const values: Partial<Record<Field, string | null>> = {};
  for (const [field, source] of plan) {
    const value = valueOf(agent, source, unread);
    if (value !== undefined) values[field] = value;
  }
  const [disabled, supervisor] = [isDisabled(agent), isSupervisor(agent)];
  const [team, supervises] = [teamOf(agent, id, teams), supervisedBy(agent, id, supervisor, teams)];
  return {
    values,
    ...(disabled === undefined ? {} : { disabled }),
    ...(supervisor === undefined ? {} : { roleFacts: { supervisor } }),
    ...(team === undefined ? {} : { teams: team }),
    ...(supervises === undefined ? {} : { supervises }),
  };
}

/** The interface leaves out what is empty, so that an agent without a team is told from one unread only by the list of teams. */
function teamOf(agent: XmlElement, id: string, teams: Teams): readonly SourceTeam[] | undefined {
  const references = elementsOf(agent, 'agentteam');
  return references.length === 0 ? teams.ofMember(id) : teamsOfReferences(references, teams.names);
}

function supervisedBy(
  agent: XmlElement,
  id: string,
  supervisor: boolean | undefined,
  teams: Teams,
): readonly SourceTeam[] | undefined {
  const containers = elementsOf(agent, 'supervisorteams');
  if (containers.length === 0) return supervisor === false ? [] : teams.supervisedBy(id);
  const references = containers.flatMap((container) => elementsOf(container, 'supervisorteam', 'agentteam'));
  return teamsOfReferences(references, teams.names)?.toSorted((a, b) => compareText(a.id, b.id));
}

/** A value, null where it is empty, undefined where the agent does not have the element at all (spec 2.3). */
function valueOf(agent: XmlElement, source: string, unread: string[]): string | null | undefined {
  const text = textOf(agent, source);
  if (text === undefined) return undefined;
  const problem = valueProblem(text);
  if (problem === undefined) return valueOrEmpty(text);
  unread.push(`${source} ${problem}`);
  return undefined;
}

function textOf(agent: XmlElement, source: string): string | undefined {
  if (source.startsWith(attributePrefix)) return attributeOf(agent, source.slice(attributePrefix.length));
  if (source === 'skillGroups') return skillsOf(agent);
  if (isOf(personFields, source)) return wordsOf(elementOf(agent, 'person'), source.toLowerCase());
  const element = elementOf(agent, source.toLowerCase());
  return element === undefined || element.children.length === 0 ? element?.text : nameOfReference(element);
}

function skillsOf(agent: XmlElement): string | undefined {
  const groups = elementOf(agent, 'skillgroups');
  if (groups === undefined) return undefined;
  const names = elementsOf(groups, 'skillgroup').flatMap((group) => nameOfReference(group) ?? []);
  return names.toSorted((a, b) => compareText(nameKey(a), nameKey(b))).join(', ');
}

/** The value of an attribute of the agent; empty where the agent has attributes and not this one. */
function attributeOf(agent: XmlElement, name: string): string | undefined {
  const attributes = elementOf(agent, 'agentattributes');
  if (attributes === undefined) return undefined;
  const wanted = nameKey(name);
  const found = elementsOf(attributes, 'agentattribute').find((each) => {
    const attribute = elementOf(each, 'attribute');
    return attribute !== undefined && nameKey(nameOfReference(attribute) ?? '') === wanted;
  });
  return found === undefined ? '' : (wordsOf(found, 'attributevalue') ?? '');
}

function isOf(fields: readonly string[], name: string): boolean {
  return fields.includes(name);
}
