import { Collected } from '../../src/connector-kit/collected.ts';
import type { Read } from '../../src/connector-kit/contract.ts';
import { SourceError } from '../../src/connector-kit/errors.ts';
import { isJsonObject } from '../../src/connector-kit/http/json.ts';
import type { JsonObject } from '../../src/connector-kit/http/json.ts';
import { valueOrEmpty, valueProblem } from '../../src/connector-kit/value.ts';
import type { Api, TokenInfo } from './api.ts';
import type { Config } from './config.ts';
import { isPerson, mapUser, otherThanPerson, typeOf } from './map.ts';
import type { Context, Listed } from './map.ts';
import type { Plan } from './plan.ts';
import { reachOf } from './reach.ts';
import { idOf, member, textOf } from './schema.ts';

/** Everything that is needed to read one customer. */
export interface Source {
  readonly api: Api;
  readonly plan: Plan;
  readonly settings: Config;
}

/** What the lists have brought. */
export interface Gathered {
  readonly users: readonly JsonObject[];
  readonly context: Context;
  /** Why absence proves nothing, apart from the records. */
  readonly doubts: readonly string[];
  /** Traces of a resource filter, which reading again does not mend. */
  readonly shortened: readonly string[];
  readonly notes: readonly string[];
}

/** Details that are asked for at a time. */
const atATime = 4;

/** Users between two pages: with details, so few that progress is seen and a cancelled run stops soon. */
const withDetails = 100;
const withoutDetails = 1000;

/** The last days of a password are told from here on. */
const lastDays = 30;

/** Everybody, in one list: the interface has no pages. */
export async function* readUsers(source: Source, signal: AbortSignal): Read {
  const gathered = await gather(source, signal);
  const { users, context } = gathered;
  const doubts = [...gathered.doubts];
  const types = new Map<string, number>();
  const collected = new Collected();
  const others = new Map<string, number>();
  let [failed, last] = [0, ''];
  const step = source.settings.details ? withDetails : withoutDetails;
  for (let start = 0; start < users.length; start += step) {
    const part = await addDetails(source, users.slice(start, start + step), start, signal);
    for (const listed of part) {
      if (typeof listed.detail === 'string') [failed, last] = [failed + 1, listed.detail];
      const outcome = mapUser(listed, context);
      if ('record' in outcome) {
        collected.add(outcome.record, listed.position);
        const type = strangeTypeOf(listed);
        if (type !== undefined) types.set(type, (types.get(type) ?? 0) + 1);
      } else if ('rejected' in outcome) collected.reject(outcome.rejected);
      else others.set(outcome.other, (others.get(outcome.other) ?? 0) + 1);
    }
    yield { ...collected.takePage(), total: users.length };
    signal.throwIfAborted();
  }
  if (failed > 0) doubts.push(`the details of ${String(failed)} users could not be read; the last: ${last}`);
  if (users.length > 0 && collected.isEmpty) doubts.push('the list of users has no person in it');
  const reasons = [...doubts, ...gathered.shortened];
  return {
    whole: reasons.length === 0,
    ...(reasons.length === 0 ? {} : { reason: reasons.join('; ') }),
    retryable: doubts.length > 0,
    notes: [
      ...gathered.notes,
      ...[...types].map(
        ([type, count]) =>
          `${String(count)} users of the type ${type} taken for persons; otherTypes names types that are none`,
      ),
      ...[...others].map(([word, count]) => `${String(count)} users who are no persons left out (${word})`),
    ],
  };
}

/** A type that is neither that of a person nor one of those that are none. */
function strangeTypeOf({ row, detail }: Listed): string | undefined {
  const type = typeOf([row, ...(isJsonObject(detail) ? [detail] : [])]);
  return type === undefined || isPerson(type) ? undefined : type;
}

/** Groups, users, and whether they are everybody. Throws a SourceError. */
export async function gather({ api, plan, settings }: Source, signal: AbortSignal): Promise<Gathered> {
  await api.login(signal);
  const self = await tokenInfo(api, settings, signal);
  const { groups, notes } = await listGroups(api, signal);
  const context = { plan, groups, settings };
  const users = await api.list('users', signal);
  const told = [...passwordNotes(self, settings), ...notes];
  if (users.length === 0) {
    const doubts = ['the list of users is empty, which is taken for a failure'];
    return { users, context, doubts, shortened: [], notes: told };
  }
  const compared = await compareWithSecond(users, api, signal);
  const reach = await reachOf(api, { users, groups, self }, settings.seesEverybody, signal);
  return { users, context, doubts: compared, shortened: reach.doubts, notes: [...told, ...reach.notes] };
}

