import type { Row } from './correlate-rows.ts';

const zdenek = { firstName: 'Zdenek', lastName: 'Horky' };
const kveta = { firstName: 'Kveta', lastName: 'Mokra' };

/** Spec 4.12. */
export const contradictions: Row[] = [
  {
    rule: '4.12',
    situation: 'a match by e-mail with two employee ids is contradicted',
    accounts: { 101: { keys: ['e1', 'm1'] } },
    users: { 1: { foundBy: ['employeeId', 'email'] } },
    of: { m1: [1] },
    expected: { 101: 'contradicted-match of 101 with 1' },
  },
  {
    rule: '4.12',
    situation: 'where one side has no employee id, nothing contradicts',
    accounts: { 101: { keys: [null, 'm1'] }, 102: { keys: ['e2', 'm2'] } },
    users: { 1: { foundBy: ['employeeId', 'email'] }, 2: { foundBy: ['email'] } },
    of: { m1: [1], m2: [2] },
    expected: { 101: 'link 1 by rule 1', 102: 'link 2 by rule 1' },
  },
  {
    rule: '4.12',
    situation: 'names that have nothing in common contradict the strongest match',
    accounts: { 101: { keys: ['e1', null], names: kveta } },
    users: { 1: { names: zdenek } },
    of: { e1: [1] },
    expected: { 101: 'contradicted-match of 101 with 1' },
  },
  {
    rule: '4.12',
    situation: 'names in another order, short forms and missing names do not',
    accounts: {
      101: { keys: ['e1', null], names: { firstName: 'Horky', lastName: 'Zdenek' } },
      102: { keys: ['e2', null], names: { firstName: 'Bob', lastName: 'Stone' } },
      103: { keys: ['e3', null], names: { firstName: 'Kveta', lastName: null } },
    },
    users: { 1: { names: zdenek }, 2: { names: { firstName: 'Robert', lastName: 'Rock' } }, 3: { names: zdenek } },
    of: { e1: [1], e2: [2], e3: [3] },
    expected: { 101: 'link 1 by rule 0', 102: 'link 2 by rule 0', 103: 'link 3 by rule 0' },
  },
  {
    rule: '4.12',
    situation: 'a rule with `contradiction: ignore` links all the same',
    accounts: { 101: { keys: ['e1', 'm1'], names: kveta } },
    users: { 1: { foundBy: ['employeeId', 'email'], names: zdenek } },
    of: { m1: [1] },
    trustedRules: ['email'],
    expected: { 101: 'link 1 by rule 1' },
  },
  {
    rule: '4.12',
    situation: 'a person has said that they are the same',
    accounts: { 101: { keys: ['e1', 'm1'], sameAs: [1] } },
    users: { 1: { foundBy: ['employeeId', 'email'] } },
    of: { m1: [1] },
    expected: { 101: 'link 1 by rule 1' },
  },
  {
    rule: '4.12',
    situation: 'one whose match is contradicted keeps nobody from the user',
    accounts: { 101: { keys: ['e1', 'm1'] }, 102: { keys: ['e9', 'm1'] } },
    users: { 1: { foundBy: ['employeeId', 'email'] } },
    of: { e1: [1], m1: [1] },
    expected: { 101: 'link 1 by rule 0', 102: 'contradicted-match of 102 with 1' },
  },
  {
    rule: '4.12',
    situation: 'accounts with one mailbox and a number each are different people',
    accounts: { 101: { keys: ['e1', 'm1'] }, 102: { keys: ['e2', 'm1'] }, 103: { keys: ['e3', 'm1'] } },
    expected: { 101: 'create', 102: 'create', 103: 'create' },
  },
  {
    rule: '4.12',
    situation: 'so they are when one of them came before',
    accounts: { 102: { keys: ['e2', 'm1'] } },
    users: { 1: { linkedAccount: 150, linkedKeys: ['e1', 'm1'], foundBy: ['employeeId', 'email'] } },
    of: { m1: [1] },
    expected: { 102: 'create' },
  },
  {
    rule: '4.2',
    situation: 'another account of the source that nothing tells apart is a question',
    accounts: { 102: { keys: [null, 'm1'] } },
    users: { 1: { linkedAccount: 150, linkedKeys: ['e1', 'm1'], foundBy: ['employeeId', 'email'] } },
    of: { m1: [1] },
    expected: { 102: 'already-linked of 102 with 1' },
  },
  {
    rule: '4.2',
    situation: 'two numbers and one mailbox for one user without a number: either may be that user',
    accounts: { 101: { keys: ['e1', 'm1'] }, 102: { keys: ['e2', 'm1'] } },
    users: { 1: { foundBy: ['email'] } },
    of: { m1: [1] },
    expected: { 101: 'ambiguous-match of 101, 102 with 1', 102: 'ambiguous-match of 101, 102 with 1' },
  },
  {
    rule: '4.10',
    situation: 'an account that is none of the others, as a person has said, goes its own way',
    accounts: { 101: { keys: [null, 'm1'], ofItsOwn: true }, 102: { keys: [null, 'm1'] } },
    expected: { 101: 'create', 102: 'create' },
  },
  {
    rule: '4.2',
    situation: 'a user whose sync is off makes an account wait, also where the match is contradicted',
    accounts: { 101: { keys: ['e1', 'm1'] } },
    users: { 1: { foundBy: ['employeeId', 'email'], syncOn: false } },
    of: { m1: [1] },
    expected: { 101: 'wait: sync-off 1' },
  },
];
