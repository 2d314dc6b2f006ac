import { expect, it } from 'vitest';
import { answersOf } from '../../../src/domain/review-answers.ts';

it.each([
  ['ambiguous-match', 'this-user new-user ignore'],
  ['already-linked', 'replace-link separate-user ignore'],
  ['inactive-match', 'link-inactive reactivate separate-user ignore'],
  ['possible-id-reuse', 'same-person new-person'],
  ['unique-taken', 'another-value link-to-holder ignore'],
  ['unknown-role', 'map-to ignore'],
  ['team-name-taken', 'map-to create ignore'],
  ['possible-duplicate', 'move-link not-the-same'],
])('4.10 %s is answered by %s', (kind, answers) => {
  expect(answersOf(kind)).toEqual(answers.split(' '));
});

it.each(['group-missing', '', 'toString', 'constructor'])('4.10 %j, which is no question, has no answers', (kind) => {
  expect(answersOf(kind)).toEqual([]);
});
