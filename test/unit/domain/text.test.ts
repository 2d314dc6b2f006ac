import fc from 'fast-check';
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
    { situation: 'capital ẞ and ß', a: 'WEIẞ', b: 'weiß', exact: false, matching: true },
    { situation: 'capital ẞ and ss', a: 'WEIẞ', b: 'weiss', exact: false, matching: true },
    {
      situation: 'a letter with two marks in one and in three signs',
      a: 'ΐ',
      b: '\u03b9\u0308\u0301',
      exact: true,
      matching: true,
    },
    { situation: 'a letter with two marks in capitals', a: 'ΰ', b: '\u03a5\u0308\u0301', exact: false, matching: true },
    { situation: 'a ligature', a: 'ﬁlip', b: 'FILIP', exact: false, matching: true },
    { situation: 'a zero-width space behind it', a: 'E2\u200b', b: 'E2', exact: false, matching: true },
    { situation: 'a soft hyphen within', a: 'E\u00ad3', b: 'E3', exact: false, matching: true },
    { situation: 'a byte order mark in front', a: '\ufeff Novák', b: 'Novák', exact: true, matching: true },
    { situation: 'a space behind something invisible', a: 'Novák \u200b', b: 'Novák', exact: false, matching: true },
    { situation: 'two spaces within', a: 'Ana  Lu', b: 'Ana Lu', exact: false, matching: false },
    { situation: 'another apostrophe', a: 'Ó’Neill', b: "Ó'Neill", exact: false, matching: false },
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
    const planted = [
      'ẞ',
      'ß',
      'ΐ',
      'ΰ',
      'İ',
      'ﬃ',
      'Ω',
      'ᾳ',
      'Σ',
      'ς',
      'ǰ',
      'Ǆ',
      '\u0345',
      '\u0301',
      '\u00ad',
      '\u200d',
      ' ',
      '\u00a0',
      'ﷺ',
      'i',
    ];
    const any = fc.integer({ min: 0, max: 0x1ffff }).map((code) => String.fromCodePoint(code));
    const text = fc.array(fc.oneof(fc.constantFrom(...planted), any), { maxLength: 6 });
    fc.assert(
      fc.property(text, (parts) => {
        const folded = fold(parts.join(''));

        expect(fold(folded)).toBe(folded);
      }),
      { numRuns: 300 },
    );
  });

  it('2.4 folding every character of Unicode again changes nothing, nor does folding its capital or its small letter', () => {
    const wrong: string[] = [];
    for (let code = 0; code <= 0x1f1ff; code++) {
      if (code >= 0x3400 && code <= 0xabff) continue; // ideographs and syllables have neither case nor other forms
      if (code >= 0xac00 && code <= 0xf8ff) continue; // as have Hangul, halves of pairs and private use
      const character = String.fromCodePoint(code);
      const [small, capital] = [character.toLowerCase(), character.toUpperCase()];
      if (small === capital && character.normalize('NFKC') === character) continue;
      const folded = fold(character);
      const same = [folded, capital, small].every((each) => fold(each) === folded);
      if (!same) wrong.push(character);
    }

    expect(wrong).toEqual([]);
  });

  it('4.7 ids are ordered by code unit on every machine, so that "the lowest external id" is one and the same', () => {
    expect(['b', 'Z', 'é', 'a10', 'a9', ''].sort(compareText)).toEqual(['', 'Z', 'a10', 'a9', 'b', 'é']);
    expect([compareText('a', 'b'), compareText('b', 'a'), compareText('a', 'a')]).toEqual([-1, 1, 0]);
  });
});
