import { describe, expect, it } from 'vitest';
import { guardClasses, type GuardClass } from '../../../src/domain/change.ts';
import {
  cannotExceed,
  exceededClasses,
  missingHalf,
  type GuardCounts,
  type GuardLimits,
} from '../../../src/reconcile/guard.ts';

function forEach<T>(valueOf: (name: GuardClass) => T): Record<GuardClass, T> {
  return Object.fromEntries(guardClasses.map((name) => [name, valueOf(name)])) as Record<GuardClass, T>;
}

/** The defaults of spec 13.1. */
const limits: GuardLimits = forEach((name) =>
  ['fieldBlanked', 'gone', 'roleTaken'].includes(name) ? { number: 10, percent: 10 } : { number: 20, percent: 20 },
);
const none: GuardCounts = forEach(() => 0);

describe('13.1 a class is over its limit when it exceeds both the number and the per cent', () => {
  for (const row of [
    { situation: 'exactly the number and more than the per cent', counts: { created: 20 }, present: 50, over: [] },
    { situation: 'more than the number and exactly the per cent', counts: { created: 21 }, present: 105, over: [] },
    {
      situation: 'more than the number and less than the per cent',
      counts: { created: 500 },
      present: 10_000,
      over: [],
    },
    { situation: 'less than the number and more than the per cent', counts: { linked: 19 }, present: 20, over: [] },
    { situation: 'more than both', counts: { created: 21 }, present: 100, over: ['created'] },
    {
      situation: 'the lower limits of blanked fields',
      counts: { fieldBlanked: 11 },
      present: 100,
      over: ['fieldBlanked'],
    },
    { situation: 'the lower limits of gone accounts', counts: { gone: 11 }, present: 100, over: ['gone'] },
    { situation: 'the lower limits of taken roles', counts: { roleTaken: 11 }, present: 100, over: ['roleTaken'] },
    {
      situation: 'the same count of another class',
      counts: { fieldChanged: 11, teamMoved: 11 },
      present: 100,
      over: [],
    },
    {
      situation: 'each class by itself',
      counts: { created: 15, linked: 15, fieldChanged: 30 },
      present: 100,
      over: ['fieldChanged'],
    },
    { situation: 'two classes', counts: { gone: 90, teamMoved: 21 }, present: 100, over: ['teamMoved', 'gone'] },
    { situation: 'no account present at all', counts: { gone: 11 }, present: 0, over: ['gone'] },
    { situation: 'no account present and nothing to count', counts: {}, present: 0, over: [] },
  ])
    it(`13.1 ${row.situation}, of ${row.present} accounts → ${row.over.join(', ') || 'passes'}`, () => {
      expect(exceededClasses({ ...none, ...row.counts }, none, row.present, limits).map((each) => each.class)).toEqual(
        row.over,
      );
    });

  it('13.1 what is exceeded is told with count, per cent and limit', () => {
    expect(exceededClasses({ ...none, gone: 30 }, none, 120, limits)).toEqual([
      { class: 'gone', count: 30, before: 0, percent: 25, limit: { number: 10, percent: 10 } },
    ]);
  });

  for (const row of [
    { due: 10, cannot: true },
    { due: 11, cannot: false },
    { due: 4, present: 5, cannot: true },
    { due: 5, present: 9, cannot: false },
    { due: 5, present: 10, cannot: true },
  ])
    it(`13.1 ${row.due} due accounts of ${row.present ?? 1000} can ${row.cannot ? 'reach no limit, so that nothing needs counting' : 'reach the lowest limit'}`, () => {
      expect(cannotExceed(row.due, row.present ?? 1000, limits)).toBe(row.cannot);
    });
});

describe('13.1 a small source, of which most would lose something', () => {
  for (const row of [
    { situation: 'five of six moved between teams', counts: { teamMoved: 5 }, present: 6, over: ['teamMoved'] },
    { situation: 'all of four', counts: { teamMoved: 4, gone: 4 }, present: 4, over: [] },
    { situation: 'exactly half', counts: { fieldBlanked: 6 }, present: 12, over: [] },
    { situation: 'more than half blanked', counts: { fieldBlanked: 7 }, present: 12, over: ['fieldBlanked'] },
    { situation: 'most lose a role', counts: { roleTaken: 5 }, present: 8, over: ['roleTaken'] },
    { situation: 'most gone', counts: { gone: 6 }, present: 8, over: ['gone'] },
    { situation: 'most changed, which takes nothing away', counts: { fieldChanged: 8 }, present: 8, over: [] },
    { situation: 'most created and linked', counts: { created: 8, linked: 8 }, present: 8, over: [] },
    { situation: 'just more than half of 39', counts: { teamMoved: 20 }, present: 39, over: ['teamMoved'] },
  ])
    it(`13.1 ${row.situation}, of ${row.present} accounts → ${row.over.join(', ') || 'passes'}`, () => {
      const found = exceededClasses({ ...none, ...row.counts }, none, row.present, limits);
      expect(found.map((each) => each.class)).toEqual(row.over);
      expect(found.every((each) => each.limit === null)).toBe(true);
    });
});

