import { expect, it } from 'vitest';
import type { FieldValues, Snapshot } from '../../../src/domain/user.ts';
import { renameBetween } from '../../../src/reconcile/rename.ts';

const slot = (values: FieldValues): Snapshot => ({
  ...{ source: 'ad', values, silentSince: {}, roles: [], teams: [], supervises: [] },
});
const jan = {
  windowsLogin: 'CORP\\jnovak',
  username: 'jnovak',
  firstName: 'Jan',
  lastName: 'Novák',
  email: 'jan@x.test',
};

it.each([
  ['another login', { windowsLogin: 'CORP\\jmaly' }, ['windowsLogin']],
  ['another username', { username: 'jmaly' }, ['username']],
  ['another name', { firstName: 'Jana', lastName: 'Malá' }, ['firstName', 'lastName']],
  ['another e-mail address only', { email: 'jan.novak@x.test' }, []],
])('9.1 %s: a rename of its logins and names', (_what, changed, fields) => {
  expect(renameBetween(slot(jan), slot({ ...jan, ...changed })).map((change) => change.field)).toEqual(fields);
});

it('9.1 a name that is not there any more is no rename', () => {
  expect(renameBetween(slot(jan), slot({ windowsLogin: jan.windowsLogin }))).toEqual([]);
});

it('9.1 what is applied for the first time is no rename', () => {
  expect(renameBetween(undefined, slot(jan))).toEqual([]);
});
