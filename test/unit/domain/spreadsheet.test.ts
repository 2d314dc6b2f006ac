import fc from 'fast-check';
import { parse } from 'csv-parse/sync';
import { expect, it } from 'vitest';
import { csvLine, withoutQuote } from '../../../src/domain/spreadsheet.ts';

it.each(['=1+1', '+420 1', '-2', '@SUM(A1)', '\tx', '\rx', ' =1+1', '  @x', '＝1+1', '＠x', "'=1", "''=1"])(
  '17.4 %j, which a spreadsheet would run, gets a leading quote',
  (cell) => {
    expect(parse(csvLine([cell]))).toEqual([[`'${cell}`]]);
  },
);

it('17.4 other cells stay as they are; numbers are no formulas', () => {
  expect(csvLine(['0042', 'Novák, "Jan"', null, -5, "O'Cal"])).toBe('0042,"Novák, ""Jan""",,-5,O\'Cal\r\n');
});

it.each([
  ['a;=1+1', "a;'=1+1"],
  ['a; =1+1', "a;' =1+1"],
  ['a\t=1+1', "a\t'=1+1"],
  ['a\n@x', "a\n'@x"],
  ['a;＝1', "a;'＝1"],
  ["a;'=1", "a;''=1"],
])('17.4 %j has a formula where a spreadsheet begins another cell', (cell, written) => {
  expect(parse(csvLine([cell]))).toEqual([[written]]);
  expect(withoutQuote(written)).toBe(cell);
});

it('17.4 what cannot be seen is shown, and steers no terminal', () => {
  expect(csvLine(['a\u001b[31mb', 'zw\u200badmin', 'x\u202ey', '\u{E0041}'])).toBe(
    'a\uFFFD[31mb,zw\uFFFDadmin,x\uFFFDy,\uFFFD\r\n',
  );
});

it('17.4 only the quote that the export has added is taken off again', () => {
  expect(["'=1+1", "' @x", "'Cal", '=1+1', 'a=1', "x'", "''=1", "a;'b"].map(withoutQuote)).toEqual([
    ...['=1+1', ' @x', "'Cal", '=1+1', 'a=1', "x'", "'=1", "a;'b"],
  ]);
});

it('17.4 what the export writes, the import reads back', () => {
  const cell = fc.oneof(
    fc.string(),
    fc.string().map((text) => `=${text}`),
    fc.string().map((text) => `'${text}`),
    fc
      .array(fc.constantFrom("'", '=', '-', '@', '＝', ' ', ';', '\t', '\n', '\r', ',', '"', 'a'))
      .map((all) => all.join('')),
  );
  fc.assert(
    fc.property(fc.array(cell, { minLength: 1, maxLength: 5 }), (cells) => {
      const [read = []] = parse(csvLine(['x', ...cells]), { relaxQuotes: false });
      expect(read.slice(1).map((each) => withoutQuote(each))).toEqual(cells);
    }),
  );
});
