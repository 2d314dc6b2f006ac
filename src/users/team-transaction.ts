import type { Asker } from '../domain/permissions.ts';
import type { GroupId, Snapshot, SourceId, TeamId, UserId } from '../domain/user.ts';
import type { UserTx } from './ports.ts';
import type { KeptTeamAct, SourceTeamName } from './team-ports.ts';

/** What every act on a team is asked with; teams are given by name. */
export interface TeamRequest extends Asker {
  readonly team: string;
  readonly reason?: string | undefined;
}

/** A team as acts name it. */
export interface NamedTeam {
  readonly id: TeamId;
  readonly name: string;
}

/** What would name nothing any more without the team. */
export interface TeamUse {
  /** Members and supervisors, inactive ones too. */
  readonly users: number;
  /** Users of whom a person has said something about it: given, taken, main, in a scope. */
  readonly words: number;
  /** What was applied of accounts, those of ended links among them. */
  readonly snapshots: number;
  readonly operators: number;
  /** Sources that have a team which is bound to it. */
  readonly sources: readonly SourceId[];
  /** It is the default team, or was that of a policy which somebody still has. */
  readonly isDefault: boolean;
}

/** What acts on teams need inside one transaction. */
export interface TeamTransaction extends UserTx {
  /** Nobody else changes teams, memberships or what people say of them until the end. */
  lockTeams(): Promise<void>;
  useOf(team: TeamId): Promise<TeamUse>;
  /** With what the sources' teams that are gone were bound by. */
  remove(team: TeamId): Promise<void>;
  /** A team that was removed or merged away is there again, under its own id. */
  restore(team: { readonly id: TeamId; readonly name: string; readonly group: GroupId | null }): Promise<void>;
  /** Everybody who is in a team, or supervises it, or could come back to it; nobody who was merged into another. */
  usersOf(team: TeamId): Promise<readonly UserId[]>;
  /** Those of them who were not merged into another. */
  unmerged(users: readonly UserId[]): Promise<readonly UserId[]>;
  /** Writes the teams and the supervision of these slots, and nothing else of them. */
  saveSlotTeams(slots: readonly SlotOfUser[]): Promise<void>;
  bindingsOf(team: TeamId): Promise<readonly SourceTeamName[]>;
  moveBindings(named: readonly SourceTeamName[], team: TeamId): Promise<void>;
  /** Operators who had one team in their scope have the other; gives who had it and not the other. */
  moveOperatorScopes(from: TeamId, into: TeamId, only: readonly number[] | null): Promise<readonly number[]>;
  /** What an event about teams tells of, under lock; null where it tells of nothing that could be undone. */
  teamAct(event: number): Promise<KeptTeamAct | null>;
  noteUndone(event: number, operator: string): Promise<void>;
}

/** A slot with whose it is. */
export interface SlotOfUser {
  readonly userId: UserId;
  readonly slot: Snapshot;
}

/** Runs work in one transaction, again from the start where a concurrent writer was in the way. */
export interface TeamStore {
  transaction<T>(
    operator: string,
    end: 'keep' | 'drop',
    work: (transaction: TeamTransaction) => Promise<T>,
  ): Promise<T>;
}
