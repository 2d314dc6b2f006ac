import { describe, expect, it } from 'vitest';
import { contradictions } from './correlate-contradictions.ts';
import { verdicts, type Row } from './correlate-rows.ts';

const matching: Row[] = [
  {
    rule: '4.2',
    situation: 'one account and one user that match are linked',
    accounts: { 101: { keys: ['e1', 'm1'] } },
    users: { 1: {} },
    of: { e1: [1] },
    expected: { 101: 'link 1 by rule 0' },
  },
  {
    rule: '4.2',
    situation: 'the first rule with any candidate decides, although the second names somebody else',
    accounts: { 101: { keys: ['e1', 'm2'] } },
    users: { 1: {}, 2: {} },
    of: { e1: [1], m2: [2] },
    expected: { 101: 'link 1 by rule 0' },
  },
  {
    rule: '4.2',
    situation: 'a rule without a candidate leaves it to the next',
    accounts: { 101: { keys: ['e9', 'm2'] } },
    users: { 2: {} },
    of: { m2: [2] },
    expected: { 101: 'link 2 by rule 1' },
  },
  {
    rule: '4.2',
    situation: 'a rule with an empty field names nobody',
    accounts: { 101: { keys: [null, 'm2'] } },
    users: { 2: {} },
    of: { m2: [2] },
    expected: { 101: 'link 2 by rule 1' },
  },
  {
    rule: '4.2',
    situation: 'the first rule decides also when it is ambiguous and the second is not',
    accounts: { 101: { keys: ['e1', 'm2'] } },
    users: { 1: {}, 2: {}, 3: {} },
    of: { e1: [1, 3], m2: [2] },
    expected: { 101: 'ambiguous-match of 101 with 1, 3' },
  },
  {
    rule: '4.2',
    situation: 'several users are one question that names all',
    accounts: { 101: { keys: ['e1', null] } },
    users: { 1: {}, 2: {} },
    of: { e1: [2, 1] },
    expected: { 101: 'ambiguous-match of 101 with 1, 2' },
  },
  {
    rule: '4.2',
    situation: 'several users are a question also when one of them is off',
    accounts: { 101: { keys: ['e1', null] } },
    users: { 1: { syncOn: false }, 2: {} },
    of: { e1: [1, 2] },
    expected: { 101: 'ambiguous-match of 101 with 1, 2' },
  },
  {
    rule: '4.2',
    situation: 'several accounts for one user are one question that names all',
    accounts: { 101: { keys: ['e1', null] }, 102: { keys: ['e1', null] } },
    users: { 1: {} },
    of: { e1: [1] },
    expected: { 101: 'ambiguous-match of 101, 102 with 1', 102: 'ambiguous-match of 101, 102 with 1' },
  },
  {
    rule: '4.2',
    situation: 'several accounts for one user, by different rules, are one question too',
    accounts: { 101: { keys: ['e1', null] }, 102: { keys: [null, 'm1'] } },
    users: { 1: {} },
    of: { e1: [1], m1: [1] },
    expected: { 101: 'ambiguous-match of 101, 102 with 1', 102: 'ambiguous-match of 101, 102 with 1' },
  },
  {
    rule: '4.2',
    situation: 'accounts and users that overlap are one question for all of them',
    accounts: { 101: { keys: ['e1', null] }, 102: { keys: ['e2', null] }, 103: { keys: ['e3', null] } },
    users: { 1: {}, 2: {}, 3: {} },
    of: { e1: [1, 2], e2: [2, 3], e3: [3] },
    expected: {
      101: 'ambiguous-match of 101, 102, 103 with 1, 2, 3',
      102: 'ambiguous-match of 101, 102, 103 with 1, 2, 3',
      103: 'ambiguous-match of 101, 102, 103 with 1, 2, 3',
    },
  },
  {
    rule: '4.2',
    situation:
      'a user who is named by a later rule of another account only, belongs to the account whose deciding rule names him',
    accounts: { 101: { keys: ['e1', 'm2'] }, 102: { keys: ['e2', null] } },
    users: { 1: {}, 2: {} },
    of: { e1: [1], e2: [2], m2: [2] },
    expected: { 101: 'link 1 by rule 0', 102: 'link 2 by rule 0' },
  },
  {
    rule: '4.2',
    situation: 'a user linked to another account of this source is a question',
    accounts: { 101: { keys: ['e1', null] } },
    users: { 1: { linkedAccount: 150 } },
    of: { e1: [1] },
    expected: { 101: 'already-linked of 101 with 1' },
  },
  {
    rule: '4.2',
    situation: 'an inactive user is a question',
    accounts: { 101: { keys: ['e1', null] } },
    users: { 1: { active: false } },
    of: { e1: [1] },
    expected: { 101: 'inactive-match of 101 with 1' },
  },
  {
    rule: '4.2',
    situation: 'a single user whose sync is off: the account waits, without a question and without a second user',
    accounts: { 101: { keys: ['e1', null] } },
    users: { 1: { syncOn: false } },
    of: { e1: [1] },
    expected: { 101: 'wait: sync-off 1' },
  },
  {
    rule: '6.2',
    situation: 'nor does an inactive or linked user whose sync is off raise a question',
    accounts: { 101: { keys: ['e1', null] }, 102: { keys: ['e2', null] } },
    users: { 1: { syncOn: false, active: false }, 2: { syncOn: false, linkedAccount: 150 } },
    of: { e1: [1], e2: [2] },
    expected: { 101: 'wait: sync-off 1', 102: 'wait: sync-off 2' },
  },
  {
    rule: '4.2',
    situation: 'a user merged into another is no candidate',
    accounts: { 101: { keys: ['e1', 'm2'] } },
    users: { 1: { merged: true }, 2: {} },
    of: { e1: [1], m2: [2] },
    expected: { 101: 'link 2 by rule 1' },
  },
  {
    rule: '8.2',
    situation: 'a barred user is no candidate for that account, and is one for another',
    accounts: { 101: { keys: ['e1', null], barred: [1] }, 102: { keys: [null, 'm1'] } },
    users: { 1: {} },
    of: { e1: [1], m1: [1] },
    expected: { 101: 'create', 102: 'link 1 by rule 1' },
  },
  {
    rule: '7.2',
    situation: 'an account that a person unlinked waits, for nobody else and without a new user',
    accounts: { 101: { keys: ['e1', 'm2'], barred: [1], unlinkedByPerson: true } },
    users: { 1: {}, 2: {} },
    of: { e1: [1], m2: [2] },
    expected: { 101: 'wait: unlinked 1' },
  },
  {
    rule: '7.2',
    situation: 'a user whom a person unlinked takes no account of that source',
    accounts: { 101: { keys: ['e1', 'm2'] } },
    users: { 1: { takesNone: true }, 2: {} },
    of: { e1: [1], m2: [2] },
    expected: { 101: 'link 2 by rule 1' },
  },
];

