import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readDate } from '../../../src/people-csv/dates.ts';
import { joinList, splitList } from '../../../src/people-csv/lists.ts';
import { readTimeZone } from '../../../src/people-csv/time-zones.ts';

it.each([
  ['31/12/2024', 'DD/MM/YYYY', '2024-12-31'],
  ['12/31/2024', 'MM/DD/YYYY', '2024-12-31'],
  ['2024-12-31', 'YYYY-MM-DD', '2024-12-31'],
  ['2024/12/31', 'YYYY/MM/DD', '2024-12-31'],
  ['1/2/2024', 'DD/MM/YYYY', '2024-02-01'],
  ['1/2/2024 0:00', 'MM/DD/YYYY', '2024-01-02'],
  ['12/31/2999', 'DD/MM/YYYY', '2999-12-31'],
] as const)('17.2 %s as %s is %s', (text, format, date) => {
  expect(readDate(text, format)).toEqual({ date });
});

it('17.2 without a mapping a date is read where it can only be one', () => {
  expect(readDate('25/12/2024', null)).toEqual({ date: '2024-12-25' });
  expect(readDate('12/25/2024', null)).toEqual({ date: '2024-12-25' });
  expect(readDate('05/05/2024', null)).toEqual({ date: '2024-05-05' });
  expect(readDate('2024-02-29', null)).toEqual({ date: '2024-02-29' });
  expect(readDate('05/06/2024', null)).toMatchObject({ code: 'date-ambiguous' });
});

it.each(['30/02/2024', '2023-02-29', '31.12.2024', '24/12/31', 'soon', '13/13/2024'])('17.2 %s is no date', (text) => {
  expect(readDate(text, null)).toMatchObject({ code: 'date-invalid' });
});

it("17.3 time zones are the manual's and IANA's of today", () => {
  expect(['ACT', 'SystemV/YST9YDT', 'US/Pacific-New', 'Europe/Kyiv', 'VST', 'MST7MDT'].map(readTimeZone)).not.toContain(
    null,
  );
  expect(['Mideast/Riyadh87', 'Asia/Riyadh89'].map(readTimeZone)).toEqual(['Asia/Riyadh', 'Asia/Riyadh']);
  expect(['Europe/Brno', '+02:00', 'CEST '].map(readTimeZone)).toEqual([null, null, null]);
});

it('17.1 lists are separated by semicolons, and names with one stand in quotation marks', () => {
  expect(splitList(' Sales ;Support;; sales')).toEqual(['Sales', 'Support']);
  expect(splitList('"A; B";C')).toEqual(['A; B', 'C']);
  expect(splitList('"A; B')).toBeNull();
});

it('17.4 a list comes back as it was written', () => {
  const name = fc.string({ unit: 'grapheme', minLength: 1 }).map((text) => text.normalize('NFC').trim());
  const names = fc.uniqueArray(
    name.filter((text) => text !== ''),
    {
      selector: (text) => text.normalize('NFKC').toLowerCase().toUpperCase(),
    },
  );
  fc.assert(
    fc.property(names, (list) => {
      const read = splitList(joinList(list)) ?? [];
      // What only differs by what folding removes counts once.
      expect(list).toEqual(expect.arrayContaining(read));
      if (list.every((text) => /^[ -~]+$/.test(text))) expect(read).toEqual(list);
    }),
  );
});
