import { isTimeZone } from '../domain/field-values.ts';

/**
 * Names of the manual's list that nothing knows today: Riyadh by the sun, as the time zone database had it from 1987 to 1989.
 * Every other name of that list, the old ones included, is one that this platform knows.
 */
const outdated = /^(?:Asia|Mideast)\/Riyadh8[789]$/;

/** The time zone as rosterd keeps it; null for a name that is neither in the manual's list nor IANA's (spec 17.3). */
export function readTimeZone(name: string): string | null {
  if (outdated.test(name)) return 'Asia/Riyadh';
  return isTimeZone(name) ? name : null;
}
