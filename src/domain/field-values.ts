import type { Field, NamedField } from './fields.ts';
import { tooLongForField } from './text-limits.ts';
import { hasUnseen, unseenProblem } from './visible-text.ts';
import { isWindowsLogin } from './windows-login.ts';

const longest = 400;

/**
 * What is wrong with a value that a person gives to a field, as the end of a sentence that starts with the field's name; null
 * where nothing is. The text is normalised already.
 */
export function valueProblem(field: Field, text: string): string | null {
  if (text === '') return 'must not be empty; `rosterd user unset` takes a value away';
  if (text.length > longest) return `is longer than ${String(longest)} characters`;
  const tooLong = tooLongForField(field, text);
  if (tooLong !== undefined) return tooLong;
  if (hasUnseen(text)) return unseenProblem;
  const check = checks[field as NamedField];
  return check === undefined || check.holds(text) ? null : check.problem;
}

interface Check {
  readonly holds: (text: string) => boolean;
  readonly problem: string;
}

const date: Check = { holds: isDate, problem: 'must be a date such as 2026-03-31' };
const yesOrNo: Check = { holds: (text) => text === 'true' || text === 'false', problem: 'must be true or false' };
const timeZone: Check = { holds: isTimeZone, problem: 'must be an IANA time zone such as Europe/Prague' };
const language: Check = { holds: isLanguage, problem: 'must be a language tag such as en or cs-CZ' };
const locale: Check = { holds: isLocale, problem: 'must be a language tag such as en or cs-CZ' };

const checks: Readonly<Partial<Record<NamedField, Check>>> = {
  email: {
    holds: (text) => /^[^\s@]+@[^\s@]+$/.test(text),
    problem: 'must be an e-mail address such as jan.novak@example.com',
  },
  windowsLogin: { holds: isWindowsLogin, problem: 'must have the form DOMAIN\\login' },
  // 15 digits are what a spreadsheet keeps (spec 12.2).
  numericId: {
    holds: (text) => /^[1-9]\d{0,14}$/.test(text),
    problem: 'must be a whole number of at most 15 digits without leading zeros',
  },
  mobileNumber: {
    holds: (text) => /^00[1-9]\d{5,14}$/.test(text),
    problem: 'must be 00, the country code and the number, in digits only',
  },
  language,
  locale,
  companyStartDate: date,
  companyEndDate: date,
  departmentStartDate: date,
  departmentEndDate: date,
  displayTimeZone: timeZone,
  schedulingTimeZone: timeZone,
  rank: { holds: (text) => /^\d{1,9}$/.test(text), problem: 'must be a whole number' },
  reconciliationRequired: yesOrNo,
  emailVerified: yesOrNo,
  blocked: yesOrNo,
};

function isDate(text: string): boolean {
  const [, year, month, day] = (/^(\d{4})-(\d{2})-(\d{2})$/.exec(text) ?? []).map(Number);
  if (year === undefined || month === undefined || day === undefined) return false;
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0;
  return day >= 1 && day <= days;
}

/** Offsets such as +02:00 are refused: they know no daylight saving. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false; // a RangeError is how Intl says that it does not know the zone
  }
}

/** Whether a text is a BCP 47 tag of a language that there is: words such as "czech" have the form of one. */
function isLanguage(tag: string): boolean {
  if (!isLocale(tag)) return false;
  const names = new Intl.DisplayNames('en', { type: 'language', fallback: 'none' });
  return names.of(new Intl.Locale(tag).language) !== undefined;
}

/** Whether a text is a BCP 47 language tag. */
export function isLocale(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false; // a RangeError is how Intl says that the tag is malformed
  }
}
