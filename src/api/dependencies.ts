import type { Administration } from '../access/administration.ts';
import type { OpenIdSignIn } from '../access/open-id/sign-in.ts';
import type { SignIn } from '../access/sign-in.ts';
import type { Authenticate } from '../access/authentication.ts';
import type { Sight } from '../domain/scope.ts';
import type { CheckStep } from '../connector-kit/contract.ts';
import type { AccountIgnore } from '../users/account-ignore.ts';
import type { ExportedPerson } from '../people-csv/exported-person.ts';
import type { Mappings } from '../people-csv/mappings.ts';
import type { RowClass } from '../people-csv/row-plan.ts';
import type { PeopleImport, PeopleImportRow } from './schemas/people-imports.ts';
import type { PeopleImports } from '../people-csv/import.ts';
import type { Bulk } from '../users/bulk.ts';
import type { Selections } from '../users/selections.ts';
import type { RoleCatalogue } from '../domain/privileges.ts';
import type { Groups } from '../users/groups.ts';
import type { Teams } from '../users/teams.ts';
import type { CreateUser } from '../users/create-user.ts';
import type { LinkMove } from '../users/link-move.ts';
import type { Merges } from '../users/merge.ts';
import type { ConfirmSystem } from '../users/source-identity.ts';
import type { HeldRuns } from '../users/held-run.ts';
import type { RefusalFilter, Refusals } from '../users/refusals.ts';
import type { Refusal } from './schemas/refusals.ts';
import type { Purge } from '../users/purge.ts';
import type { SourcePause } from '../users/source-pause.ts';
import type { Reviews } from '../users/review.ts';
import type { UserActions } from '../users/user-actions.ts';
import type { UndoJobs } from '../users/undo-jobs.ts';
import type { Undo } from '../users/undo-ports.ts';
import type { AckEntries, AckWorklist } from '../users/worklist-ack.ts';
import type { Metrics } from './metrics.ts';
import type { Account } from './schemas/accounts.ts';
import type { BulkJob, BulkResult } from './schemas/bulk.ts';
import type { Event } from './schemas/events.ts';
import type { Group } from './schemas/groups.ts';
import type { Team, TeamBinding, TeamDetail } from './schemas/teams.ts';
import type { Explanation } from './schemas/explanation.ts';
import type { MergeCandidate } from './schemas/merges.ts';
import type { ReviewItem, ReviewItemDetail } from './schemas/review-items.ts';
import type { DryRunReport, Run, ShownPage } from './schemas/runs.ts';
import type { Source } from './schemas/sources.ts';
import type { Setting, Version } from './schemas/system.ts';
import type { NumericId } from './schemas/user-life.ts';
import type { Owner } from './schemas/user-actions.ts';
import type { ListedUser, User, UserSelection } from './schemas/users.ts';
import type { WorklistEntry, WorklistSelection } from './schemas/worklist.ts';

/** A list is read in pages by key. */
interface PageRequest {
  readonly after?: string | undefined;
  readonly limit: number;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
}

export interface EventFilter extends PageRequest {
  readonly order: 'asc' | 'desc';
  readonly source?: string | undefined;
  readonly userId?: number | undefined;
  readonly run?: number | undefined;
  readonly id?: number | undefined;
  readonly type?: string | undefined;
  readonly kind?: Event['actor']['kind'] | undefined;
  readonly actor?: string | undefined;
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
  readonly text?: string | undefined;
}

/** Whom an export of people is of; groups and teams by name. */
export interface PeopleSelection {
  readonly all: boolean;
  readonly search?: string | undefined;
  readonly sync?: 'on' | 'off' | undefined;
  readonly groups?: readonly string[] | undefined;
  readonly teams?: readonly string[] | undefined;
}

export interface AccountFilter extends PageRequest {
  readonly source?: string | undefined;
  readonly state?: Account['state'] | undefined;
  readonly match?: Account['match'] | undefined;
  readonly matched?: boolean | undefined;
}

