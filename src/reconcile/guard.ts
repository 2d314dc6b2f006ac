import { guardClasses, type GuardClass, type GuardLimit } from '../domain/change.ts';

export type GuardLimits = Readonly<Record<GuardClass, GuardLimit>>;
export type GuardCounts = Readonly<Record<GuardClass, number>>;

export interface Exceeded {
  readonly class: GuardClass;
  readonly count: number;
  readonly percent: number;
  readonly limit: GuardLimit;
}

/** The classes that are over their limit, of a source with `present` accounts (spec 13.1). */
export function exceededClasses(counts: GuardCounts, present: number, limits: GuardLimits): Exceeded[] {
  return guardClasses.flatMap((name) => {
    const [count, limit] = [counts[name], limits[name]];
    const percent = present === 0 ? (count > 0 ? Number.POSITIVE_INFINITY : 0) : (count * 100) / present;
    return count > limit.number && percent > limit.percent ? [{ class: name, count, percent, limit }] : [];
  });
}

/** Whether so few decisions are due that no class can exceed its number, whatever they are. */
export function cannotExceed(due: number, limits: GuardLimits): boolean {
  return guardClasses.every((name) => due <= limits[name].number);
}

/**
 * Which observed absences a run may decide on: only that of a complete import, or what one import held back would pass with
 * the next run of any kind (spec 20.7). Of accounts that merely were not shown, a delta decides on none while a full import is
 * held back for showing too few; what the source itself reports of an account is evidence by itself (spec 3.1, 3.3).
 */
export function decidableAbsences(
  run: { readonly mode: 'full' | 'delta' | 'reconcile'; readonly complete: boolean | null },
  presentBefore: number,
  { absent, reported }: { readonly absent: number; readonly reported: number },
): 'all' | 'reported' | 'none' {
  if (run.mode === 'reconcile' || run.complete !== true) return 'none';
  return run.mode === 'delta' && halfIsMissing(presentBefore, absent - reported) ? 'reported' : 'all';
}

/** A full import in which fewer than half of the accounts present before appear, and at least five fewer (spec 3.3). */
export function halfIsMissing(presentBefore: number, absent: number): boolean {
  return absent >= 5 && (presentBefore - absent) * 2 < presentBefore;
}
