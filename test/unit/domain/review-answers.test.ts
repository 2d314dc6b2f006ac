import { expect, it } from 'vitest';
import { answersOf } from '../../../src/domain/review-answers.ts';

const accounts = (count: number): unknown[] => Array.from({ length: count });

it.each([
  ['ambiguous-match', 1, {}, 'this-user new-user ignore'],
  ['ambiguous-match', 2, {}, 'new-user ignore'],
  ['already-linked', 1, {}, 'replace-link separate-user ignore'],
  ['inactive-match', 1, {}, 'link-inactive reactivate separate-user ignore'],
  ['possible-id-reuse', 1, {}, 'same-person new-person'],
  ['unique-taken', 1, { user: 3 }, 'another-value ignore'],
  ['unique-taken', 1, { user: null }, 'link-to-holder ignore'],
  ['unknown-role', 0, {}, 'map-to ignore'],
  ['team-name-taken', 0, {}, 'map-to create ignore'],
  ['possible-duplicate', 0, {}, 'move-link not-the-same'],
  ['contradicted-match', 1, {}, 'this-user new-user ignore'],
  ['contradicted-match', 0, { together: 312 }, 'same-people ask-about-each'],
  ['shared-value', 50, {}, 'identifies-nobody ask-about-each'],
])('4.10 %s about %i accounts with %j is answered by %s', (kind, count, evidence, answers) => {
  expect(answersOf({ kind, accounts: accounts(count), evidence })).toEqual(answers.split(' '));
});

it.each(['group-missing', '', 'toString', 'constructor'])('4.10 %j, which is no question, has no answers', (kind) => {
  expect(answersOf({ kind, accounts: [], evidence: {} })).toEqual([]);
});
