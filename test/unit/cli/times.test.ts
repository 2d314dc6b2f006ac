import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/cli/errors.ts';
import { localTime, parseTime, span } from '../../../src/cli/times.ts';

describe('times for people', () => {
  it.each([
    ['2026-03-04T12:00:00Z', 'Europe/Prague', '2026-03-04 13:00:00 +01:00'],
    ['2026-07-04T23:30:00.999Z', 'Europe/Prague', '2026-07-05 01:30:00 +02:00'],
    ['2026-10-25T01:30:00Z', 'Europe/Prague', '2026-10-25 02:30:00 +01:00'],
    ['2026-10-25T00:30:00Z', 'Europe/Prague', '2026-10-25 02:30:00 +02:00'],
    ['2026-03-04T00:00:00Z', 'UTC', '2026-03-04 00:00:00 +00:00'],
    ['2026-03-04T00:00:00Z', 'America/St_Johns', '2026-03-03 20:30:00 -03:30'],
  ])('%s in %s', (iso, zone, shown) => {
    expect(localTime(iso, zone)).toBe(shown);
  });
  it('shows nothing where there is none', () => {
    expect([localTime(null), localTime(undefined), localTime('')]).toEqual(['', '', '']);
  });
});

describe('times from people', () => {
  const now = new Date('2026-03-04T12:00:00Z');
  it.each([
    ['90m', 'past', '2026-03-04T10:30:00.000Z'],
    ['7d', 'future', '2026-03-11T12:00:00.000Z'],
    ['2026-03-31T15:00Z', 'past', '2026-03-31T15:00:00.000Z'],
    ['2026-03-31 15:00:30+02:00', 'past', '2026-03-31T13:00:30.000Z'],
    ['2026-03-31', 'past', new Date(2026, 2, 31).toISOString()],
    ['2026-03-31 15:00', 'past', new Date(2026, 2, 31, 15).toISOString()],
  ] as const)('%s', (text, direction, iso) => {
    expect(parseTime(text, now, direction)).toBe(iso);
  });
  it.each(['', 'tomorrow', '2026-13-01', '2026-04-31', '7', '-1d', '2026-03-31T25:00', '12:00'])(
    '%s is none',
    (text) => {
      expect(() => parseTime(text, now, 'past')).toThrow(UsageError);
    },
  );
});

it('spans', () => {
  expect([400, 12_400, 185_000, 7_860_000].map(span)).toEqual(['0.4 s', '12 s', '3 min 5 s', '2 h 11 min']);
});