/** Read models. Each list is bounded and costs a fixed number of statements. */
export interface ApiQueries {
  readonly users: {
    list(
      filter: PageRequest & UserSelection & { readonly deactivatedBefore?: Date | undefined },
    ): Promise<Page<ListedUser>>;
    get(id: number): Promise<User | null>;
    resolve(reference: string): Promise<number | null>;
    /** The same for many at once, in their order. */
    resolveAll(references: readonly string[]): Promise<readonly (number | null)[]>;
    /** What these users are called; who is out of sight is not among them. */
    named(
      ids: readonly number[],
    ): Promise<readonly Pick<User, 'id' | 'displayName' | 'firstName' | 'lastName' | 'username'>[]>;
  };
  readonly accounts: {
    list(filter: AccountFilter): Promise<Page<Account>>;
    get(source: string, externalId: string): Promise<Account | null>;
  };
  readonly numericIds: { used(page: PageRequest): Promise<Page<NumericId>>; free(): Promise<number> };
  readonly sources: { list(): Promise<readonly Source[]>; get(id: string): Promise<Source | null> };
  readonly refusals: { list(filter: PageRequest & RefusalFilter): Promise<Page<Refusal>> };
  readonly runs: {
    list(
      filter: PageRequest & {
        readonly source?: string | undefined;
        readonly state?: Run['state'] | undefined;
        readonly since?: Date | undefined;
        readonly until?: Date | undefined;
        readonly busy?: boolean | undefined;
      },
    ): Promise<Page<Run>>;
    get(id: number): Promise<Run | null>;
    ofSync(syncId: string): Promise<readonly Run[]>;
    /** What a held run shows, in the order of its accounts (spec 13.2). */
    shown(runId: number, page: PageRequest): Promise<ShownPage>;
  };
  readonly events: { list(filter: EventFilter): Promise<Page<Event> & { readonly atEnd: boolean }> };
  readonly reviewItems: {
    list(
      filter: PageRequest & {
        readonly source?: string | undefined;
        readonly kind?: string | undefined;
        readonly closed?: boolean | undefined;
      },
    ): Promise<Page<ReviewItem>>;
    get(id: number): Promise<ReviewItemDetail | null>;
  };
  readonly groups: { list(): Promise<readonly Group[]> };
  readonly teams: {
    list(): Promise<readonly Team[]>;
    names(): Promise<readonly string[]>;
    get(name: string): Promise<TeamDetail | null>;
    bindings(): Promise<readonly TeamBinding[]>;
  };
  readonly worklist: {
    list(
      filter: PageRequest & WorklistSelection & { readonly all?: boolean | undefined },
    ): Promise<Page<WorklistEntry>>;
    /** The users of these entries, but for those that were acknowledged. */
    userIds(selection: WorklistSelection): Promise<readonly number[]>;
  };
  readonly bulk: {
    /** The ids of all users that a list with this filter has. */
    usersOf(selection: UserSelection): Promise<readonly number[]>;
    get(id: number): Promise<BulkJob | null>;
    /** The latest first. */
    list(page: PageRequest): Promise<Page<BulkJob>>;
    results(
      job: number,
      filter: PageRequest & { readonly outcome?: BulkResult['outcome'] | undefined },
    ): Promise<Page<BulkResult>>;
  };
  readonly imports: {
    get(id: number): Promise<PeopleImport | null>;
    /** The latest first. */
    list(page: PageRequest): Promise<Page<PeopleImport>>;
    rows(
      id: number,
      filter: PageRequest & {
        readonly class?: RowClass | 'errors' | 'kept' | undefined;
        readonly outcome?: 'changed' | 'unchanged' | 'refused' | undefined;
      },
    ): Promise<Page<PeopleImportRow>>;
  };
  /** Users as `people.csv` has them (spec 17.1). */
  readonly people: {
    page(selection: PeopleSelection, page: PageRequest): Promise<Page<ExportedPerson>>;
  };
  /** Pairs of users who may be one person (spec 18.2). */
  readonly merges: { candidates(page: PageRequest): Promise<Page<MergeCandidate>> };
  /** The periods of ownership of an external id, the oldest first; with `at` the one at that time (spec 8.1). */
  owners(filter: {
    readonly source: string;
    readonly externalId: string;
    readonly at?: Date | undefined;
  }): Promise<readonly Owner[]>;
  /** Where each value of a user comes from (spec 5.7); null where there is no such user. */
  explain(userId: number): Promise<Explanation | null>;
}

