import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createScheduler, isCronExpression, type Scheduler } from '../../../src/runs/schedule.ts';

const minute = 60_000;
const running: Scheduler[] = [];

interface Given {
  readonly cron: string;
  readonly delta?: string;
  /** Europe/Prague: UTC+2 in summer, UTC+1 in winter. */
  readonly timeZone?: string;
  /** When the daemon starts. */
  readonly start: string;
  /** The last slot that had its run. */
  readonly last?: string;
}

/** Starts a scheduler at a time; the slots that it asks for are noted as instants in UTC. */
async function scheduled(given: Given): Promise<{ asked: string[]; scheduler: Scheduler }> {
  vi.setSystemTime(new Date(given.start));
  const asked: string[] = [];
  const scheduler = createScheduler(
    [
      {
        source: 'acd',
        full: given.cron,
        timeZone: given.timeZone ?? 'Europe/Prague',
        ...(given.delta === undefined ? {} : { delta: given.delta }),
      },
    ],
    (_source, mode, slot) => {
      asked.push(mode === 'full' ? slot.toISOString() : `delta ${slot.toISOString()}`);
      return Promise.resolve();
    },
    (_source, mode) => Promise.resolve(mode === 'delta' || given.last === undefined ? null : new Date(given.last)),
    (error) => {
      throw error;
    },
  );
  running.push(scheduler);
  await scheduler.start();
  return { asked, scheduler };
}