/** Who asks. Throws where that is another customer's user than the configuration says. */
async function tokenInfo(api: Api, { connection }: Config, signal: AbortSignal): Promise<TokenInfo | undefined> {
  const info = await api.tokenInfo(signal);
  const said = info?.customerKey ?? '';
  if (said === '' || said.toLowerCase() === connection.customerKey.toLowerCase()) return info;
  throw new SourceError(
    'fatal',
    'configuration',
    'Puzzel gave a token of another customer than connection.customerKey names: correct it, or use that customer’s own client or user',
  );
}

/** The password's last days (spec 14.6). */
export function passwordNotes(self: TokenInfo | undefined, { connection }: Config): readonly string[] {
  const days = self?.passwordDaysLeft;
  if (days === undefined || days < 0 || days > lastDays) return [];
  const whose = connection.clientId === undefined ? 'connection.username' : "rosterd's user";
  return [
    `the password of ${whose} in Puzzel expires in ${String(days)} days: give it a new one before, and rosterd too where it logs in with it`,
  ];
}

/** Without the right to list them, groups are known by what the users say of them. */
async function listGroups(api: Api, signal: AbortSignal): Promise<Pick<Context, 'groups'> & Pick<Gathered, 'notes'>> {
  try {
    const groups = new Map<string, string>();
    for (const group of await api.list('usergroups', signal)) {
      const [id, name = ''] = [idOf(member(group, 'id')), textOf(member(group, 'name'))];
      const usual = valueProblem(name) === undefined ? valueOrEmpty(name) : null;
      if (id !== undefined && usual !== null) groups.set(id, usual);
    }
    return { groups, notes: [] };
  } catch (error) {
    if (!(error instanceof SourceError) || (error.code !== 'right-missing' && error.code !== 'configuration'))
      throw error;
    return { groups: undefined, notes: [`user groups cannot be listed, so teams may be not read: ${error.message}`] };
  }
}

/** The system announces no total: a list that lost some of its end on the way will not lose the same again. */
async function compareWithSecond(first: readonly JsonObject[], api: Api, signal: AbortSignal): Promise<string[]> {
  const second = await api.list('users', signal);
  const idsOf = (users: readonly JsonObject[]): Set<string> =>
    new Set(users.map((user) => idOf(member(user, 'id')) ?? ''));
  const [one, other] = [idsOf(first), idsOf(second)];
  const inBoth = [...one].filter((id) => other.has(id)).length;
  const differing = one.size + other.size - 2 * inBoth;
  return differing === 0 ? [] : [`two lists of users, one after the other, differ in ${String(differing)}`];
}

/** In the order of the list. Whoever is no person by the list alone is not asked for. */
export async function addDetails(
  source: Source,
  rows: readonly JsonObject[],
  start: number,
  signal: AbortSignal,
): Promise<readonly Listed[]> {
  const listed: Listed[] = rows.map((row, index) => ({
    row,
    detail: undefined,
    position: `user ${String(start + index + 1)}`,
  }));
  if (!source.settings.details) return listed;
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next; index < listed.length; index = next) {
      next += 1;
      const each = listed[index];
      const id = idOf(member(each?.row, 'id'));
      if (each === undefined || id === undefined || isOther(each.row, source.settings)) continue;
      signal.throwIfAborted();
      const answer = await source.api.user(id, signal);
      listed[index] = { ...each, detail: answer.kind === 'user' ? answer.user : answer.error.message };
    }
  };
  await Promise.all(Array.from({ length: atATime }, work));
  return listed;
}

function isOther(row: JsonObject, settings: Config): boolean {
  return typeOf([row]) !== undefined && otherThanPerson([row], { plan: [], groups: undefined, settings }) !== undefined;
}

/**
 * The state of one user id. Absent is only whom the system does not know *and* a list of everybody does not have, and who is no
 * person. Throws a SourceError where that cannot be said.
 */
export async function lookUpUser(source: Source, id: string, signal: AbortSignal): Promise<'present' | 'absent'> {
  const found = await source.api.user(id, signal);
  if (found.kind !== 'user') {
    const missing = found.kind === 'not-found' || (found.kind === 'code' && saysNotFound(found.said));
    if (!missing) throw found.error;
    const gathered = await gather(source, signal);
    if (gathered.users.some((user) => idOf(member(user, 'id')) === id)) return 'present';
    const doubts = [...gathered.doubts, ...gathered.shortened];
    if (doubts.length === 0) return 'absent';
    throw new SourceError('retryable', 'protocol', `whether it is there cannot be said: ${doubts.join('; ')}`);
  }
  const { groups } = await listGroups(source.api, signal);
  const other = otherThanPerson([found.user], { plan: source.plan, groups, settings: source.settings });
  return other === undefined ? 'present' : 'absent';
}

/** Which code means it is not documented. */
function saysNotFound(said: string): boolean {
  return /not found|unknown user|no such|does not exist|doesn't exist|could not find/i.test(said);
}
