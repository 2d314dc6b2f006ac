import { guardClasses, type GuardClass } from '../domain/change.ts';
import type { GuardCounts } from '../reconcile/guard.ts';

/** Counts decisions by class, each user or account once (spec 13.1). Ids are dense, so a bit each is enough. */
export class Tally {
  readonly #seen = new Map<GuardClass, { bits: Uint8Array; count: number }>();

  add(name: GuardClass, subject: number): void {
    const entry = this.#seen.get(name) ?? { bits: new Uint8Array(1024), count: 0 };
    this.#seen.set(name, entry);
    const [byte, bit] = [subject >> 3, 1 << (subject & 7)];
    if (byte >= entry.bits.length) {
      const grown = new Uint8Array(Math.max(byte + 1, entry.bits.length * 2));
      grown.set(entry.bits);
      entry.bits = grown;
    }
    const present = entry.bits[byte] ?? 0;
    if ((present & bit) !== 0) return;
    entry.bits[byte] = present | bit;
    entry.count++;
  }

  has(name: GuardClass, subject: number): boolean {
    return ((this.#seen.get(name)?.bits[subject >> 3] ?? 0) & (1 << (subject & 7))) !== 0;
  }

  /** Each class with the number of different users or accounts. */
  counts(): GuardCounts {
    return Object.fromEntries(guardClasses.map((name) => [name, this.#seen.get(name)?.count ?? 0])) as GuardCounts;
  }
}

/** A user or account that the last 24 hours moved under the guard. */
export interface GuardedDecision {
  readonly class: GuardClass;
  readonly subject: number;
}

/** Adds to what a run counted what was moved earlier, each once; gives the earlier alone. */
export function withEarlier(tally: Tally, earlier: readonly GuardedDecision[]): Tally {
  const before = new Tally();
  for (const { class: name, subject } of earlier) {
    tally.add(name, subject);
    before.add(name, subject);
  }
  return before;
}
