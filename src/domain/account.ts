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
}

/** A record that could not be used, with its reason (spec 2.2). Without a usable id the import cannot prove absence. */
export interface RejectedRecord {
  readonly externalId?: string;
  /** Where in the input: a line, a DN, an index. Never the record's personal data. */
  readonly position: string;
  readonly reason: string;
}