describe('13.1 a class counts only where this run adds to it', () => {
  const moved = (count: number) => ({ ...none, teamMoved: count, created: 1 });

  it('13.1 what was over its limit in the last 24 hours does not hold a run that adds nothing to it', () => {
    expect(exceededClasses(moved(21), moved(21), 100, limits)).toEqual([]);
  });

  it('13.1 one more than before counts with all that were before, and tells both', () => {
    expect(exceededClasses(moved(22), moved(21), 100, limits)).toEqual([
      { class: 'teamMoved', count: 22, before: 21, percent: 22, limit: limits.teamMoved },
    ]);
  });
});

describe('13.1 a limit of nothing at all', () => {
  const nothing = { ...limits, created: { number: 0, percent: 50 }, gone: { number: 0, percent: 100 } };

  it('13.1 one decision where no account is present is beyond every per cent', () => {
    expect(exceededClasses({ ...none, gone: 1 }, none, 0, nothing).map((each) => each.class)).toEqual(['gone']);
  });

  it('13.1 one decision of one account is a hundred per cent', () => {
    expect(exceededClasses({ ...none, created: 1, gone: 1 }, none, 1, nothing)).toMatchObject([
      { class: 'created', percent: 100 },
    ]);
  });
});

describe('3.3 which runs ask about missing accounts', () => {
  const many = { absent: 6, reported: 0 };
  for (const row of [
    { mode: 'full', ...many, asks: 6, why: 'a full import' },
    { mode: 'full', absent: 6, reported: 6, asks: 6, why: 'a full import after tombstones' },
    { mode: 'delta', ...many, asks: 6, why: 'a delta after a full import that showed too few' },
    { mode: 'reconcile', ...many, asks: 6, why: 'a reconcile after such an import' },
    { mode: 'delta', absent: 6, reported: 6, asks: null, why: 'a delta with tombstones of most' },
    { mode: 'delta', absent: 8, reported: 3, asks: null, why: 'a delta, only half merely not shown' },
    { mode: 'delta', absent: 8, reported: 2, asks: 6, why: 'a delta, more than half merely not shown' },
  ] as const)
    it(`3.3, 13.2 ${row.why}, ${row.absent} of 10 absent, ${row.reported} of them reported: ${row.asks ?? 'does not ask'}`, () => {
      expect(missingHalf({ mode: row.mode, approved: false }, { before: 10, ...row })).toBe(row.asks);
    });

  it('13.2 one that a person has approved does not', () => {
    expect(missingHalf({ mode: 'full', approved: true }, { before: 10, ...many })).toBeNull();
  });
});

describe('3.3 a full import in which fewer than half appear, and at least five fewer', () => {
  for (const row of [
    { before: 10, appear: 4, held: true, why: 'fewer than half, six fewer' },
    { before: 10, appear: 5, held: false, why: 'exactly half' },
    { before: 9, appear: 4, held: true, why: 'fewer than half, five fewer' },
    { before: 7, appear: 3, held: false, why: 'fewer than half, only four fewer' },
    { before: 5, appear: 0, held: true, why: 'none, five fewer' },
    { before: 4, appear: 0, held: false, why: 'none, only four fewer' },
    { before: 0, appear: 0, held: false, why: 'a source that had none' },
    { before: 1000, appear: 499, held: true, why: 'just fewer than half of many' },
    { before: 1001, appear: 501, held: false, why: 'just more than half of an odd number' },
    { before: 1001, appear: 500, held: true, why: 'just fewer than half of an odd number' },
  ])
    it(`3.3 ${row.appear} of ${row.before} (${row.why}) → ${row.held ? 'held' : 'goes on'}`, () => {
      const absent = row.before - row.appear;
      const missing = missingHalf({ mode: 'full', approved: false }, { before: row.before, absent, reported: 0 });
      expect(missing).toBe(row.held ? absent : null);
    });
});
