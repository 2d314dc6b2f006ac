import { describe, expect, it } from 'vitest';
import { compareText, fold, normalise } from '../../../src/domain/text.ts';

describe('2.4 text', () => {
  for (const row of [
    { situation: 'spaces around it', a: '  Novák ', b: 'Novák', exact: true, matching: true },
    {
      situation: 'a letter written as base and accent (NFD)',
      a: 'Mu\u0308ller',
      b: 'Müller',
      exact: true,
      matching: true,
    },
    { situation: 'a non-breaking space around it', a: '\u00a0Novák', b: 'Novák', exact: true, matching: true },
    { situation: 'another case', a: 'O’BRIEN', b: 'o’brien', exact: false, matching: true },
    { situation: 'another case beyond ASCII', a: 'NGUYỄN', b: 'nguyễn', exact: false, matching: true },
    { situation: 'ß and SS', a: 'Strauß', b: 'STRAUSS', exact: false, matching: true },
    { situation: 'the two small sigmas', a: 'ΝΙΚΟΣ', b: 'νικος', exact: false, matching: true },
    { situation: 'another accent', a: 'Novak', b: 'Novák', exact: false, matching: false },
    { situation: 'a space within', a: 'Jan Novák', b: 'JanNovák', exact: false, matching: false },
    { situation: 'leading zeros', a: '0042', b: '42', exact: false, matching: false },
  ])
    it(`2.4 with ${row.situation}: same value ${String(row.exact)}, same for matching ${String(row.matching)}`, () => {
      const { a, b, exact, matching } = row;

      expect(normalise(a) === normalise(b)).toBe(exact);
      expect(fold(a) === fold(b)).toBe(matching);
    });

  it('2.4 is folded once and for all: folding again changes nothing', () => {
    for (const text of ['Strauß', 'İstanbul', 'ΐ', 'ΝΙΚΟΣ', ' Ǆ ', 'ǰ']) expect(fold(fold(text))).toBe(fold(text));
  });

  it('4.7 ids are ordered by code unit on every machine, so that "the lowest external id" is one and the same', () => {
    expect(['b', 'Z', 'é', 'a10', 'a9', ''].sort(compareText)).toEqual(['', 'Z', 'a10', 'a9', 'b', 'é']);
    expect([compareText('a', 'b'), compareText('b', 'a'), compareText('a', 'a')]).toEqual([-1, 1, 0]);
  });
});
