import type { SourceTeam } from '../../src/domain/account.ts';

/** A team with the ids of its members; undefined where they could not be read whole. */
export interface TeamRead {
  readonly team: SourceTeam;
  readonly members: readonly string[] | undefined;
}

/** The teams, as far as they could be read. */
export class Teams {
  /** Team id → name. */
  readonly names: ReadonlyMap<string, string>;
  /** User id → teams; undefined where not all teams and all their members are known. */
  readonly #members: ReadonlyMap<string, readonly SourceTeam[]> | undefined;

  /** `whole`: that these are all teams is proven. */
  constructor(read: readonly TeamRead[], whole: boolean) {
    this.names = new Map(read.map(({ team }) => [team.id, team.name]));
    const known = whole && read.every(({ members }) => members !== undefined);
    const people = new Map<string, SourceTeam[]>();
    for (const { team, members = [] } of read) {
      for (const id of new Set(members)) {
        const before = people.get(id);
        if (before === undefined) people.set(id, [team]);
        else before.push(team);
      }
    }
    this.#members = known ? people : undefined;
  }

  /** The teams that a user is in; undefined where that is not known. */
  ofMember(id: string): readonly SourceTeam[] | undefined {
    return this.#members === undefined ? undefined : (this.#members.get(id) ?? []);
  }

  /** How many members of teams are none of these users. */
  membersOutside(users: ReadonlySet<string>): number {
    return [...(this.#members?.keys() ?? [])].filter((id) => !users.has(id)).length;
  }
}
