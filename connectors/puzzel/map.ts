import type { AccountRecord, RejectedRecord, SourceTeam } from '../../src/domain/account.ts';
import type { Field } from '../../src/domain/fields.ts';
import type { JsonObject } from '../../src/connector-kit/http/json.ts';
import { isJsonObject } from '../../src/connector-kit/http/json.ts';
import { compareText } from '../../src/connector-kit/text.ts';
import { nameKey, valueOrEmpty, valueProblem } from '../../src/connector-kit/value.ts';
import type { Config } from './config.ts';
import type { Plan } from './plan.ts';
import { idOf, member, objectsOf, skillsField, textOf, typeFields } from './schema.ts';

/** A user as the list has it, and its detail: undefined where that was not asked for, a sentence where it could not be read. */
export interface Listed {
  readonly row: JsonObject;
  readonly detail: JsonObject | string | undefined;
  /** Where in the list it stands. */
  readonly position: string;
}

/** What the mapping of every user needs. */
export interface Context {
  readonly plan: Plan;
  /** Group id → name; undefined where the groups could not be listed. */
  readonly groups: ReadonlyMap<string, string> | undefined;
  readonly settings: Pick<Config, 'otherTypes' | 'ignoreGroups'>;
}

/** What became of a user. */
export type Outcome =
  | { readonly record: AccountRecord }
  | { readonly rejected: RejectedRecord }
  /** Of that type or group, in which no persons are. */
  | { readonly other: string };

/** A user as an account. */
export function mapUser({ row, detail, position }: Listed, context: Context): Outcome {
  const id = idOf(member(row, 'id'));
  if (id === undefined) return { rejected: { position, reason: 'it has no usable id' } };
  const parts = [row, ...(isJsonObject(detail) ? [detail] : [])];
  const other = otherThanPerson(parts, context);
  if (other !== undefined) return { other };
  // What might be a wallboard must not become a person because its type could not be read.
  if (typeof detail === 'string' && typeOf(parts) === undefined)
    return { rejected: { externalId: id, position, reason: detail } };
  const reasons = typeof detail === 'string' ? [detail] : [];
  const values: Partial<Record<Field, string | null>> = {};
  for (const [field, source] of context.plan) {
    const value = valueOf(parts, id, source, reasons);
    if (value !== undefined) values[field] = value;
  }
  const teams = teamsOf(parts, context);
  return {
    record: {
      externalId: id,
      values,
      ...(teams === undefined ? {} : { teams }),
      ...(reasons.length === 0 ? {} : { unread: { position, reasons: [...new Set(reasons)] } }),
    },
  };
}

/** The type of a user in the vendor's word; undefined where nothing says it. */
export function typeOf(parts: readonly JsonObject[]): string | undefined {
  for (const part of parts) {
    for (const name of typeFields) {
      const value = member(part, name);
      const text = textOf(isJsonObject(value) ? member(value, 'name') : value)?.trim() ?? '';
      if (text !== '' && valueProblem(text) === undefined) return text;
    }
  }
  return undefined;
}

/** Whether a type says that it is a person's. */
export function isPerson(type: string): boolean {
  return typeKey(type) === 'person';
}

/** Why somebody is no person, in words of the source; undefined for a person, and where nothing speaks against it. */
export function otherThanPerson(parts: readonly JsonObject[], { settings, groups }: Context): string | undefined {
  const type = typeOf(parts);
  if (type !== undefined && settings.otherTypes.some((each) => typeKey(each) === typeKey(type))) return type;
  const name = groupNameOf(parts, groups);
  const ignored = name !== undefined && settings.ignoreGroups.some((each) => nameKey(each) === nameKey(name));
  return ignored ? `group ${name}` : undefined;
}

/** `Chat bot`, `ChatBot` and `CHAT_BOT` are one type, with or without `user` behind it. */
function typeKey(type: string): string {
  return nameKey(type)
    .replace(/[\s_-]/g, '')
    .replace(/(?<=.)(?:users?|s)$/, '');
}

