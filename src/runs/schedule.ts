import { createTask, validate, type ScheduledTask } from 'node-cron';
import { alternativesOf, slotsOf, type Slots } from './slots.ts';

/** When one source is read by itself (spec 14.1). */
export interface Schedule {
  readonly source: string;
  readonly full: string;
  readonly delta?: string;
  readonly timeZone: string;
}

export interface Scheduler {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** The next slots of a source, as instants in UTC, earliest first. */
  nextRuns(source: string): string[];
}

interface Entry {
  readonly source: string;
  readonly mode: 'full' | 'delta';
  readonly slots: Slots;
  /** They tell the next slots; they are never started. */
  readonly tasks: readonly ScheduledTask[];
}

/** Whether an expression is one that the scheduler understands. */
export function isCronExpression(expression: string): boolean {
  return validate(expression);
}

/** The longest time, in hours, between two slots that come next of a source: what its schedule promises (spec 14.6). */
export function longestGapHours(schedule: Schedule): number {
  const next = entriesOf(schedule)
    .flatMap(({ tasks }) => tasks.flatMap((task) => task.getNextRuns(9).map((at) => at.getTime())))
    .sort((a, b) => a - b);
  const gaps = next.slice(1).map((at, index) => at - (next[index] ?? at));
  return Math.max(0, ...gaps) / 3_600_000;
}

/**
 * Asks for runs when their slot comes. `ask` must be safe to call twice for one slot: every process that schedules asks.
 * `lastSlot` tells the last slot that had its run, or when the source was first started, so that one that was missed is run once
 * after the start. Every minute
 * all slots since the last look count, so that none is lost to a busy process or a machine that slept.
 */
export function createScheduler(
  schedules: readonly Schedule[],
  ask: (source: string, mode: 'full' | 'delta', slot: Date) => Promise<void>,
  lastSlot: (source: string, mode: 'full' | 'delta') => Promise<Date | null>,
  onError: (error: unknown) => void,
): Scheduler {
  const entries = schedules.flatMap(entriesOf);
  let looked = new Date();
  const look = async (): Promise<void> => {
    const [since, now] = [looked, new Date()];
    looked = now;
    for (const { source, mode, slots } of entries) {
      const slot = slots.latest(since, now);
      if (slot !== null) await ask(source, mode, slot).catch(onError);
    }
  };
  const ticker = createTask('* * * * *', look, { timezone: 'Etc/UTC', name: 'schedule', suppressMissedWarning: true });
  return {
    async start() {
      looked = new Date();
      for (const { source, mode, slots } of entries) {
        const last = await lastSlot(source, mode);
        const missed = last === null ? null : slots.latest(last, looked);
        if (missed !== null) await ask(source, mode, missed);
      }
      await ticker.start();
    },
    async stop() {
      await ticker.destroy();
    },
    nextRuns: (source) =>
      entries
        .filter((entry) => entry.source === source)
        .flatMap(({ tasks }) => [
          ...new Set(tasks.flatMap((task) => task.getNextRuns(3).map((at) => at.toISOString()))),
        ])
        .sort()
        .slice(0, 3),
  };
}

function entriesOf({ source, full, delta, timeZone }: Schedule): Entry[] {
  const entry = (mode: Entry['mode'], expression: string): Entry => ({
    source,
    mode,
    slots: slotsOf(expression, timeZone),
    tasks: alternativesOf(expression).map((each) => createTask(each, () => undefined, { timezone: timeZone })),
  });
  return [entry('full', full), ...(delta === undefined ? [] : [entry('delta', delta)])];
}
