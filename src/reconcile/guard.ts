import { guardClasses, type GuardClass, type GuardLimit } from '../domain/change.ts';

export type GuardLimits = Readonly<Record<GuardClass, GuardLimit>>;
export type GuardCounts = Readonly<Record<GuardClass, number>>;

/** A class that is over its limit, and why (spec 13.1). */
export interface Exceeded {
  readonly class: GuardClass;
  /** Of this run and the last 24 hours together, each user or account once. */
  readonly count: number;
  /** How many of them the last 24 hours had already. */
  readonly before: number;
  readonly percent: number;
  /** Null where it is more than half of a small source. */
  readonly limit: GuardLimit | null;
}

/** In a source with fewer accounts half of them are below the usual numbers. */
const smallSource = 40;
/** So many accounts of a small source are no accident of a few. */
const fewest = 5;
/** What takes something away from users. */
const takesAway: ReadonlySet<GuardClass> = new Set(['fieldBlanked', 'teamMoved', 'roleTaken', 'gone']);

/**
 * The classes that are over their limit, of a source with `present` accounts (spec 13.1). A class counts only where this run
 * adds to what the last 24 hours had: `counts` has both together.
 */
export function exceededClasses(
  counts: GuardCounts,
  before: GuardCounts,
  present: number,
  limits: GuardLimits,
): Exceeded[] {
  return guardClasses.flatMap((name): Exceeded[] => {
    const [count, earlier, limit] = [counts[name], before[name], limits[name]];
    if (count <= earlier) return [];
    // Of no accounts at all, one is already infinitely many per cent.
    const percent = (count * 100) / present;
    const found = { class: name, count, before: earlier, percent };
    if (count > limit.number && percent > limit.percent) return [{ ...found, limit }];
    return takesAway.has(name) && isMostOfSmall(count, present) ? [{ ...found, limit: null }] : [];
  });
}

/** Whether so many of so many present accounts are over a limit: over its number and its per cent (spec 13.1). */
export function isOverLimit(count: number, present: number, limit: GuardLimit): boolean {
  return count > limit.number && count * 100 > limit.percent * present;
}

function isMostOfSmall(count: number, present: number): boolean {
  return present < smallSource && count >= fewest && count * 2 > present;
}

/** Whether so few decisions are due in a source with `present` accounts that no class can exceed its limit, whatever they are. */
export function cannotExceed(due: number, present: number, limits: GuardLimits): boolean {
  return !isMostOfSmall(due, present) && guardClasses.every((name) => due <= limits[name].number);
}

/**
 * How many accounts a run finds missing, where they are fewer than half and at least five fewer: the run is held (spec 3.3). A
 * question of an import before it is asked again, whatever was read since (spec 13.2); what the source itself reports of an
 * account is evidence by itself, and only a full import asks about that too (spec 3.1). Null where there is nothing to ask.
 */
export function missingHalf(
  { mode, approved }: { readonly mode: 'full' | 'delta' | 'reconcile'; readonly approved: boolean },
  { before, absent, reported }: { readonly before: number; readonly absent: number; readonly reported: number },
): number | null {
  const missing = mode === 'full' ? absent : absent - reported;
  return !approved && halfIsMissing(before, missing) ? missing : null;
}

function halfIsMissing(presentBefore: number, absent: number): boolean {
  return absent >= 5 && (presentBefore - absent) * 2 < presentBefore;
}
