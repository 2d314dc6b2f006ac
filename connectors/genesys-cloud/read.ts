import { Collected } from '../../src/connector-kit/collected.ts';
import type { Lookup, OneRead, Read } from '../../src/connector-kit/contract.ts';
import { SourceError } from '../../src/connector-kit/errors.ts';
import type { JsonObject } from '../../src/connector-kit/http/json.ts';
import { oneUser, usersCount, usersList } from './lists.ts';
import { idOf, isDeleted, isDisabled, mapUser } from './map.ts';
import { pagesOf, readTeams } from './read-teams.ts';
import { count, member, wordIn } from './schema.ts';
import type { Source } from './source.ts';
import { Teams } from './teams.ts';
import { walk } from './walk.ts';
import type { Doubt } from './walk.ts';

/** The vendor's plain list is said to count no further; then it announces nothing. */
const cappedTotal = 10_000;

/** All users, page by page. */
export async function* readUsers(source: Source, signal: AbortSignal): Read {
  const { api, plan } = source;
  const total = await countUsers(source, true, signal);
  const { teams, notes } = await readTeams(source, total, signal);
  const collected = new Collected();
  const ids = new Set<string>();
  let [position, deleted] = [0, 0];
  let ofPages: number | undefined;
  let doubt: Doubt;
  api.pace.left = total === undefined ? undefined : pagesOf(total, source);
  const walked = walk(api, usersList(source), signal);
  let step = await walked.next();
  for (; step.done !== true; step = await walked.next()) {
    ofPages = step.value.total ?? ofPages;
    for (const user of step.value.items) {
      position += 1;
      const id = idOf(user);
      if (id !== undefined && ids.has(id))
        doubt = 'the list of users brought somebody twice: it shifted, or repeated a page';
      if (id !== undefined) ids.add(id);
      const outcome = mapUser(user, `user ${String(position)}`, plan, teams);
      if (outcome === 'deleted') deleted += 1;
      else if ('record' in outcome) collected.add(outcome.record, `user ${String(position)}`);
      else collected.reject(outcome.rejected);
      if (collected.pageIsFull) yield collected.takePage();
    }
    if (total !== undefined) api.pace.left = pagesOf(Math.max(0, total - position), source);
    yield { ...collected.takePage(), ...(total === undefined ? {} : { total }) };
    signal.throwIfAborted();
    if (doubt !== undefined) break;
  }
  if (step.done === true) doubt = step.value;
  doubt ??= await countDoubt(source, { read: position, total, ofPages }, signal);
  const outside = doubt === undefined ? teams.membersOutside(ids) : 0;
  if (outside > 0) doubt = `teams have ${String(outside)} members who are not in the list of users`;
  return {
    whole: doubt === undefined,
    ...(doubt === undefined ? {} : { reason: doubt }),
    retryable: doubt !== undefined,
    notes: [...notes, ...(deleted === 0 ? [] : [`${String(deleted)} deleted users left out`]), ...api.pace.notes],
  };
}

/** How many users there are, deleted ones included; undefined where nothing says so. Throws a SourceError. */
export async function countUsers({ api }: Source, patient: boolean, signal: AbortSignal): Promise<number | undefined> {
  const page = await api.get(usersCount(), patient, signal);
  return count.safeParse(member(page, 'total')).data;
}

interface Counted {
  readonly read: number;
  /** Of the plain list, before the read. */
  readonly total: number | undefined;
  /** What the pages themselves announced, where they do. */
  readonly ofPages: number | undefined;
}

/** Whoever came in the meantime is counted again before the read is doubted. */
async function countDoubt(source: Source, { read, total, ofPages }: Counted, signal: AbortSignal): Promise<Doubt> {
  if (read === 0) return 'the list of users is empty, which is taken for a failure';
  if (ofPages !== undefined && ofPages !== read) return announcedOther(read, ofPages);
  if (read === total || (total === cappedTotal && read > cappedTotal)) return undefined;
  const again = await countUsers(source, true, signal);
  if (again === read || (again === undefined && ofPages === read)) return undefined;
  if (again === undefined) return 'nothing says how many users there are, so that nothing shows whether these are all';
  return announcedOther(read, again);
}

function announcedOther(read: number, announced: number): string {
  return `the list of users brought ${String(read)} and announced ${String(announced)}`;
}

/**
 * The state of one user. Absent is who was deleted, or whom the system does not know although the client sees everybody. Throws
 * a SourceError where that cannot be said.
 */
export async function lookUpUser(source: Source, id: string, signal: AbortSignal): Promise<Lookup> {
  const found = await userOf(source, id, signal);
  if (found === undefined || isDeleted(found)) return 'absent';
  return isDisabled(found) === true ? 'disabled' : 'present';
}

/** One user with everything that is read of them, teams included (spec 2.8). Throws a SourceError where that cannot be said. */
export async function readOneUser(source: Source, id: string, signal: AbortSignal): Promise<OneRead> {
  const found = await userOf(source, id, signal);
  if (found === undefined) return { gone: 'deleted' };
  // Who names a team is in that one; of others only the members of all teams tell.
  const needsTeams = wordIn(member(found, 'team'), 'id') === undefined;
  const teams = needsTeams ? (await readTeams(source, undefined, signal)).teams : new Teams([], false);
  const outcome = mapUser(found, `user ${id}`, source.plan, teams);
  return outcome === 'deleted' ? { gone: 'deleted' } : outcome;
}

/** Undefined where nobody has this id. Throws a SourceError where that cannot be said. */
async function userOf(source: Source, id: string, signal: AbortSignal): Promise<JsonObject | undefined> {
  const found = await source.api.find(oneUser(id, source), signal);
  if (found !== undefined) {
    if (idOf(found) !== id) throw new SourceError('retryable', 'protocol', 'the answer to get user is another user');
    return found;
  }
  // That nobody of this id is there counts only from a client that may list everybody, at the address where users are.
  const first = await walk(source.api, usersList(source), signal, false).next();
  if (first.done === true || first.value.items.length === 0)
    throw new SourceError('retryable', 'protocol', 'get user found nobody, and the list of users is empty');
  return undefined;
}
