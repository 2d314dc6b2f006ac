/** The forms of dates that a mapping may name (spec 17.2). */
export const dateFormats = ['DD/MM/YYYY', 'MM/DD/YYYY', 'YYYY-MM-DD', 'YYYY/MM/DD'] as const;
export type DateFormat = (typeof dateFormats)[number];

/** In the column Deactivated: activates a deactivated user (spec 17.3). */
export const activatingDate = '2999-12-31';

/** A date as rosterd keeps it, or what is wrong with the text, as the end of a sentence. */
export type ReadDate =
  { readonly date: string } | { readonly code: 'date-invalid' | 'date-ambiguous'; readonly problem: string };

/**
 * Reads a date in the form that the mapping says; without one, in whichever it can only be. A spreadsheet drops leading zeros
 * and adds a time: both are let pass. 12/31/2999 is understood in every form, since the manual writes it so.
 */
export function readDate(text: string, format: DateFormat | null): ReadDate {
  if (text === '12/31/2999') return { date: activatingDate };
  const bare = text.replace(/[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?: ?[AP]M)?$/i, '');
  const meant = new Set((format === null ? dateFormats : [format]).flatMap((each) => readAs(bare, each)));
  const [date, other] = meant;
  if (date === undefined)
    return {
      code: 'date-invalid',
      problem: format === null ? `is no date in one of the forms ${dateFormats.join(', ')}` : `is no date as ${format}`,
    };
  if (other === undefined) return { date };
  return {
    code: 'date-ambiguous',
    problem: `may be ${date} or ${other}: say with the mapping (or --dates) whether days or months come first`,
  };
}

function readAs(text: string, format: DateFormat): string[] {
  const parts = text.split(format.includes('/') ? '/' : '-');
  if (parts.length !== 3) return [];
  const at = (letter: 'Y' | 'M' | 'D'): string =>
    parts[format.split(/[/-]/).findIndex((part) => part.startsWith(letter))] ?? '';
  const [year, month, day] = [at('Y'), at('M'), at('D')];
  if (!/^\d{4}$/.test(year) || !/^\d{1,2}$/.test(month) || !/^\d{1,2}$/.test(day)) return [];
  return isDay(Number(year), Number(month), Number(day))
    ? [`${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`]
    : [];
}

function isDay(year: number, month: number, day: number): boolean {
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0;
  return day >= 1 && day <= days;
}
