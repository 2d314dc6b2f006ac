import type { TeamNames } from '../domain/fold.ts';
import type { RoleName, SourceId } from '../domain/user.ts';
import type { ObservedAccount, Subject } from './decide.ts';
import type { TeamBindings } from './project.ts';
import type { SourceRules } from './rules.ts';

/** A refusal with who, when and why. */
export interface StandingRefusal {
  readonly part: string;
  /** What it came from: undo, discard and the like. */
  readonly cause: string;
  readonly by: string;
  readonly at: string;
  readonly reason: string | null;
}

/** An open review item about the account. */
export interface OpenQuestion {
  readonly id: number;
  readonly kind: string;
  /** Null where it holds the whole account. */
  readonly part: string | null;
  readonly openedAt: string;
  /** The team of the source that waits for it (spec 11.1). */
  readonly about: string | null;
}

/** The user's latest link to one source, with its account as it was last observed. */
export interface LinkedAccount {
  readonly source: SourceId;
  readonly account: ObservedAccount;
  /** Null where the source is configured no longer. */
  readonly rules: SourceRules | null;
  readonly bindings: TeamBindings;
  readonly link: {
    readonly since: string;
    readonly until: string | null;
    readonly endReason: string | null;
    readonly origin: string;
    readonly rule: string | null;
  };
  readonly goneSince: string | null;
  readonly absentSince: string | null;
  readonly disabledSince: string | null;
  readonly refusals: readonly StandingRefusal[];
  readonly questions: readonly OpenQuestion[];
  /** Its content, or something that concerns it, has changed since reconcile last decided on it. */
  readonly due: boolean;
  /** A run of its source that waits for a person and shows a change of this account (spec 13.2). */
  readonly heldRun: { readonly id: number; readonly at: string | null } | null;
  readonly pause: { readonly at: string; readonly by: string | null; readonly reason: string | null } | null;
}

/** Something that a person has said of a user, with who and when. `value` is set for overrides and local values. */
export interface SpokenWord {
  readonly kind:
    | 'override'
    | 'local-value'
    | 'role-given'
    | 'role-taken'
    | 'team-given'
    | 'team-taken'
    | 'supervises-given'
    | 'supervises-taken'
    | 'main-team';
  /** The field, the role's name, or the team's id. */
  readonly ref: string;
  readonly value: string | null;
  readonly by: string;
  /** ISO, as all times here. */
  readonly at: string;
  readonly reason: string | null;
}

/** A switched-off sync; `source` is null where it is for every source. */
interface SwitchedOff {
  readonly source: SourceId | null;
  readonly by: string;
  readonly at: string;
  readonly reason: string | null;
  readonly until: string | null;
}

/** Everything that an explanation is made of; all of it is stored. */
export interface ExplainInput {
  readonly subject: Subject;
  readonly words: readonly SpokenWord[];
  readonly switchedOff: readonly SwitchedOff[];
  readonly deactivatedAt: string | null;
  /** When an event last changed the field. */
  readonly changedAt: ReadonlyMap<string, string>;
  /** When each source's slot was last applied. */
  readonly appliedAt: ReadonlyMap<SourceId, string>;
  /** The latest link to each source, current or ended, with its account. */
  readonly accounts: readonly LinkedAccount[];
  readonly teamNames: TeamNames;
  /** The roles with which somebody can manage teams (spec 10.6). */
  readonly managingRoles: readonly RoleName[];
  readonly now: string;
}
