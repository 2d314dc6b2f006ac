import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { tableRenderer } from '../../../src/cli/table.ts';
import type { Column } from '../../../src/cli/table.ts';

const columns: readonly Column<readonly string[]>[] = [
  { head: 'ID', value: (row) => row[0], whole: true, align: 'right' },
  { head: 'NAME', value: (row) => row[1] },
  { head: 'NOTE', value: (row) => row[2] },
];
const plain = (text: string): string => text;

describe('a table', () => {
  it('of any texts fits the terminal, one line per row', () => {
    const row = fc.tuple(fc.integer({ min: 1, max: 99_999 }).map(String), fc.string({ unit: 'grapheme' }), fc.string());
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 5 }), fc.integer({ min: 30, max: 120 }), (rows, width) => {
        const lines = tableRenderer(columns, { width, paintHead: plain })(rows).split('\n').slice(0, -1);
        expect(lines).toHaveLength(rows.length + 1);
        for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(width);
      }),
      { numRuns: 300 },
    );
  });
  it('cuts between characters, whatever their width and length', () => {
    const render = tableRenderer(columns, { width: 30, paintHead: plain });
    expect(
      render([
        ['1', '⺀𐀀⺀    🌭𐀀', '!        !'],
        ['10000', '', ''],
      ]),
    ).toBe('   ID  NAME         NOTE\n    1  ⺀𐀀⺀    …   !        !\n10000\n');
  });
  it('elsewhere cuts nothing', () => {
    const long = 'x'.repeat(200);
    expect(tableRenderer(columns, { width: undefined, paintHead: plain })([['1', long, long]])).toContain(long);
  });
  it('keeps what must be whole', () => {
    const id = '12345678901234567890';
    const render = tableRenderer(columns, { width: 40, paintHead: plain });
    expect(render([[id, 'a name that is rather long', 'a note that is rather long']])).toContain(id);
  });
  it('aligns characters of double width', () => {
    const render = tableRenderer(columns, { width: undefined, paintHead: plain });
    expect(
      render([
        ['1', '山田', 'x'],
        ['2', 'abcd', 'y'],
      ]),
    ).toBe('ID  NAME  NOTE\n 1  山田  x\n 2  abcd  y\n');
  });
});
