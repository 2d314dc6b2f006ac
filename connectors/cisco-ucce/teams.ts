import type { SourceTeam } from '../../src/domain/account.ts';
import { idOfReference, nameOfReference } from '../../src/connector-kit/cisco/reference.ts';
import { elementOf, elementsOf } from '../../src/connector-kit/http/document.ts';
import type { XmlElement } from '../../src/connector-kit/soap/xml.ts';

/** The agent teams, as far as they could be read. */
export class Teams {
  /** Team id → name. */
  readonly names: ReadonlyMap<string, string>;
  /** Agent id → teams. Undefined where the list of teams does not say. */
  readonly #members: ReadonlyMap<string, readonly SourceTeam[]> | undefined;
  readonly #supervisors: ReadonlyMap<string, readonly SourceTeam[]> | undefined;

  /** `whole`: that these are all teams is proven. */
  constructor(elements: readonly XmlElement[], whole: boolean) {
    const teams = elements.flatMap((element) => {
      const [id, name] = [idOfReference(element), nameOfReference(element)];
      return id === undefined || name === undefined ? [] : [{ element, team: { id, name } }];
    });
    this.names = new Map(teams.map(({ team }) => [team.id, team.name]));
    const peopleOf = (collection: string, item: string): ReadonlyMap<string, readonly SourceTeam[]> | undefined => {
      const shown = teams.length > 0 && teams.every(({ element }) => elementOf(element, collection) !== undefined);
      if (!whole || !shown || teams.length < elements.length) return undefined;
      return byPerson(teams.map(({ element, team }) => [team, elementsOf(elementOf(element, collection), item)]));
    };
    this.#members = peopleOf('agents', 'agent');
    this.#supervisors = peopleOf('supervisors', 'supervisor');
  }

  /** The teams that an agent is in; undefined where the list of teams does not name its members. */
  ofMember(id: string): readonly SourceTeam[] | undefined {
    return this.#members === undefined ? undefined : (this.#members.get(id) ?? []);
  }

  /** How many members of teams are none of these agents. */
  membersOutside(agents: ReadonlySet<string>): number {
    return [...(this.#members?.keys() ?? [])].filter((id) => !agents.has(id)).length;
  }

  /** The teams that an agent supervises; undefined where the list of teams does not name its supervisors. */
  supervisedBy(id: string): readonly SourceTeam[] | undefined {
    return this.#supervisors === undefined ? undefined : (this.#supervisors.get(id) ?? []);
  }
}

function byPerson(
  teams: readonly (readonly [SourceTeam, readonly XmlElement[]])[],
): ReadonlyMap<string, readonly SourceTeam[]> {
  const people = new Map<string, SourceTeam[]>();
  for (const [team, references] of teams) {
    for (const reference of references) {
      const id = idOfReference(reference);
      if (id === undefined) continue;
      const before = people.get(id) ?? [];
      if (!before.some((each) => each.id === team.id)) people.set(id, [...before, team]);
    }
  }
  return people;
}
