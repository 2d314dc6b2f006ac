import fc from 'fast-check';
import { parse } from 'csv-parse/sync';
import { expect, it } from 'vitest';
import { csvLine, withoutQuote } from '../../../src/domain/spreadsheet.ts';

it.each(['=1+1', '+420 1', '-2', '@SUM(A1)', '\tx', '\rx', ' =1+1', '  @x'])(
  '17.4 %j, which a spreadsheet would run, gets a leading quote',
  (cell) => {
    expect(parse(csvLine([cell]))).toEqual([[`'${cell}`]]);
  },
);

it('17.4 other cells stay as they are; numbers are no formulas', () => {
  expect(csvLine(['0042', 'Novák, "Jan"', null, -5, "O'Cal"])).toBe('0042,"Novák, ""Jan""",,-5,O\'Cal\r\n');
});

it('17.4 only the quote that the export has added is taken off again', () => {
  expect(["'=1+1", "' @x", "'Cal", '=1+1', 'a=1', "x'", "''=1"].map(withoutQuote)).toEqual([
    ...['=1+1', ' @x', "'Cal", '=1+1', 'a=1', "x'", "''=1"],
  ]);
});

it('17.4 what the export writes, the import reads back', () => {
  const cell = fc.oneof(
    fc.string(),
    fc.string().map((text) => `=${text}`),
    fc.string().map((text) => `'${text}`),
  );
  fc.assert(
    fc.property(fc.array(cell, { minLength: 1, maxLength: 5 }), (cells) => {
      // A quote before a formula that was there already cannot be told from the export's own.
      fc.pre(cells.every((each) => withoutQuote(each) === each));
      const [read = []] = parse(csvLine(['x', ...cells]), { relaxQuotes: false });
      expect(read.slice(1).map((each) => withoutQuote(each))).toEqual(cells);
    }),
  );
});
