import type { SourceTeam } from '../../src/domain/account.ts';
import { nameKey } from '../../src/connector-kit/value.ts';
import type { XmlElement } from '../../src/connector-kit/soap/xml.ts';
import { idOf, isSupervisor, supervisedBy, teamOf } from './map.ts';
import type { Teams } from './teams.ts';

/** What one account of the system sees. */
export interface Seen {
  readonly resources: readonly XmlElement[];
  readonly teams: Teams;
  /** The account itself, where it is a resource. */
  readonly self: XmlElement | undefined;
  readonly username: string;
}

/** How far the list of resources goes: over everybody as far as can be told, or why not. */
export type Reach =
  | { readonly kind: 'everybody' }
  /** The account is a supervisor's, whose list has its own teams only. */
  | { readonly kind: 'own-teams'; readonly reason: string }
  /** Somebody is missing who is there. */
  | { readonly kind: 'doubtful'; readonly reason: string };

/** The user id in `enovak`, `enovak@corp.example` or `CORP\enovak`. */
export function userIdsOf(username: string): readonly string[] {
  return [...new Set([username, username.replace(/@[^@]*$/, ''), username.replace(/^.*\\/, '')])];
}

/**
 * Judges whether a list of resources can be everybody (a supervisor gets HTTP 200 and the agents of his own teams, without a
 * word). A supervisor is believed only where the list shows somebody of a team that is not his.
 */
export function reachOf(seen: Seen): Reach {
  return asSupervisor(seen) ?? againstTeams(seen);
}

function asSupervisor({ resources, teams, self, username }: Seen): Reach | undefined {
  const ids = userIdsOf(username);
  const own = ids.map((id) => teams.supervisedBy(id));
  const said = self === undefined ? undefined : supervisedBy(self, idOf(self) ?? '', teams);
  const known = [...own, said].filter((each) => each !== undefined);
  const supervised = new Map(known.flat().map((team) => [team.id, team]));
  if (supervised.size === 0 && (self === undefined || isSupervisor(self) !== true)) return undefined;
  const itself = new Set(ids.map(nameKey));
  // Where nothing says which teams are its own, nobody in the list can be told from its own agents.
  const seesMore =
    known.length > 0 &&
    resources.some((resource) => {
      const teamsOfIt = teamOf(resource, teams) ?? [];
      return !itself.has(nameKey(idOf(resource) ?? '')) && teamsOfIt.some(({ id }) => !supervised.has(id));
    });
  if (seesMore) return undefined;
  const which = known.length === 0 ? '' : ` (${namesOf([...supervised.values()])})`;
  return {
    kind: 'own-teams',
    reason: `connection.username is a supervisor in Unified CCX and sees only the agents of its own teams${which}`,
  };
}

/** Teams name their members, and every member must be in the list. Whole teams that are missing are what a supervisor sees. */
function againstTeams({ resources, teams }: Seen): Reach {
  const listed = new Set(resources.map((resource) => nameKey(idOf(resource) ?? '')));
  const short = teams.all.filter(({ members }) => [...members].some((id) => !listed.has(id)));
  if (short.length === 0) return { kind: 'everybody' };
  const missing = short.flatMap(({ members }) => [...members].filter((id) => !listed.has(id))).length;
  const said = `the teams ${namesOf(short)} have ${String(missing)} members who are not in the list of resources`;
  const represented = new Set(resources.flatMap((resource) => (teamOf(resource, teams) ?? []).map(({ id }) => id)));
  const wholly = short.every(
    ({ id, members }) => !represented.has(id) && [...members].every((each) => !listed.has(each)),
  );
  if (!wholly || listed.size === 0) return { kind: 'doubtful', reason: said };
  return {
    kind: 'own-teams',
    reason: `${said}, nobody of them: connection.username sees only some teams, as a supervisor does`,
  };
}

function namesOf(teams: readonly SourceTeam[]): string {
  const shown = teams.slice(0, 5).map(({ name }) => name);
  const more = teams.length - shown.length;
  return shown.length === 0 ? 'none' : `${shown.join(', ')}${more > 0 ? ` and ${String(more)} more` : ''}`;
}
