import { describe, expect, it } from 'vitest';
import { Counted } from '../../../src/apply/counted.ts';
import { Tally } from '../../../src/apply/tally.ts';
import { guardClasses } from '../../../src/domain/change.ts';
import type { GuardLimits } from '../../../src/reconcile/guard.ts';

const limits = Object.fromEntries(guardClasses.map((name) => [name, { number: 2, percent: 2 }])) as GuardLimits;

describe('13.1, 13.5 what the guard has let through', () => {
  it('a decision on a user passes where all of its classes were counted of that user; others are named', () => {
    const tally = new Tally();
    tally.add('fieldChanged', 7);
    tally.add('gone', 70);
    const counted = new Counted({ tally, before: new Tally(), present: 100, limits });
    expect(counted.covers(7, ['fieldChanged'], 'a')).toBe(true);
    expect(counted.covers(7, ['fieldChanged', 'teamMoved'], 'b')).toBe(false);
    expect(counted.covers(8, ['fieldChanged'], 'c')).toBe(false);
    expect(counted.covers(8, [], 'd')).toBe(true);
    expect([counted.coversGone(70, 'e'), counted.coversGone(71, 'f')]).toEqual([true, false]);
    expect([...counted.left]).toEqual(['b', 'c', 'f']);
  });

  it('links and creations that values have woken pass up to the limit, those of the last 24 hours counted', () => {
    const [tally, before] = [new Tally(), new Tally()];
    for (const each of [tally, before]) each.add('created', 1);
    const counted = new Counted({ tally, before, present: 100, limits });
    expect([1, 2, 3, 2].map((id) => counted.takes('created', id, String(id)))).toEqual([true, true, false, true]);
    expect([...counted.left]).toEqual(['3']);
  });
});
