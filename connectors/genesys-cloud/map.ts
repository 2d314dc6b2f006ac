import type { AccountRecord, RejectedRecord, SourceTeam } from '../../src/domain/account.ts';
import type { Field } from '../../src/domain/fields.ts';
import { isJsonObject } from '../../src/connector-kit/http/json.ts';
import type { JsonObject } from '../../src/connector-kit/http/json.ts';
import { compareText } from '../../src/connector-kit/text.ts';
import { nameKey, valueOrEmpty, valueProblem } from '../../src/connector-kit/value.ts';
import type { Plan } from './plan.ts';
import { employerFields, member, objectsIn, userKey, wordIn } from './schema.ts';
import type { Teams } from './teams.ts';

/** What became of a user of the list. */
export type Outcome =
  | { readonly record: AccountRecord }
  | { readonly rejected: RejectedRecord }
  /** Its state is `deleted`: for people it is not there any more. */
  | 'deleted';

/** A user as an account. `position` says where in the list it stands. */
export function mapUser(user: unknown, position: string, plan: Plan, teams: Teams): Outcome {
  const id = idOf(user);
  if (id === undefined || !isJsonObject(user)) return { rejected: { position, reason: 'it has no usable id' } };
  if (isDeleted(user)) return 'deleted';
  const reasons: string[] = [];
  const values: Partial<Record<Field, string | null>> = {};
  for (const [field, source] of plan) {
    const value = valueOf(user, source, reasons);
    if (value !== undefined) values[field] = value;
  }
  const [disabled, profiles, team] = [isDisabled(user), rolesOf(user), teamsOf(user, id, teams)];
  return {
    record: {
      externalId: id,
      values,
      ...(disabled === undefined ? {} : { disabled }),
      ...(profiles === undefined ? {} : { roleFacts: { profiles } }),
      ...(team === undefined ? {} : { teams: team }),
      ...(reasons.length === 0 ? {} : { unread: { position, reasons } }),
    },
  };
}

/** Undefined where it has none that can be used. */
export function idOf(user: unknown): string | undefined {
  const id = member(user, 'id');
  // The report of a schema is dear, and a list may be all wrong.
  return typeof id === 'string' ? userKey.safeParse(id).data : undefined;
}

export function isDeleted(user: unknown): boolean {
  return stateOf(user) === 'deleted';
}

/** Whether the user is inactive; undefined where nothing says so. */
export function isDisabled(user: unknown): boolean | undefined {
  const state = stateOf(user);
  return state === 'inactive' ? true : state === 'active' ? false : undefined;
}

function stateOf(user: unknown): string | undefined {
  return wordIn(user, 'state')?.toLowerCase();
}

/** The names of the user's roles; undefined where the expansion did not come whole. */
function rolesOf(user: JsonObject): readonly string[] | undefined {
  return namesIn(member(member(user, 'authorization'), 'roles'))?.toSorted(compareText);
}

/** The one team of a user. Where the expansion did not come, only the members of all teams tell *no team* from *not read*. */
function teamsOf(user: JsonObject, id: string, teams: Teams): readonly SourceTeam[] | undefined {
  const team = member(user, 'team');
  const teamId = wordIn(team, 'id');
  if (teamId === undefined) return teams.ofMember(id);
  const name = teams.names.get(teamId) ?? wordIn(team, 'name');
  return name === undefined ? undefined : [{ id: teamId, name }];
}

/** A value, null where it is empty, undefined where it did not come (spec 2.3) or cannot be used: then `unread` has why (2.2). */
function valueOf(user: JsonObject, source: string, unread: string[]): string | null | undefined {
  const value = rawOf(user, source);
  if (value === undefined) return undefined;
  if (value === null) return null;
  const text = typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : value;
  const problem = typeof text === 'string' ? valueProblem(text) : 'is no text';
  if (problem === undefined && typeof text === 'string') return valueOrEmpty(text);
  unread.push(`${source} ${problem ?? ''}`);
  return undefined;
}

function rawOf(user: JsonObject, source: string): unknown {
  switch (source) {
    case 'skills':
      return skillsOf(member(user, 'skills'));
    case 'languages':
      return skillsOf(member(user, 'languages'));
    case 'workPhone':
      return phoneOf(user, ['WORK', 'WORK2', 'WORK3']);
    case 'mobilePhone':
      return phoneOf(user, ['MOBILE']);
    case 'division':
      return member(member(user, 'division'), 'name');
    case 'managerId':
      return member(member(user, 'manager'), 'id');
    default:
      return isOf(employerFields, source) ? member(member(user, 'employerInfo'), source) : member(user, source);
  }
}

const mostSkills = 2000;

/** `Sales:4, Support`, in the order of the alphabet; undefined where the expansion did not come whole. */
function skillsOf(list: unknown): string | undefined {
  const held = objectsIn(list)?.filter((each) => !['inactive', 'deleted'].includes(wordIn(each, 'state') ?? ''));
  const names = namesIn(held);
  if (held === undefined || names === undefined) return undefined;
  const skills = names.map((name, index) => {
    const level = member(held[index], 'proficiency');
    return typeof level === 'number' ? `${name}:${String(level)}` : name;
  });
  // More are longer than a value may be, whatever their order.
  if (skills.length > mostSkills) return skills.join(', ');
  return skills.toSorted((a, b) => compareText(nameKey(a), nameKey(b))).join(', ');
}

/** The number of one of these types, the wanted type first; undefined where none came. */
function phoneOf(user: JsonObject, types: readonly string[]): unknown {
  const contacts = ['primaryContactInfo', 'addresses'].flatMap((name) => objectsIn(member(user, name)) ?? []);
  const phones = contacts.filter((each) => wordIn(each, 'mediaType')?.toUpperCase() === 'PHONE');
  const wanted = types.flatMap((type) => phones.filter((each) => wordIn(each, 'type')?.toUpperCase() === type));
  return wanted.flatMap((each) => wordIn(each, 'address') ?? wordIn(each, 'extension') ?? [])[0];
}

/** The names of named objects; undefined where there is no list, or one of them has no name. */
function namesIn(list: unknown): readonly string[] | undefined {
  const objects = objectsIn(list);
  const names = objects?.flatMap((each) => wordIn(each, 'name') ?? []);
  return names?.length === objects?.length ? names : undefined;
}

function isOf(fields: readonly string[], name: string): boolean {
  return fields.includes(name);
}
