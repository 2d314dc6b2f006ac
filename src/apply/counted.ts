import { userClasses, type GuardClass } from '../domain/change.ts';
import type { UserId } from '../domain/user.ts';
import { exceededClasses, type GuardLimits } from '../reconcile/guard.ts';
import type { Tally } from './tally.ts';

/** What a pass counted, in comparison with the limits (spec 13.1). */
interface Counting {
  /** This run and the last 24 hours together. */
  readonly tally: Tally;
  /** The last 24 hours alone. */
  readonly before: Tally;
  readonly present: number;
  readonly limits: GuardLimits;
}

/**
 * What the guard has let through before anything was written. An answer of a person, or what the run itself writes, can make accounts
 * due in the middle of a pass, of which nobody has counted anything: they are left to the next run, which the guard asks
 * about (spec 13.1, 13.5).
 */
export class Counted {
  readonly #counting: Counting;
  readonly #left = new Set<string>();

  constructor(counting: Counting) {
    this.#counting = counting;
  }

  /** Accounts whose decision was not counted, by their external ids. */
  get left(): ReadonlySet<string> {
    return this.#left;
  }

  /** Whether a decision on a linked user is one of those that were counted; notes it as left where it is not. */
  covers(user: UserId, classes: readonly GuardClass[], externalId: string): boolean {
    return this.#orLeft(
      classes.every((name) => this.#counting.tally.has(name, user)),
      externalId,
    );
  }

  /** Whether it was counted that this account is gone. */
  coversGone(accountId: number, externalId: string): boolean {
    return this.#orLeft(this.#counting.tally.has('gone', accountId), externalId);
  }

  /**
   * Whether a link or a creation was counted. Others are taken as long as no limit is reached: applied values make accounts match in
   * the same pass, and are decided on together with the rest (spec 4.8).
   */
  takes(name: 'created' | 'linked', subject: number, externalId: string): boolean {
    const { tally, before, present, limits } = this.#counting;
    if (tally.has(name, subject)) return true;
    const counts = tally.counts();
    const then = { ...counts, [name]: counts[name] + 1 };
    const isOver = exceededClasses(then, before.counts(), present, limits).some((over) => over.class === name);
    if (!isOver) tally.add(name, subject);
    return this.#orLeft(!isOver, externalId);
  }

  #orLeft(covered: boolean, externalId: string): boolean {
    if (!covered) this.#left.add(externalId);
    return covered;
  }
}

/** Counts whatever could become of a user: what is due is too little for any limit (spec 13.1). */
export function countAll(tally: Tally, user: UserId): void {
  for (const name of userClasses) tally.add(name, user);
}
