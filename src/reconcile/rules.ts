import type { Field } from '../domain/fields.ts';
import type { RoleName, SourceId } from '../domain/user.ts';
import type { IgnoreRule } from './ignore.ts';
import type { Matching } from './match-keys.ts';

/** One line of a source's table of equivalents (spec 10.2). */
export interface RoleRule {
  readonly when: { readonly supervisor: true } | { readonly group: string } | { readonly profile: string };
  readonly role: RoleName;
}

/** What the configuration says of how one source's accounts are decided on. */
export interface SourceRules extends Matching {
  readonly id: SourceId;
  readonly as: 'acd' | 'directory';
  /** The names of the rules whose match links although it is contradicted (spec 4.12). */
  readonly trustedRules: readonly string[];
  readonly createsUsers: boolean;
  /** Accounts that belong to nobody (spec 2.7). */
  readonly ignore: readonly IgnoreRule[];
  /** What becomes of a disabled account that no user belongs to (spec 4.6). */
  readonly fromDisabled: 'wait' | 'inactive';
  /** The active state of users that this source creates (spec 4.6). */
  readonly newUsersActive: boolean;
  readonly roles: readonly RoleRule[];
  /** The roles that exist. */
  readonly catalogue: readonly RoleName[];
  /** What people have answered that unknown roles of this source mean, null: nothing (spec 4.10). No configuration has it. */
  readonly roleMeanings?: ReadonlyMap<string, RoleName | null>;
  /** Keys of values that too many share to identify anybody (spec 4.11). No configuration has them. */
  readonly sharedKeys?: ReadonlySet<string>;
  readonly teams: 'mirror' | 'add-only';
  /** What people said of the supervision of its users ends when it is read (spec 11.4). */
  readonly ownsSupervision: boolean;
  /** Fields for which this source's *empty* is authoritative (spec 5.2). */
  readonly blanks: readonly Field[];
  /** Null where an external id stays with its person; else ids are given to other people (spec 8). */
  readonly reusableIds: {
    /** Of everything that says where a name is read and how it is taken apart: another one is no evidence (spec 8.3). */
    readonly nameMapping: string;
  } | null;
}