/** The id of the one user group of a user; undefined where nothing says it. */
export function groupIdOf(parts: readonly JsonObject[]): string | undefined {
  for (const part of parts) {
    const id = idOf(member(part, 'groupId')) ?? idOf(member(part, 'userGroupId'));
    if (id !== undefined) return id;
  }
  return undefined;
}

function groupNameOf(
  parts: readonly JsonObject[],
  groups: ReadonlyMap<string, string> | undefined,
): string | undefined {
  const listed = groups?.get(groupIdOf(parts) ?? '');
  if (listed !== undefined) return listed;
  for (const part of parts) {
    const name = textOf(member(part, 'userGroupName') ?? member(part, 'groupName')) ?? '';
    if (valueProblem(name) === undefined && valueOrEmpty(name) !== null) return valueOrEmpty(name) ?? undefined;
  }
  return undefined;
}

/** The user group as the one team; undefined (not read) where its id or its name is not known. */
function teamsOf(parts: readonly JsonObject[], { groups }: Context): readonly SourceTeam[] | undefined {
  const [id, name] = [groupIdOf(parts), groupNameOf(parts, groups)];
  return id === undefined || name === undefined ? undefined : [{ id, name }];
}

/** A value, null where it is empty, undefined where no answer has the element (spec 2.3). The detail knows better than the list. */
function valueOf(
  parts: readonly JsonObject[],
  id: string,
  source: string,
  unread: string[],
): string | null | undefined {
  if (source === 'id') return id;
  const found = parts.map((part) => (source === skillsField ? skillsOf(part) : textOf(member(part, source))));
  const text = found.findLast((each) => each !== undefined);
  if (text === undefined) return undefined;
  const problem = valueProblem(text);
  if (problem === undefined) return valueOrEmpty(text);
  unread.push(`${source} ${problem}`);
  return undefined;
}

interface Skill {
  readonly name: string;
  readonly level: string;
}

/** `Sales:7` for the skill Sales at level 7, by name; undefined where there is no list of qualities, in the profiles neither. */
function skillsOf(part: JsonObject): string | undefined {
  const lists = [part, ...(objectsOf(member(part, 'profiles')) ?? []).filter((profile) => isCurrent(profile, part))]
    .map((each) => objectsOf(member(each, 'qualities')))
    .filter((each) => each !== undefined);
  if (lists.length === 0) return undefined;
  const skills = lists.flat().flatMap(skillsOfQuality);
  const words = skills
    .toSorted((a, b) => compareText(nameKey(a.name), nameKey(b.name)) || compareText(a.level, b.level))
    .map(({ name, level }) => (level === '' ? name : `${name}:${level}`));
  return [...new Set(words)].join(', ');
}

/** The skills of the profile that is in use; of every profile where the user does not say which one it is. */
function isCurrent(profile: JsonObject, user: JsonObject): boolean {
  const current = idOf(member(user, 'currentProfileId'));
  return current === undefined || current === '0' || idOf(member(profile, 'id')) === current;
}

/** The elements of a quality (a service) are its skills. One without elements is a skill itself. */
function skillsOfQuality(quality: JsonObject): Skill[] {
  const elements = objectsOf(member(quality, 'elements')) ?? [];
  if (elements.length > 0) return elements.flatMap((each) => skillOf(each, 'name'));
  return Array.isArray(member(quality, 'elements')) ? [] : [...skillOf(quality, 'name', 'description')].slice(0, 1);
}

function skillOf(element: JsonObject, ...names: readonly string[]): Skill[] {
  const name = names.map((each) => textOf(member(element, each))?.trim() ?? '').find((each) => each !== '');
  if (name === undefined) return [];
  return [{ name, level: textOf(member(element, 'userLevel'))?.trim() ?? '' }];
}
