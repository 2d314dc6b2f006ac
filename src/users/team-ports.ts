import type { GroupId, SourceId, TeamId, UserId } from '../domain/user.ts';
import type { PersonsEvent, ShownChange } from './events.ts';

/** Where memberships of a source's team go: to a team; nowhere, as a person said; or nowhere until it has been decided. */
export interface BindingState {
  readonly team: TeamId | null;
  readonly ignored: boolean;
  readonly undecided: boolean;
}

/** A team of a source, by its id there. */
export interface SourceTeamName {
  readonly source: SourceId;
  readonly externalId: string;
}

/** A team of a source with its binding. */
export interface SourceTeam extends SourceTeamName, BindingState {
  /** As the source calls it. */
  readonly name: string;
}

/** Lists of people's words that name teams. */
export const teamWordLists = ['teamsGiven', 'teamsTaken', 'supervisesGiven', 'supervisesTaken', 'scopeTeams'] as const;
type TeamWordList = (typeof teamWordLists)[number];

/** What a merge of teams changed of one user: of each list whether the two teams were in it, and whether the one that stays is now. */
export interface MergedMember {
  readonly user: UserId;
  readonly words: Readonly<Partial<Record<TeamWordList, MergedList>>>;
  readonly chosenMain: boolean;
  readonly main: boolean;
  readonly slots: readonly (MergedList & { readonly source: SourceId; readonly part: 'teams' | 'supervises' })[];
}

interface MergedList {
  readonly from: boolean;
  readonly into: boolean;
  readonly now: boolean;
}

/** What a person did to teams, as undoing it needs it (spec 15.3). */
export type TeamDone =
  | ({ readonly act: 'bind'; readonly before: BindingState; readonly after: BindingState } & SourceTeamName)
  | { readonly act: 'rename'; readonly team: TeamId; readonly before: string; readonly after: string }
  | { readonly act: 'remove'; readonly team: TeamId; readonly name: string; readonly group: GroupId | null }
  | {
      readonly act: 'merge';
      readonly team: TeamId;
      readonly name: string;
      readonly group: GroupId | null;
      readonly into: TeamId;
      readonly bindings: readonly SourceTeamName[];
      readonly operators: readonly number[];
      readonly members: readonly MergedMember[];
    };

/** The same as it is kept. */
export interface KeptTeamAct {
  readonly done: TeamDone;
  readonly undone: boolean;
}

/** An event about teams: about nobody in particular. `undoes`: the event that it takes back. */
type TeamEvent = Omit<PersonsEvent, 'userId' | 'account' | 'runId'> & {
  readonly externalId?: string;
  readonly undoes?: number;
};

/** What changing bindings needs of the transaction of an act. */
export interface TeamBindingWrites {
  sourceTeam(named: SourceTeamName): Promise<SourceTeam | null>;
  /** Binds it anew and makes the accounts due that name it. */
  saveBinding(named: SourceTeamName, state: BindingState): Promise<void>;
  /** Users whose present accounts name the source's team. */
  usersOfSourceTeam(named: SourceTeamName): Promise<readonly UserId[]>;
  /** Writes the event, and what was done, for undoing it; gives the event's id. @throws PermissionMissingError */
  appendTeamEvent(event: TeamEvent, done: TeamDone | null): Promise<number>;
}

/** A user whom an act on a team moves. */
export interface MovedUser {
  readonly userId: UserId;
  readonly username: string | null;
  readonly changes: readonly ShownChange[];
}

/** What an act on teams has done or, as a preview, would do. */
export interface TeamActed {
  /** Of the history; null for a preview, and where there was nothing to do. */
  readonly event: number | null;
  /** Whom it moves at once, or the next run of the source will. */
  readonly moved: readonly MovedUser[];
  /** What else it comes to, in sentences. */
  readonly told: readonly string[];
}
