import { expect, it } from 'vitest';
import { lackingOf } from '../../../src/domain/local-user.ts';
import type { FieldValues } from '../../../src/domain/user.ts';

const eva: FieldValues = { username: 'eva', language: 'cs', email: 'eva@x.test' };

it.each<[string, FieldValues, string[]]>([
  ['username, language and e-mail address are enough', eva, []],
  ['a mobile number serves as well', { username: 'eva', language: 'cs', mobileNumber: '00420777123456' }, []],
  ['both serve as well', { ...eva, mobileNumber: '00420777123456' }, []],
  ['no username', { language: 'cs', email: 'eva@x.test' }, ['a username']],
  ['no language', { username: 'eva', email: 'eva@x.test' }, ['a language']],
  ['neither of the two', { username: 'eva', language: 'cs' }, ['an e-mail address or a mobile number']],
  ['nothing at all', {}, ['a username', 'a language', 'an e-mail address or a mobile number']],
])('12.4 what a local user needs: %s', (_what, fields, lacking) => {
  expect(lackingOf(fields)).toEqual(lacking);
});