const noUser: Row[] = [
  {
    rule: '4.5',
    situation: 'no candidate at a source that creates users: a new user',
    accounts: { 101: { keys: ['e1', 'm1'] } },
    expected: { 101: 'create' },
  },
  {
    rule: '4.5',
    situation: 'no candidate at a source that does not: unmatched',
    accounts: { 101: { keys: ['e1', 'm1'] } },
    createsUsers: false,
    expected: { 101: 'unmatched' },
  },
  {
    rule: '4.5',
    situation: 'an account without any key makes a user too',
    accounts: { 101: { keys: [null, null] }, 102: { keys: [null, null] } },
    expected: { 101: 'create', 102: 'create' },
  },
  {
    rule: '4.2',
    situation: 'accounts that match each other and no user: one question, none creates',
    accounts: { 101: { keys: ['e1', 'm1'] }, 102: { keys: [null, 'm1'] } },
    expected: { 101: 'ambiguous-match of 101, 102 with ', 102: 'ambiguous-match of 101, 102 with ' },
  },
  {
    rule: '4.2',
    situation: 'accounts that match each other in a chain: one question for all',
    accounts: { 101: { keys: ['e1', 'm1'] }, 102: { keys: [null, 'm1'] }, 103: { keys: ['e3', 'm1'] } },
    expected: {
      101: 'ambiguous-match of 101, 102, 103 with ',
      102: 'ambiguous-match of 101, 102, 103 with ',
      103: 'ambiguous-match of 101, 102, 103 with ',
    },
  },
  {
    rule: '4.2',
    situation: 'an account that matches no user, but another account that does, creates',
    accounts: { 101: { keys: ['e1', 'm1'] }, 102: { keys: ['e2', 'm1'] } },
    users: { 1: {} },
    of: { e1: [1] },
    expected: { 101: 'link 1 by rule 0', 102: 'create' },
  },
];

