import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanText } from '../../../src/telemetry/clean-text.ts';

describe('texts of other systems', () => {
  it.each([
    ['a\u001b[31mb', 'a [31mb'],
    ['a\r\n\tb', 'a b'],
    ['a\u0000\u009bb', 'a b'],
    ['a\u202eb\u2066', 'a b '],
    ['zw\u200badmin', 'zw\uFFFDadmin'],
    ['a\u{E0041}\u{E007F}', 'a\uFFFD\uFFFD'],
    ['نمی\u200cخواهم', 'نمی\u200cخواهم'],
    ['Müller, Nguyễn, 山田', 'Müller, Nguyễn, 山田'],
  ])('%j', (text, clean) => {
    expect(cleanText(text)).toBe(clean);
  });
  it('are cut, not in the middle of a character', () => {
    expect(cleanText('😀'.repeat(10), 4)).toBe('😀😀😀…');
    expect(cleanText('x'.repeat(10), 10)).toBe('x'.repeat(10));
    expect(cleanText(`${'\n'.repeat(100)}end`, 10)).toBe(' …');
    expect(cleanText('x'.repeat(5_000_000), 20)).toBe(`${'x'.repeat(19)}…`);
  });
  it('are never longer than allowed, nor hold a control character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), fc.integer({ min: 1, max: 60 }), (text, limit) => {
        const clean = cleanText(text, limit);
        expect(Array.from(clean).length).toBeLessThanOrEqual(limit);
        expect(clean).not.toMatch(/\p{Cc}/u);
        expect(clean.isWellFormed()).toBe(true);
      }),
    );
  });
});
