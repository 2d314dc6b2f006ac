/** Why a person should look at a user. */
export type WorklistReason =
  /** Active, and a linked account is gone (spec 9.2). */
  | 'account-gone'
  /** Active, and a linked account is missing, which a person has refused to call gone (spec 13.2). */
  | 'gone-refused'
  /** Living agents of an ACD whom nobody has as a user, because a person discarded or undid that (spec 8.4). */
  | 'agent-without-user'
  /** Active, and a linked account is disabled (spec 9.2). */
  | 'account-disabled'
  /** A linked account has other logins or names than before (spec 9.1). */
  | 'account-renamed'
  /** A linked account was gone and is there again (spec 9.1). */
  | 'account-returned'
  /** Inactive, and still holding an id that is in use in the ACD (spec 8.4). */
  | 'id-in-use'
  /** Active agent with a further role whose ACD accounts are all gone or disabled (spec 10.7). */
  | 'no-longer-an-agent'
  /** Active, supervises teams, and no role has the privilege for it (spec 10.6). */
  | 'supervisor-without-privileges';

/** One linked account that speaks for the entry. */
export interface WorklistEvidence {
  readonly reason: Exclude<WorklistReason, 'no-longer-an-agent' | 'supervisor-without-privileges'>;
  readonly source: string;
  readonly externalId: string;
  readonly state: 'present' | 'disabled' | 'gone';
  /** Since when the account is gone or disabled, when it was renamed or returned, since when the user is inactive. */
  readonly since: string | null;
  /** How it was proven: a complete import, a tombstone, a look-up (spec 3.1). */
  readonly proof: string | null;
  readonly runId: number | null;
  /** What a rename changed. */
  readonly changes: readonly { readonly field: string; readonly before: string; readonly after: string }[];
}

/** One user of the worklist with all evidence, or accounts without a user that one act has left so. */
export interface WorklistEntryJson {
  readonly userId: number | null;
  readonly username: string | null;
  readonly displayName: string | null;
  readonly active: boolean;
  readonly reasons: readonly WorklistReason[];
  /** Of users or accounts that the entry is about; of accounts only the first are named. */
  readonly count: number;
  readonly evidence: readonly WorklistEvidence[];
  /** What a person could do, as sentences with the command. */
  readonly suggestions: readonly string[];
  /** Who has seen this very evidence; such entries are listed only where all are asked for. */
  readonly acknowledged: Acknowledged | null;
}

export interface Acknowledged {
  readonly by: string;
  readonly at: string;
  readonly until: string | null;
  readonly note: string;
}

/** Which entries of the worklist; all of them where nothing is said. */
export interface WorklistSelection {
  readonly why?: WorklistReason | undefined;
  /** With evidence of this source. */
  readonly source?: string | undefined;
  /** With evidence of this run. */
  readonly run?: number | undefined;
  /** Only of this user. */
  readonly user?: number | undefined;
  /** Only of active members of this team, by its name. */
  readonly team?: string | undefined;
}
