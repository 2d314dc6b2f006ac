import type { Field } from './fields.ts';

/** A team as its source names it: `id` is stable where the source has one, else the folded name (spec 11.1). */
export interface SourceTeam {
  readonly id: string;
  readonly name: string;
}

/** What a source says that roles are derived from by its table of equivalents (spec 10.2). */
export interface RoleFacts {
  readonly supervisor?: boolean;
  /** DNs or names of the groups named in the source's table that the account is a member of. */
  readonly groups?: readonly string[];
  /** Security profiles or the like. */
  readonly profiles?: readonly string[];
  /** Role names that the source states directly (a file's Roles column). */
  readonly roles?: readonly string[];
}

/**
 * What one source says of one user object. For fields, text is a value, `null` is empty, and a missing key is *not read*
 * (spec 2.3); a missing list or flag is *not read* too.
 */
export interface AccountContent {
  readonly values: Readonly<Partial<Record<Field, string | null>>>;
  /**
   * Of fields for which the source gives several values, all of them; the one in `values` is that of the entry's own name,
   * else the first. The one that is applied stays while it is among them (spec 2.4).
   */
  readonly several?: Readonly<Partial<Record<Field, readonly string[]>>>;
  readonly disabled?: boolean;
  readonly roleFacts?: RoleFacts;
  readonly teams?: readonly SourceTeam[];
  /** Teams that the account supervises directly ("can manage", spec 11.4). */
  readonly supervises?: readonly SourceTeam[];
}

/** One record as a connector reports it. */
export interface AccountRecord extends AccountContent {
  /** The source's own id of the account, never empty (spec section 1, external id). */
  readonly externalId: string;
  /** Of the groups that the table of roles names, those of which nobody can tell who is in them: what was known stays (spec 2.3). */
  readonly groupsNotRead?: readonly string[];
  /** Only where some of its values could not be used. */
  readonly unread?: UnreadValues;
}

/** A record that could not be used, with its reason (spec 2.2). Without a usable id the import cannot prove absence. */
export interface RejectedRecord {
  readonly externalId?: string;
  /** Where in the input, so that a person finds it there: a line, or the DN and log-in name of an entry. */
  readonly position: string;
  readonly reason: string;
  /** Its id came before in the same read: the first record counts, and the read cannot prove absence. */
  readonly repeated?: true;
}

/** Why a record whose id came before in the same read is rejected. */
export const idCameTwice = 'its id came before in this read';

/** Values of a record that could not be used: their fields are *not read*, and the rest of the record counts (spec 2.2). */
interface UnreadValues {
  /** As in RejectedRecord. */
  readonly position: string;
  /** One per value: names the attribute or column, and holds nothing of the value. */
  readonly reasons: readonly string[];
}