const disabled: Row[] = [
  {
    rule: '4.6',
    situation: 'a disabled account waits',
    accounts: { 101: { keys: ['e1', null], disabled: true } },
    expected: { 101: 'wait: disabled' },
  },
  {
    rule: '4.6',
    situation: 'a disabled account makes a user where the configuration says so',
    accounts: { 101: { keys: ['e1', null], disabled: true } },
    fromDisabled: 'inactive',
    expected: { 101: 'create' },
  },
  {
    rule: '4.2',
    situation: 'a disabled account links to nobody, also where it would make a user',
    accounts: { 101: { keys: ['e1', null], disabled: true } },
    users: { 1: {} },
    of: { e1: [1] },
    fromDisabled: 'inactive',
    expected: { 101: 'wait: disabled 1' },
  },
  {
    rule: '8.3',
    situation: 'a match only by what may be another person’s waits',
    accounts: { 101: { keys: ['e1', 'm1'] } },
    users: { 1: { inDoubt: ['e1'] } },
    of: { e1: [1], m1: [1] },
    expected: { 101: 'wait: id-in-doubt 1' },
  },
  {
    rule: '8.3',
    situation: 'a match by a rule that is in no doubt is linked, whatever another key of the user is',
    accounts: { 101: { keys: ['e1', 'm1'] } },
    users: { 1: { inDoubt: ['m1'] } },
    of: { e1: [1], m1: [1] },
    expected: { 101: 'link 1 by rule 0' },
  },
  {
    rule: '8.3',
    situation: 'a question about an inactive user is asked all the same',
    accounts: { 101: { keys: ['e1', null] } },
    users: { 1: { inDoubt: ['e1'], active: false } },
    of: { e1: [1] },
    expected: { 101: 'inactive-match of 101 with 1' },
  },
  {
    rule: '4.2',
    situation: 'a disabled account keeps no living one from its user',
    accounts: { 101: { keys: ['e1', null], disabled: true }, 102: { keys: ['e1', null] } },
    users: { 1: {} },
    of: { e1: [1] },
    expected: { 101: 'wait: disabled', 102: 'link 1 by rule 0' },
  },
  {
    rule: '4.2',
    situation: 'two disabled accounts that match each other: none creates, also where disabled ones make users',
    accounts: { 101: { keys: ['e1', null], disabled: true }, 102: { keys: ['e1', null], disabled: true } },
    fromDisabled: 'inactive',
    expected: { 101: 'ambiguous-match of 101, 102 with ', 102: 'ambiguous-match of 101, 102 with ' },
  },
];

for (const [name, table] of Object.entries({
  'to whom an account belongs': matching,
  'what becomes of an account that belongs to nobody': noUser,
  'a match that cannot be': contradictions,
  'what becomes of a disabled account': disabled,
}))
  describe(name, () => {
    for (const row of table)
      it(`${row.rule} ${row.situation}`, () => {
        expect(verdicts(row, false)).toEqual(row.expected);
      });
  });

describe('the order of accounts and users', () => {
  for (const row of [...matching, ...noUser, ...contradictions, ...disabled])
    it(`4.8 changes nothing where ${row.situation}`, () => {
      expect(verdicts(row, true)).toEqual(verdicts(row, false));
    });
});
