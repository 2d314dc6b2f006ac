import { createTask, parse } from 'node-cron';

const minute = 60_000;
const hour = 60 * minute;
const quarter = 15 * minute;
/** A slot that was missed longer ago is not made up for: the next one comes anyway. */
const longestLookBack = 62 * 24 * hour;

/** The instants of one schedule, each a whole minute in UTC (spec 14.5). */
export interface Slots {
  /** The latest slot after `since` and not after `until`; null where there is none. */
  latest(since: Date, until: Date): Date | null;
}

/**
 * The expressions whose slots are together those of one: where both day of month and weekday are limited either is enough, as
 * crontab(5) says (spec 14.5); node-cron wants both. A field that begins with a star is no limit there.
 */
export function alternativesOf(expression: string): string[] {
  const fields = expression.trim().split(/\s+/);
  const [day, weekday] = [fields.length - 3, fields.length - 1];
  const limits = (index: number): boolean => fields[index]?.startsWith('*') === false;
  if (!limits(day) || !limits(weekday)) return [expression];
  return [day, weekday].map((left) => fields.map((field, index) => (index === left ? '*' : field)).join(' '));
}

/**
 * The slots of a cron expression in a time zone. A local hour that comes twice, or not at all, runs once: a fixed time in
 * the doubled hour counts the first time, one in the missing hour where the clock lands. What runs every hour anyway goes
 * on by the instant. (node-cron itself leaves a time in the missing hour out.)
 */
export function slotsOf(expression: string, timeZone: string): Slots {
  // Asked for local times dressed up as UTC, which has them all, each once.
  const patterns = alternativesOf(expression).map((each) => createTask(each, () => undefined, { timezone: 'Etc/UTC' }));
  const matches = (local: number): boolean => patterns.some((pattern) => pattern.match(new Date(local)));
  const hours = new Set(parse(expression).hour);
  const everyHour = hours.size === 24;
  const localOf = localClock(timeZone);
  const isSlot = (instant: number): boolean => {
    const local = localOf(instant);
    if (matches(local)) return everyHour || !cameBefore(instant, local, localOf);
    return !everyHour && missingMinutes(instant, local, localOf).some(matches);
  };
  // A quarter of an hour at a time, since some zones are shifted by that much; near a change of the clock every minute counts.
  const mayHaveSlots = (instant: number): boolean => {
    const local = localOf(instant);
    const steady = local - instant === localOf(instant - 4 * hour) - instant + 4 * hour;
    return !steady || hours.has(new Date(local).getUTCHours());
  };
  return {
    latest(since, until) {
      const first = Math.max(since.getTime(), until.getTime() - longestLookBack);
      for (let instant = wholeMinute(until); instant > first;) {
        // On to the last minute before this quarter, which may be a slot itself.
        if (!mayHaveSlots(instant)) instant = Math.floor(instant / quarter) * quarter - minute;
        else if (isSlot(instant)) return new Date(instant);
        else instant -= minute;
      }
      return null;
    },
  };
}

function wholeMinute(date: Date): number {
  return Math.floor(date.getTime() / minute) * minute;
}

/** Whether this local time is the second of a doubled hour. */
function cameBefore(instant: number, local: number, localOf: (instant: number) => number): boolean {
  const earlier = instant - 3 * hour;
  const setBack = localOf(earlier) - earlier - (local - instant);
  return setBack > 0 && localOf(instant - setBack) === local;
}

/** The local minutes that were left out just before this one. */
function missingMinutes(instant: number, local: number, localOf: (instant: number) => number): number[] {
  const left = (local - localOf(instant - minute)) / minute - 1;
  return Array.from({ length: Math.max(left, 0) }, (_, index) => local - (index + 1) * minute);
}

/** An instant's local time, dressed up as UTC, in milliseconds. */
function localClock(timeZone: string): (instant: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  return (instant) => {
    const parts = Object.fromEntries(format.formatToParts(instant).map((part) => [part.type, Number(part.value)]));
    const { year = 0, month = 1, day = 1, hour: hours = 0, minute: minutes = 0 } = parts;
    return Date.UTC(year, month - 1, day, hours, minutes);
  };
}
