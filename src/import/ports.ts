import type { AccountContent, SourceTeam } from '../domain/account.ts';
import type { SourceId } from '../domain/user.ts';
import type { Lease } from '../domain/lease.ts';

/** What is stored of an account that a page names. */
export interface KnownAccount {
  readonly id: number;
  readonly externalId: string;
  readonly contentHash: string;
  readonly absent: boolean;
}

/** An account as an import writes it. `keys` are its match keys, also of a linked one until it is decided on: many may come to share them. */
export interface AccountWrite {
  readonly externalId: string;
  readonly content: AccountContent;
  readonly contentHash: string;
  readonly disabled: boolean;
  readonly keys: readonly string[];
}

/** Writes of one page, each one statement for all its rows. */
export interface ImportTx {
  /** Inserts accounts that are not known yet and gives their ids; ids stay dense. One that is there already is left out. */
  insertAccounts(source: SourceId, accounts: readonly AccountWrite[]): Promise<{ id: number; externalId: string }[]>;
  updateAccounts(accounts: readonly (AccountWrite & { id: number })[]): Promise<void>;
  /** Accounts that were absent and are seen again. */
  markSeen(ids: readonly number[]): Promise<void>;
  /** Who is absent already stays so since then; what the source itself reports takes the place of a proof by silence. */
  markAbsent(ids: readonly number[], proof: string): Promise<void>;
  saveTeams(source: SourceId, teams: readonly SourceTeam[]): Promise<void>;
  /** Notes the teams that a complete read did not show. */
  markTeamsAbsent(source: SourceId, seen: readonly SourceTeam['id'][]): Promise<void>;
}

/** What importing needs of the database; src/store implements it. */
export interface ImportStore {
  /** Whether anything of this source has ever been read. */
  anyKnown(source: SourceId): Promise<boolean>;
  known(source: SourceId, externalIds: readonly string[]): Promise<KnownAccount[]>;
  /** The stored content of accounts that may have changed, and whether somebody is linked to them. */
  contents(
    ids: readonly number[],
  ): Promise<ReadonlyMap<number, { readonly content: AccountContent; readonly linked: boolean }>>;
  countPresent(source: SourceId): Promise<number>;
  /** How many of the source's teams are not among those seen and not yet noted as absent. */
  countTeamsMissing(source: SourceId, seen: readonly SourceTeam['id'][]): Promise<number>;
  /** Ids of accounts not yet observed as absent, ascending. */
  presentIds(source: SourceId, after: number, limit: number): Promise<number[]>;
  inLease<T>(lease: Lease, work: (tx: ImportTx) => Promise<T>): Promise<T>;
  /** Refreshes the planner's statistics after many rows have come in. */
  analyse(): Promise<void>;
}
