import { expect, it } from 'vitest';
import { managingRoles, missingPrivileges, privilegeOf } from '../../../src/domain/privileges.ts';

it.each([
  ['manage-teams', { application: null, privilege: 'manage-teams' }],
  ['quality: manage-teams', { application: 'quality', privilege: 'manage-teams' }],
  ['quality:views:all', { application: 'quality', privilege: 'views:all' }],
  [':odd', { application: null, privilege: ':odd' }],
])('10.6 a role names its privileges per application: %s', (text, privilege) => {
  expect(privilegeOf(text)).toEqual(privilege);
});

it('10.6 roles that name the privilege for any application can manage teams', () => {
  const catalogue = {
    agent: [],
    supervisor: ['manage-teams'],
    lead: ['wfm:plan', 'wfm:manage-teams'],
    clerk: ['wfm:plan'],
  };
  expect(managingRoles(catalogue)).toEqual(['supervisor', 'lead']);
});

it.each([
  ['who supervises nobody', ['agent'], [], []],
  ['whose role has it', ['agent', 'lead'], [2], []],
  ['whose roles lack it', ['agent', 'clerk'], [2], ['manage-teams']],
  ['without any role', [], [2, 3], ['manage-teams']],
])('10.6 %s', (_who, roles, supervises, missing) => {
  expect(missingPrivileges({ roles, supervises }, ['supervisor', 'lead'])).toEqual(missing);
});
