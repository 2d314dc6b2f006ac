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
    // Of no accounts at all, one is already infinitely many per cent.
    const percent = (count * 100) / present;
    return count > limit.number && percent > limit.percent ? [{ class: name, count, percent, limit }] : [];
  });
}

/** Whether so few decisions are due that no class can exceed its number, whatever they are. */
export function cannotExceed(due: number, limits: GuardLimits): boolean {
  return guardClasses.every((name) => due <= limits[name].number);
}

/**
 * How many accounts a run finds missing, where they are fewer than half and at least five fewer: the run is held (spec 3.3). A
 * question of an import before it is asked again, whatever was read since (spec 13.2); what the source itself reports of an
 * account is evidence by itself, and only a full import asks about that too (spec 3.1). Null where there is nothing to ask.
 */
export function missingHalf(
  { mode, approved }: { readonly mode: 'full' | 'delta' | 'reconcile'; readonly approved: boolean },
  presentBefore: number,
  { absent, reported }: { readonly absent: number; readonly reported: number },
): number | null {
  const missing = mode === 'full' ? absent : absent - reported;
  return !approved && halfIsMissing(presentBefore, missing) ? missing : null;
}

function halfIsMissing(presentBefore: number, absent: number): boolean {
  return absent >= 5 && (presentBefore - absent) * 2 < presentBefore;
}
