import { expect, it } from 'vitest';
import { mayMove, noWords } from '../../../src/domain/user.ts';

const on = { active: true, syncEnabled: true, syncOffSources: [] };

it.each([
  ['6.2 an active user whose sync is on', on, true],
  ['6.2 not one whose sync is off', { ...on, syncEnabled: false }, false],
  ['9.5 not an inactive one', { ...on, active: false }, false],
  ['6.4 not one whose sync is off for this source', { ...on, syncOffSources: ['hr', 'ad'] }, false],
  ['6.4 one whose sync is off for another source', { ...on, syncOffSources: ['hr'] }, true],
])('%s may be moved by the sync: %j', (_what, user, may) => {
  expect(mayMove(user, 'ad')).toBe(may);
});

it('11.5 a user of whom nothing was said has no scope beside the own group and teams', () => {
  expect(noWords).toMatchObject({ fullScope: false, scopeGroups: [], scopeTeams: [] });
});
