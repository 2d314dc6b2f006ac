import { describe, expect, it } from 'vitest';
import type { Claim } from '../../../src/domain/claim.ts';
import { lostNames, type NameMove } from '../../../src/reconcile/name-moves.ts';

const claim = (value: string): Claim => ({ field: 'username', kind: 'username', value });
const move = (userId: number, wants: string[], gives: string[]): NameMove => ({
  ...{ userId, wants: wants.map(claim), gives: gives.map(claim) },
});
const holding = (names: Record<string, number>): ReadonlyMap<string, number> =>
  new Map(Object.entries(names).map(([name, user]) => [`username=${name}`, user]));

describe('4.7 lostNames', () => {
  it('lets names be exchanged, and move along a chain', () => {
    const moves = [move(1, ['b'], ['a']), move(2, ['a'], ['b']), move(3, ['d'], ['c']), move(4, ['e'], ['d'])];
    expect(lostNames(moves, holding({ a: 1, b: 2, c: 3, d: 4 })).size).toBe(0);
  });

  it('refuses a whole chain behind one who keeps their name, whatever the order', () => {
    const moves = [move(1, ['b'], ['a']), move(2, ['c'], ['b']), move(3, ['x'], ['c'])];
    const holders = holding({ a: 1, b: 2, c: 3, x: 9 });
    for (const order of [moves, [...moves].reverse()]) {
      const lost = lostNames(order, holders);
      expect(order.map((each) => [each.userId, lost.get(each)?.holder]).sort()).toEqual([
        [1, 2],
        [2, 3],
        [3, 9],
      ]);
    }
  });

  it('gives a name that several want to the first who may have it', () => {
    const moves = [move(1, ['n', 'x'], []), move(2, ['n'], []), move(3, ['n'], [])];
    const lost = lostNames(moves, holding({ x: 9 }));
    expect([...lost].map(([{ userId }, { holder }]) => [userId, holder])).toEqual([
      [1, 9],
      [3, 2],
    ]);
  });

  it('takes no time that grows faster than the number of names, however long a chain is', () => {
    const size = 50_000;
    const moves = Array.from({ length: size }, (_, at) => move(at, [`n${String(at + 1)}`], [`n${String(at)}`]));
    const holders = new Map(Array.from({ length: size + 1 }, (_, at) => [`username=n${String(at)}`, at]));
    expect(lostNames(moves, holders).size).toBe(size);
    expect(lostNames(moves.slice(0, -1), new Map([...holders].slice(0, size - 1))).size).toBe(0);
  });
});