async function until(time: string): Promise<void> {
  await vi.advanceTimersByTimeAsync(Date.parse(time) - Date.now());
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(async () => {
  for (const scheduler of running.splice(0)) await scheduler.stop();
  vi.useRealTimers();
});

describe('14.1 slots', () => {
  it('14.1 a run is asked for at each slot, in the time zone of the schedule', async () => {
    const { asked } = await scheduled({ cron: '30 2 * * *', start: '2026-07-02T00:10:00Z' });
    await until('2026-07-02T00:50:00Z');
    expect(asked).toEqual(['2026-07-02T00:30:00.000Z']);
  });

  it('14.1 full and delta have schedules of their own', async () => {
    const { asked } = await scheduled({ cron: '0 3 * * *', delta: '*/30 * * * *', start: '2026-07-01T00:10:00Z' });
    await until('2026-07-01T01:10:00Z');
    expect(asked.sort()).toEqual([
      '2026-07-01T01:00:00.000Z',
      'delta 2026-07-01T00:30:00.000Z',
      'delta 2026-07-01T01:00:00.000Z',
    ]);
  });

  it('14.5 every process names a slot by the same instant, a whole minute', async () => {
    const first = await scheduled({ cron: '*/5 * * * *', start: '2026-07-01T10:01:07.123Z' });
    await until('2026-07-01T10:03:59.999Z');
    const second = await scheduled({ cron: '*/5 * * * *', start: '2026-07-01T10:03:59.999Z' });
    await until('2026-07-01T10:11:00Z');
    expect(second.asked).toEqual(['2026-07-01T10:05:00.000Z', '2026-07-01T10:10:00.000Z']);
    expect(first.asked).toEqual(second.asked);
  });

  it('14.1 a slot that comes while the process is busy or the machine sleeps is asked for when it wakes, once', async () => {
    const { asked } = await scheduled({ cron: '*/5 * * * *', start: '2026-07-01T10:01:00Z' });
    vi.setSystemTime(new Date('2026-07-01T10:12:20Z'));
    await vi.advanceTimersByTimeAsync(2 * minute);
    expect(asked).toEqual(['2026-07-01T10:10:00.000Z']);
  });

  it('14.1 nothing is asked for after a stop', async () => {
    const { asked, scheduler } = await scheduled({ cron: '*/5 * * * *', start: '2026-07-01T10:01:00Z' });
    await scheduler.stop();
    await until('2026-07-01T11:00:00Z');
    expect(asked).toEqual([]);
  });

  it('14.1 the next slots of a source are told, full and delta together', async () => {
    const { scheduler } = await scheduled({ cron: '0 3 * * *', delta: '0 * * * *', start: '2026-07-01T00:10:00Z' });
    expect(scheduler.nextRuns('acd')).toEqual([
      '2026-07-01T01:00:00.000Z',
      '2026-07-01T01:00:00.000Z',
      '2026-07-01T02:00:00.000Z',
    ]);
    expect(scheduler.nextRuns('another')).toEqual([]);
  });

  for (const row of [
    { cron: '*/15 * * * *', valid: true },
    { cron: '0 3 * * 1-5', valid: true },
    { cron: 'every hour', valid: false },
    { cron: '61 * * * *', valid: false },
    { cron: '', valid: false },
  ])
    it(`14.1 "${row.cron}" is ${row.valid ? 'a schedule' : 'none'}`, () => {
      expect(isCronExpression(row.cron)).toBe(row.valid);
    });
});

interface MissedRow extends Given {
  readonly situation: string;
  /** What is asked for at the start. */
  readonly asked: readonly string[];
}

const missed: MissedRow[] = [
  {
    situation: 'a slot that was missed is run once after the start',
    cron: '0 3 * * *',
    last: '2026-07-01T01:00:00Z',
    start: '2026-07-02T10:00:00Z',
    asked: ['2026-07-02T01:00:00.000Z'],
  },
  {
    situation: 'of several missed slots only the last one is',
    cron: '0 * * * *',
    last: '2026-07-01T01:00:00Z',
    start: '2026-07-02T10:20:00Z',
    asked: ['2026-07-02T10:00:00.000Z'],
  },
  {
    situation: 'nothing was missed since the last one',
    cron: '0 3 * * *',
    last: '2026-07-02T01:00:00Z',
    start: '2026-07-02T10:00:00Z',
    asked: [],
  },
  {
    situation: 'a source that never ran has missed nothing',
    cron: '0 3 * * *',
    start: '2026-07-02T10:00:00Z',
    asked: [],
  },
  {
    situation: 'a slot that comes in the very minute of the start',
    cron: '0 3 * * *',
    last: '2026-07-01T01:00:00Z',
    start: '2026-07-02T01:00:30Z',
    asked: ['2026-07-02T01:00:00.000Z'],
  },
  {
    situation: 'a weekly slot that was missed for six days',
    cron: '0 3 * * 1',
    last: '2026-06-29T01:00:00Z',
    start: '2026-07-12T10:00:00Z',
    asked: ['2026-07-06T01:00:00.000Z'],
  },
  {
    situation: 'a monthly slot that was missed for two weeks',
    cron: '0 3 1 * *',
    last: '2026-06-01T01:00:00Z',
    start: '2026-07-15T10:00:00Z',
    asked: ['2026-07-01T01:00:00.000Z'],
  },
];

describe('14.1 a missed slot', () => {
  for (const row of missed)
    it(`14.1 ${row.situation} → ${row.asked.join(', ') || 'nothing is asked for'}`, async () => {
      expect((await scheduled(row)).asked).toEqual(row.asked);
    });

  it('14.1 a missed slot is run once, and the next one comes in its time', async () => {
    const { asked } = await scheduled({
      cron: '0 3 * * *',
      last: '2026-07-01T01:00:00Z',
      start: '2026-07-03T00:30:00Z',
    });
    await until('2026-07-03T02:00:00Z');
    expect(asked).toEqual(['2026-07-02T01:00:00.000Z', '2026-07-03T01:00:00.000Z']);
  });
});

describe('14.5 the local hour that is doubled or missing in Europe/Prague', () => {
  const on = (day: string, slots: readonly string[]): string[] => slots.filter((slot) => slot.startsWith(day));

  it.each([0, 14, 15, 44, 46, 50, 59])('14.1 a missed slot is made up for whatever its minute: %i', async (at) => {
    const missed = `2026-07-01T00:${String(at).padStart(2, '0')}:00.000Z`;
    const start = '2026-07-01T09:03:00Z';
    const { asked } = await scheduled({ cron: `${String(at)} 2 * * *`, last: '2026-06-30T12:00:00Z', start });
    expect(asked).toEqual([missed]);
  });

  it('14.5 every second hour runs once in the doubled hour, as instants of one local hour', async () => {
    const { asked } = await scheduled({ cron: '0 */2 * * *', start: '2026-10-24T23:30:00Z' });
    await until('2026-10-25T03:30:00Z');
    expect(asked).toEqual(['2026-10-25T00:00:00.000Z', '2026-10-25T03:00:00.000Z']);
  });

  it('14.5 where both day of month and weekday are limited, either is enough', async () => {
    const { asked, scheduler } = await scheduled({
      ...{ cron: '0 2 1,15 * 1', timeZone: 'Etc/UTC', start: '2026-07-01T00:00:00Z', last: '2026-06-28T00:00:00Z' },
    });
    // 29 June 2026 was a Monday, 1 July a Wednesday.
    expect(asked).toEqual(['2026-06-29T02:00:00.000Z']);
    expect(scheduler.nextRuns('acd')).toEqual([
      ...['2026-07-01T02:00:00.000Z', '2026-07-06T02:00:00.000Z', '2026-07-13T02:00:00.000Z'],
    ]);
    await until('2026-07-06T02:30:00Z');
    expect(asked.slice(1)).toEqual(['2026-07-01T02:00:00.000Z', '2026-07-06T02:00:00.000Z']);
  });

  it('14.5 a daily slot in the doubled hour (25 October 2026, 02:30 comes twice) runs once', async () => {
    const { asked } = await scheduled({ cron: '30 2 * * *', start: '2026-10-24T23:45:00Z' });
    await until('2026-10-25T02:15:00Z');
    expect(on('2026-10-25', asked)).toHaveLength(1);
  });

  for (const restart of ['00:15', '00:45', '01:15', '01:45'])
    it(`14.5 a daily slot in the doubled hour runs once also where the daemon starts anew at ${restart} UTC`, async () => {
      const last = '2026-10-24T00:30:00Z';
      const at = `2026-10-25T${restart}:00Z`;
      const before = await scheduled({ cron: '30 2 * * *', last, start: '2026-10-24T23:45:00Z' });
      await until(at);
      await before.scheduler.stop();
      const after = await scheduled({ cron: '30 2 * * *', last: before.asked.at(-1) ?? last, start: at });
      await until('2026-10-25T02:15:00Z');
      expect(on('2026-10-25', [...before.asked, ...after.asked])).toHaveLength(1);
    });

  it('14.5 a daily slot in the doubled hour that has run is not made up for after a start on the same day', async () => {
    const before = await scheduled({ cron: '30 2 * * *', start: '2026-10-24T23:45:00Z' });
    await until('2026-10-25T02:15:00Z');
    await before.scheduler.stop();
    const last = before.asked.at(-1);
    expect(last).toBeDefined();
    const after = await scheduled({ cron: '30 2 * * *', last: last ?? '', start: '2026-10-25T12:00:00Z' });
    expect(after.asked).toEqual([]);
  });

  it('14.5 a daily slot in the missing hour (29 March 2026 has no 02:30) runs once', async () => {
    const { asked } = await scheduled({ cron: '30 2 * * *', start: '2026-03-29T00:15:00Z' });
    await until('2026-03-29T02:15:00Z');
    expect(on('2026-03-29', asked)).toHaveLength(1);
  });

  for (const row of [
    { hour: 'doubled', day: '2026-10-25' },
    { hour: 'missing', day: '2026-03-29' },
  ])
    it(`14.5 an hourly slot is asked for once per instant through the ${row.hour} hour`, async () => {
      const { asked } = await scheduled({ cron: '0 * * * *', start: `${row.day}T00:00:30Z` });
      await until(`${row.day}T03:01:00Z`);
      expect(asked).toEqual(['01', '02', '03'].map((hour) => `${row.day}T${hour}:00:00.000Z`));
    });

  it('14.5 where only half an hour is doubled (Lord Howe, 5 April 2026), a slot in it runs once', async () => {
    const { asked } = await scheduled({
      cron: '45 1 * * *',
      timeZone: 'Australia/Lord_Howe',
      start: '2026-04-04T14:30:30Z',
    });
    await until('2026-04-04T15:40:00Z');
    expect(asked).toHaveLength(1);
  });
});