/** The engine, as far as people start and stop it. */
export interface RunRequests {
  /** Asks for one run per source; of all enabled, unpaused ones where none is named. */
  sync(request: {
    readonly sources?: readonly string[];
    readonly mode: 'full' | 'delta';
    readonly askedBy: string;
  }): Promise<{
    readonly syncId: string;
    readonly runIds: readonly number[];
    readonly refused: readonly { readonly source: string; readonly code: string; readonly message: string }[];
  }>;
  /** Asks for single accounts to be read anew, each by a run of its own (spec 2.8). */
  refresh(
    accounts: readonly { readonly source: string; readonly externalId: string }[],
    askedBy: string,
  ): Promise<{
    readonly syncId: string;
    readonly runIds: readonly { readonly source: string; readonly externalId: string; readonly runId: number }[];
    readonly refused: readonly { readonly source: string; readonly code: string; readonly message: string }[];
  }>;
  /** Waits until the request has come to rest; false where that takes longer. */
  untilAtRest(syncId: string, patienceMs: number): Promise<boolean>;
  /** Whether everything that the request started or woke has ended. */
  atRest(syncId: string): Promise<boolean>;
  cancel(runId: number, operator: string): Promise<'asked' | 'finished' | 'unknown'>;
}

/** A sync that is to be played through and not done (spec 13.4). */
export interface DryRunRequest {
  readonly sources?: readonly string[];
  readonly mode: 'full' | 'delta';
  readonly operator: string;
  /** In place of the configuration that this process runs with. */
  readonly configFile?: string;
}

/** Dry runs of this process, one at a time. */
export interface DryRuns {
  /** Gives the id under which it is asked for. @throws ApiError where one is under way */
  start(request: DryRunRequest): string;
  /** Null while it is under way, undefined where it is not known (any more). Throws why it failed. */
  report(id: string): Promise<DryRunReport | null | undefined>;
}

/** Everything that the API stands on; the composition root fills it in. */
export interface ApiDependencies {
  readonly authenticate: Authenticate;
  /** For who sees this; null: everything. */
  readonly queries: (asked: { readonly sight: Sight | null }) => ApiQueries;
  /** What an operator sees. */
  readonly sightOf: (operator: string) => Promise<Sight | null>;
  readonly userActions: UserActions;
  readonly createUser: CreateUser;
  readonly purge: Purge;
  readonly merges: Merges;
  readonly reviews: Reviews;
  readonly groups: Groups;
  readonly teams: Teams;
  readonly bulk: Bulk;
  /** Users whom somebody has chosen for a bulk action. */
  readonly selections: Selections;
  readonly peopleImports: PeopleImports;
  readonly csvMappings: Mappings;
  readonly sourcePause: SourcePause;
  readonly confirmSystem: ConfirmSystem;
  readonly linkMove: LinkMove;
  readonly accountIgnore: AccountIgnore;
  readonly ackWorklist: AckWorklist;
  readonly ackEntries: AckEntries;
  /** Of the configuration: roles with their privileges (spec 10.6). */
  readonly roleCatalogue: RoleCatalogue;
  readonly administration: Administration;
  readonly signIn: SignIn;
  /** Null where the configuration names no provider. */
  readonly openIdSignIn: OpenIdSignIn | null;
  readonly runRequests: RunRequests;
  readonly dryRuns: DryRuns;
  readonly heldRuns: HeldRuns;
  readonly refusals: Refusals;
  readonly undo: Undo;
  readonly undoJobs: UndoJobs;
  readonly sourceChecks: {
    /** `known`: the system that the source has been so far (spec 2.6). */
    check(sourceId: string, known: string | null, signal: AbortSignal): Promise<readonly CheckStep[]>;
  };
  /** The settings in effect, secrets masked. */
  readonly settings: () => readonly Setting[];
  readonly version: Version;
  /** Why nothing can be served right now, or null. Asked by load balancers: cheap, and bounded in time. */
  readonly notReady: () => Promise<string | null>;
  /** Throws where this process may change nothing now: its configuration is not (yet, any more) the one in force. */
  readonly mayChange: () => Promise<void>;
  /** Null in a command that works in process: nobody scrapes it. */
  readonly metrics: Metrics | null;
  readonly http: {
    /** Host names and addresses beside the loopback's under which requests are answered, without port. */
    readonly hostNames: readonly string[];
    /** Per operator, and of refused requests per address. */
    readonly requestsPerMinute?: number;
    /** Whose word on the asker's address is taken. */
    readonly trustedProxies?: readonly string[];
  };
  /** Told of every answer that is the server's own failure. The error may hold anything; the log redacts it. */
  readonly log: {
    error(data: { readonly err: unknown; readonly requestId: string }, message: string): void;
    /** Told of refused requests, once per address and minute. */
    warn(data: object, message: string): void;
  };
  /** Proves to the command line of this machine that this process is the daemon of its data directory. */
  readonly prove: (challenge: string, port: number) => string;
}
