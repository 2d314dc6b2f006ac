import { expect, it } from 'vitest';
import { isWindowsLogin } from '../../../src/domain/windows-login.ts';

it.each([
  ['a pre-Windows 2000 log-on name', 'CORP\\jnovak', true],
  ['dots and spaces within', 'CORP\\j. novak', true],
  ['a domain of 15 characters and a name of 20', `${'D'.repeat(15)}\\${'n'.repeat(20)}`, true],
  ['a domain that is too long', `${'D'.repeat(16)}\\jnovak`, false],
  ['a name that is too long', `CORP\\${'n'.repeat(21)}`, false],
  ['a dot at the end', 'CORP\\jnovak.', false],
  ['a space at the end', 'CORP\\jnovak ', false],
  ['a space at the beginning', ' CORP\\jnovak', false],
  ['an address', 'jnovak@corp.example', false],
])('5.5 %s: %s', (_what, text, holds) => {
  expect(isWindowsLogin(text)).toBe(holds);
});
