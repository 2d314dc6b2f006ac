import type { AccountRecord, RejectedRecord } from '../../src/domain/account.ts';
import type { Field } from '../../src/domain/fields.ts';
import { childOf, textOf } from '../../src/connector-kit/soap/xml.ts';
import type { XmlElement } from '../../src/connector-kit/soap/xml.ts';
import { valueOrEmpty, valueProblem } from '../../src/connector-kit/value.ts';
import type { Plan } from './plan.ts';
import { loginId, nativeNameFields } from './schema.ts';
import { skillsOf, skillText, teamsOf } from './skills.ts';

/** What became of an agent. */
export type Outcome =
  | { readonly record: AccountRecord }
  | { readonly rejected: RejectedRecord }
  /** No person, but an automatic answering system (AAS). */
  | 'automatic';

/** What a mapping needs to know of the read that it belongs to. */
export interface MapContext {
  readonly plan: Plan;
  /** Fields of the service that at least one agent shows; of the others nobody can say whether they are empty or kept back. */
  readonly shown: ReadonlySet<string>;
  /** Team of each skill; undefined where the table is empty or cannot be used. */
  readonly skillTeams: ReadonlyMap<string, string> | undefined;
}

/** A value of an agent cannot be used; the message holds nothing of it. */
class UnusableValue extends Error {
  override readonly name = 'UnusableValue';
}

/** An agent of the service as an account. `position` says where in the list it stands, `refusal` why it was not read whole. */
export function mapAgent(agent: XmlElement, position: string, context: MapContext, refusal?: string): Outcome {
  const id = idOf(agent);
  if (id === undefined) return { rejected: { position, reason: 'it has no usable Login_ID' } };
  if (isAutomatic(agent)) return 'automatic';
  if (refusal !== undefined) return { rejected: { externalId: id, position, reason: refusal } };
  const reasons: string[] = [];
  const content = contentOf(agent, context, reasons);
  return {
    record: { externalId: id, ...content, ...(reasons.length === 0 ? {} : { unread: { position, reasons } }) },
  };
}

/** The login id of an agent; undefined where it has none that can be used. */
export function idOf(agent: XmlElement): string | undefined {
  return loginId.safeParse(textOf(agent, 'Login_ID')).data;
}

/** Whether a login id belongs to an automatic answering system, which is no person. */
export function isAutomatic(agent: XmlElement): boolean {
  return textOf(agent, 'AAS')?.toLowerCase() === 'y';
}

/** The fields that at least one agent has a value in. */
export function shownFields(agents: readonly XmlElement[]): ReadonlySet<string> {
  const shown = new Set<string>();
  for (const agent of agents) for (const { name, text } of agent.children) if (text.trim() !== '') shown.add(name);
  return shown;
}

/** Gives undefined, and notes why, where a value cannot be used (spec 2.2). */
function orUnread<T>(unread: string[], readValue: () => T): T | undefined {
  try {
    return readValue();
  } catch (error) {
    if (!(error instanceof UnusableValue)) throw error;
    unread.push(error.message);
    return undefined;
  }
}

function contentOf(agent: XmlElement, context: MapContext, unread: string[]): Omit<AccountRecord, 'externalId'> {
  const { plan, shown, skillTeams } = context;
  const values: Partial<Record<Field, string | null>> = {};
  const name = orUnread(unread, () => nameOf(agent, plan, shown));
  if (typeof name === 'string') Object.assign(values, splitName(name, plan.names.order));
  else if (name === null) Object.assign(values, { firstName: null, lastName: null });
  const skills = shown.has('SN') ? skillsOf(agent) : undefined;
  const skillTexts = orUnread(unread, () => skills && usable(skills.map(skillText).join(', '), 'SN'));
  if (skillTexts !== undefined) values['attribute.skills'] = skillTexts;
  for (const [field, source] of plan.direct) {
    const value = orUnread(unread, () => valueOf(agent, source, shown));
    if (value !== undefined) values[field] = value;
  }
  const teams = skills === undefined || skillTeams === undefined ? undefined : teamsOf(skills, skillTeams);
  return { values, ...(teams === undefined ? {} : { teams }) };
}

/** A value, null where it is empty, undefined where nothing shows that the service gives this field (spec 2.3). */
function valueOf(agent: XmlElement, field: string, shown: ReadonlySet<string>): string | null | undefined {
  const value = usable(textOf(agent, field) ?? '', field);
  return value === null && !shown.has(field) ? undefined : value;
}

function nameOf(agent: XmlElement, plan: Plan, shown: ReadonlySet<string>): string | null | undefined {
  const native = plan.names.native ? nativeNameFields.map((field) => childOf(agent, field)?.text ?? '').join('') : '';
  return usable(native, 'Native_Name') ?? valueOf(agent, 'Name', shown);
}

function usable(text: string, field: string): string | null {
  const problem = valueProblem(text);
  if (problem !== undefined) throw new UnusableValue(`${field} ${problem}`);
  return valueOrEmpty(text);
}

/** A comma says it; else the first word is the one name and the rest the other. A single word is a family name. */
function splitName(text: string, order: Plan['names']['order']): Partial<Record<Field, string | null>> {
  const comma = text.indexOf(',');
  if (comma >= 0)
    return { firstName: valueOrEmpty(text.slice(comma + 1)), lastName: valueOrEmpty(text.slice(0, comma)) };
  const [first = '', ...others] = text.split(/\s+/);
  const rest = others.join(' ');
  if (rest === '') return { firstName: null, lastName: first };
  return order === 'first-last' ? { firstName: first, lastName: rest } : { firstName: rest, lastName: first };
}
