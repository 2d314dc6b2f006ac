import type { Change, GuardClass } from '../domain/change.ts';
import type { SourceId, UserValue, Words } from '../domain/user.ts';
import type { Subject } from '../reconcile/decide.ts';
import type { ColumnName } from './columns.ts';
import type { RowError } from './said-row.ts';

/** What a row is decided on: a user, or the one that it would create. */
export interface RowSubject {
  readonly subject: Subject;
  readonly creates: boolean;
  /** ISO dates, as the export shows them. */
  readonly activated: string | null;
  readonly deactivated: string | null;
  /** Sources of current links. */
  readonly linkedSources: readonly SourceId[];
  /** The source whose account the username follows (spec 5.6); null where it may be edited. */
  readonly usernameOf: SourceId | null;
}

/** One difference that a row makes. */
export interface RowChange {
  readonly field: string;
  /** Null where people.csv has no column of it. */
  readonly column: ColumnName | null;
  readonly before: Change['before'];
  readonly after: Change['after'];
  /** `override`: a source supplies it, and from now on people's word counts. */
  readonly how: 'changed' | 'cleared' | 'override';
}

/** Something that the file asks for, or leaves blank, and that stays as it is. */
export interface KeptCell {
  readonly column: ColumnName | null;
  readonly why: 'supplied' | 'cannot-be-cleared' | 'not-taken-over' | 'changed-since';
  /** A sentence. */
  readonly message: string;
}

/** The classes of a preview, each row in every one that it does something of. */
export const rowClasses = [
  'created',
  'activated',
  'deactivated',
  'changed',
  'override',
  'cleared',
  'teams',
  'roles',
  'scope',
] as const;
export type RowClass = (typeof rowClasses)[number];

/** What becomes of one row; of what is wrong the plan says only what it comes to without it. */
export interface RowPlan {
  readonly words: Words;
  readonly value: UserValue;
  readonly activation: 'activate' | 'deactivate' | null;
  readonly changes: readonly RowChange[];
  readonly kept: readonly KeptCell[];
  readonly errors: readonly RowError[];
  readonly classes: readonly RowClass[];
  /** What the guard counts it as (spec 13.1). */
  readonly guardClasses: readonly GuardClass[];
}
