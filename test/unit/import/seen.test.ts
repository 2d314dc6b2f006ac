import { describe, expect, it } from 'vitest';
import { SeenAccounts } from '../../../src/import/seen.ts';

describe('3.1 which accounts a read has shown', () => {
  it('3.1 an id counts once, however often it is seen', () => {
    const seen = new SeenAccounts();
    expect([seen.add(7), seen.add(7), seen.add(8)]).toEqual([true, false, true]);
    expect(seen.count).toBe(2);
  });

  it('3.1 ids beside a seen one, and beyond all of them, are not seen', () => {
    const seen = new SeenAccounts();
    for (const id of [0, 8, 1_000_000]) seen.add(id);
    for (const id of [0, 8, 1_000_000]) expect(seen.has(id)).toBe(true);
    for (const id of [1, 7, 9, 16, 999_999, 1_000_001, 5_000_000]) expect(seen.has(id)).toBe(false);
  });

  it('3.1 nothing is forgotten while the set grows', () => {
    const seen = new SeenAccounts();
    const ids = Array.from({ length: 20_000 }, (_, index) => index * 37);
    for (const id of ids) seen.add(id);
    expect(seen.count).toBe(ids.length);
    expect(ids.every((id) => seen.has(id) && !seen.has(id + 1))).toBe(true);
  });
});
