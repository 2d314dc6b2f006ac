import { describe, expect, it } from 'vitest';
import { valueProblem } from '../../../src/domain/field-values.ts';
import type { Field } from '../../../src/domain/fields.ts';

const good: readonly (readonly [Field, string])[] = [
  ['firstName', 'Zoë'],
  ['email', 'jan.novak@example.com'],
  ['windowsLogin', 'CORP\\jnovak'],
  ['numericId', '999999999999999'],
  ['mobileNumber', '00420777123456'],
  ['mobileNumber', '00420777'],
  ['companyStartDate', '2024-02-29'],
  ['departmentStartDate', '2024-01-01'],
  ['companyEndDate', '2026-12-31'],
  ['displayTimeZone', 'Europe/Prague'],
  ['locale', 'cs-CZ'],
  ['language', 'en'],
  ['rank', '0'],
  ['rank', '999999999'],
  ['blocked', 'true'],
  ['emailVerified', 'false'],
  ['department', 'x'.repeat(400)],
  ['attribute.deviceId', 'D/9'],
];
const bad: readonly (readonly [Field, string, RegExp])[] = [
  ['firstName', '', /empty.*rosterd user unset/],
  ['firstName', 'a\u0007b', /control characters/],
  ['department', 'x'.repeat(401), /longer than 400/],
  ['username', '漢'.repeat(201), /longer than 600 bytes/],
  ['email', 'jan@', /e-mail/],
  ['email', 'jan novak@example.com', /e-mail/],
  ['windowsLogin', 'jnovak', /DOMAIN\\login/],
  ['numericId', '0012', /whole number/],
  ['numericId', '1000000000000000', /15 digits/],
  ['numericId', '1.5', /whole number/],
  ['mobileNumber', '+420777123456', /00/],
  ['mobileNumber', '00042077712345', /00/],
  ['companyStartDate', '2023-02-29', /date/],
  ['companyStartDate', '2024-02-30', /date/],
  ['companyStartDate', '2023-13-01', /date/],
  ['departmentEndDate', '2023-04-00', /date/],
  ['schedulingTimeZone', '+02:00', /IANA/],
  ['schedulingTimeZone', 'Europe/Nowhere', /IANA/],
  ['locale', 'cs_', /language tag/],
  ['language', 'e', /language tag/],
  ['language', 'czech', /language tag/],
  ['displayTimeZone', 'Prague', /IANA/],
  ['departmentStartDate', '31.3.2026', /date such as/],
  ['companyEndDate', '2026-00-10', /date/],
  ['rank', '-1', /whole number/],
  ['rank', '1000000000', /whole number/],
  ['mobileNumber', '0042077', /00/],
  ['emailVerified', 'yes', /true or false/],
  ['reconciliationRequired', 'TRUE', /true or false/],
  ['blocked', '1', /true or false/],
];

describe('values that people give to fields', () => {
  it.each(good)('12.3 %s may be %j', (field, text) => {
    expect(valueProblem(field, text)).toBeNull();
  });

  it.each(bad)('12.3 %s must not be %j', (field, text, problem) => {
    expect(valueProblem(field, text)).toMatch(problem);
  });

  it.each(['01-31', '02-28', '03-31', '04-30', '05-31', '06-30', '07-31', '08-31', '09-30', '10-31', '11-30', '12-31'])(
    '12.3 the month of %s ends with that day',
    (end) => {
      const next = `${end.slice(0, 3)}${String(Number(end.slice(3)) + 1)}`;
      expect(valueProblem('companyStartDate', `2023-${end}`)).toBeNull();
      expect(valueProblem('companyStartDate', `2023-${next}`)).toMatch(/date/);
    },
  );

  it.each([
    ['1900', false],
    ['2000', true],
    ['2023', false],
    ['2024', true],
  ])('12.3 29 February %s: %s', (year, there) => {
    expect(valueProblem('companyStartDate', `${year}-02-29`) === null).toBe(there);
  });
});
