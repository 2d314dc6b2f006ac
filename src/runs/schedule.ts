import { createTask, validate, type ScheduledTask } from 'node-cron';

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
  readonly task: ScheduledTask;
}

/** A missed slot older than this is not made up for: the next one comes anyway. In minutes. */
const longestLookBack = 8 * 24 * 60;

/** Whether an expression is one that the scheduler understands. */
export function isCronExpression(expression: string): boolean {
  return validate(expression);
}

/**
 * Asks for runs when their slot comes. `ask` must be safe to call twice for one slot: every process that schedules asks.
 * `lastSlot` tells the last slot that had its run, so that one that was missed is run once after the start.
 */
export function createScheduler(
  schedules: readonly Schedule[],
  ask: (source: string, mode: 'full' | 'delta', slot: Date) => Promise<void>,
  lastSlot: (source: string, mode: 'full' | 'delta') => Promise<Date | null>,
  onError: (error: unknown) => void,
): Scheduler {
  const entries = schedules.flatMap((schedule): Entry[] => {
    const entry = (mode: 'full' | 'delta', expression: string): Entry => ({
      source: schedule.source,
      mode,
      task: createTask(expression, (context) => ask(schedule.source, mode, slotOf(context.date)).catch(onError), {
        timezone: schedule.timeZone,
        name: `${schedule.source} ${mode}`,
      }),
    });
    return [entry('full', schedule.full), ...(schedule.delta === undefined ? [] : [entry('delta', schedule.delta)])];
  });
  return {
    async start() {
      for (const { source, mode, task } of entries) {
        const missed = missedSlot(task, await lastSlot(source, mode), new Date());
        if (missed !== null) await ask(source, mode, missed);
        await task.start();
      }
    },
    async stop() {
      for (const { task } of entries) await task.destroy();
    },
    nextRuns: (source) =>
      entries
        .filter((entry) => entry.source === source)
        .flatMap(({ task }) => task.getNextRuns(3).map((at) => at.toISOString()))
        .sort()
        .slice(0, 3),
  };
}

/** A slot is a whole minute: its UTC instant is the same for every process that schedules (spec 14.5). */
function slotOf(date: Date): Date {
  return new Date(Math.floor(date.getTime() / 60_000) * 60_000);
}

/** The latest slot after the last one that had its run, where there was one before; null where none was missed. */
function missedSlot(task: ScheduledTask, last: Date | null, now: Date): Date | null {
  if (last === null) return null;
  const slot = slotOf(now);
  for (let minutes = 0; minutes < longestLookBack; minutes++) {
    const candidate = new Date(slot.getTime() - minutes * 60_000);
    if (candidate <= last) return null;
    if (task.match(candidate)) return candidate;
  }
  return null;
}
