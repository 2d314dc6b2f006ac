import type { JsonObject } from '../../src/connector-kit/http/json.ts';
import type { Api, TokenInfo } from './api.ts';
import { groupIdOf, isPerson, typeOf } from './map.ts';
import { idOf, member } from './schema.ts';

/** What one account of the system sees. */
export interface Seen {
  readonly users: readonly JsonObject[];
  /** Group id → name; undefined where the groups could not be listed. */
  readonly groups: ReadonlyMap<string, string> | undefined;
  readonly self: TokenInfo | undefined;
}

/** What speaks against the list being everybody, and what merely should be known; for people. */
export interface Reach {
  readonly doubts: readonly string[];
  readonly notes: readonly string[];
}

const mostTried = 5;

const whatToGrant =
  "take every resource filter away from rosterd's user and from its user group in Puzzel's portal, as the connector's README says";

/**
 * Looks for traces of a resource filter, which shortens the list of users with HTTP 200, code 0 and no word. Nothing that is found
 * proves that there is none.
 */
export async function reachOf(api: Api, seen: Seen, seesEverybody: boolean, signal: AbortSignal): Promise<Reach> {
  const hidden = await hiddenUsers(api, seen, signal);
  const doubts = [...hidden.doubts, ...hiddenGroups(seen), ...(seesEverybody ? [] : ownGroupOnly(seen))];
  return { doubts: doubts.map((doubt) => `${doubt}: ${whatToGrant}`), notes: hidden.notes };
}

/**
 * Users whom another answer names and the list does not have. The list of states may still name somebody who has left today, so
 * each is asked for: whoever is there and not in the list was left out of it.
 */
async function hiddenUsers(api: Api, { users, self }: Seen, signal: AbortSignal): Promise<Reach> {
  const listed = new Set(users.map((user) => idOf(member(user, 'id'))));
  const states = await api.stateIds(signal);
  const notes =
    states === undefined ? ['the list of states cannot be read, so the list of users was not compared with it'] : [];
  const missing = [...new Set(states)].filter((id) => !listed.has(id));
  for (const id of missing.slice(0, mostTried)) {
    if ((await api.user(id, signal)).kind !== 'user') continue;
    const doubt = `the list of states has ${String(missing.length)} users who are not in the list of users, and user ${id} is there`;
    return { doubts: [doubt], notes };
  }
  const own = self?.userId;
  if (own === undefined || listed.has(own)) return { doubts: [], notes };
  // The list may simply not have users of this kind; only a person, or one of several that are none, must be in it.
  const answer = await api.user(own, signal);
  const ownType = answer.kind === 'user' ? typeOf([answer.user]) : undefined;
  const mustBeThere = ownType !== undefined && (isPerson(ownType) || hasType(users, ownType));
  const said = `rosterd's own user ${own} is not in the list of users`;
  if (mustBeThere) return { doubts: [said], notes };
  return { doubts: [], notes: [...notes, `${said}: make sure that it has no resource filter`] };
}

function hasType(users: readonly JsonObject[], type: string): boolean {
  return users.some((user) => typeOf([user])?.toLowerCase() === type.toLowerCase());
}

/** Groups in which users are, and that the list of groups does not have. */
function hiddenGroups({ users, groups }: Seen): readonly string[] {
  if (groups === undefined) return [];
  const unknown = new Set(users.flatMap((user) => groupIdOf([user]) ?? []).filter((id) => !groups.has(id)));
  if (unknown.size === 0) return [];
  return [`users are in ${String(unknown.size)} user groups that the list of user groups does not have`];
}

/** Nobody but the members of the own group, where there are others: what a filter on the own group looks like. */
function ownGroupOnly({ users, groups, self }: Seen): readonly string[] {
  const own = self?.userGroupId;
  const others = [...(groups ?? [])].filter(([id]) => id !== own).map(([, name]) => name);
  if (own === undefined || users.length === 0 || others.length === 0) return [];
  if (!users.every((user) => groupIdOf([user]) === own)) return [];
  const shown = others.slice(0, 5).join(', ');
  const said = `the list of users has nobody but the group of rosterd's own user, and there are others (${shown})`;
  return [`${said}; where they are empty, seesEverybody: true says so; else`];
}
