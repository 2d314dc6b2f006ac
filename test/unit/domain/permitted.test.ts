import { describe, expect, it } from 'vitest';
import { permissions } from '../../../src/domain/permissions.ts';
import { permissionsFor, refuseUnpermitted } from '../../../src/domain/permitted.ts';

const change = (field: string, before: unknown = null, after: unknown = 'x') => ({ field, before, after }) as never;

describe('19.1 permissions follow from what an act changes', () => {
  it.each([
    ['user-changed', ['email', 'override.email'], ['edit-users']],
    ['user-changed', ['roles', 'rolesGiven'], ['assign-user-roles']],
    ['user-changed', ['roles', 'email'], ['assign-user-roles', 'edit-users']],
    ['user-changed', ['scopeGroups'], ['assign-user-roles']],
    ['user-changed', ['fullScope'], ['assign-user-roles']],
    ['user-changed', ['teams', 'mainTeam', 'supervisesGiven', 'memberGroup'], ['edit-users']],
    ['user-changed', ['localValue.qmViews', 'qmViews'], ['edit-qm-views']],
    ['user-changed', [], []],
    ['sync-switched', ['sync', 'syncOffUntil.ad'], ['toggle-sync']],
    ['activated', ['active'], ['activate']],
    ['deactivated', ['active', 'account.acd.4711'], ['activate']],
    ['deactivated', ['active', 'insistedAgainst'], ['activate', 'override-acd-presence']],
    ['deactivated', ['active', 'link.acd', 'roles'], ['activate', 'assign-user-roles', 'edit-users']],
    ['link-ended', ['link.acd', 'active', 'review.possible-id-reuse'], ['activate', 'edit-users']],
    ['review-answered', ['review.ambiguous-match'], ['edit-users']],
    ['review-answered', ['review.unknown-role'], ['assign-user-roles', 'edit-users']],
    ['source-retired', ['retired'], ['manage-sources']],
    ['run-approved', [], ['run-and-approve']],
    ['user-purged', ['purged.events'], ['manage-operators']],
  ] as const)('%s with %j needs %j', (type, fields, needed) => {
    expect([...permissionsFor({ type, changes: fields.map((field) => change(field)) })].sort()).toEqual(needed);
  });

  it('10.4 whoever makes users gives them the agent role, and no other', () => {
    const created = (roles: readonly string[]) =>
      [...permissionsFor({ type: 'user-created', changes: [change('roles', [], roles), change('email')] })].sort();
    expect(created(['agent'])).toEqual(['edit-users']);
    expect(created(['agent', 'supervisor'])).toEqual(['assign-user-roles', 'edit-users']);
  });

  it('19.1 names what is missing, and nothing else', () => {
    const act = { type: 'user-changed', changes: [change('roles'), change('email')] } as const;
    const asked = (may: readonly (typeof permissions)[number][]) => () => {
      refuseUnpermitted({ operator: 'eva', may: new Set(may) }, act);
    };
    expect(asked(permissions)).not.toThrow();
    expect(asked(['edit-users'])).toThrow(/^eva does not have the permission "assign-user-roles", which/);
    expect(asked([])).toThrow(/"assign-user-roles" and "edit-users"/);
  });
});
