import { describe, expect, it } from 'vitest';
import { accountParts, isAccountPart, isField, outOfScope } from '../../../src/domain/fields.ts';

describe('12.3 what is a field of a user', () => {
  it.each([
    ...['username', 'firstName', 'lastName', 'displayName', 'email', 'windowsLogin', 'employeeId', 'acdId'],
    ...['numericId', 'mobileNumber', 'phoneNumber', 'language', 'locale', 'acdServer', 'department', 'company'],
    ...['jobTitle', 'companyStartDate', 'companyEndDate', 'departmentStartDate', 'departmentEndDate'],
    ...['displayTimeZone', 'schedulingTimeZone', 'rank', 'licences', 'qmViews', 'reconciliationRequired'],
    ...['emailVerified', 'blocked', 'attribute.agentId', 'attribute.x', 'attribute.A-1_b'],
    `attribute.${'x'.repeat(64)}`,
  ])('12.3 %s', (name) => {
    expect(isField(name)).toBe(true);
  });

  it.each([
    ...['', 'Username', 'team', 'externalId', 'attribute', 'attribute.', 'attribute.1', 'attribute.a b', 'toString'],
    ...['my.attribute.x', `attribute.${'x'.repeat(65)}`],
  ])('12.3 not %j', (name) => {
    expect(isField(name)).toBe(false);
  });

  it('12.3 parts of an account are no fields', () => {
    expect(accountParts).toEqual([
      ...['externalId', 'disabled', 'supervisor', 'profile', 'group', 'role', 'team', 'supervises'],
    ]);
    for (const part of accountParts) expect([isAccountPart(part), isField(part)]).toEqual([true, false]);
    expect(['email', 'teams', ''].filter(isAccountPart)).toEqual([]);
  });

  it.each([
    ['password', "agents' own passwords"],
    ['attribute.Agent_Password', "agents' own passwords"],
    ['attribute.required-action', "agents' required actions"],
    ['attribute.LoggedOnQueues', 'queue log-on'],
    ['attribute.queueProfile', 'queue profiles of the ACD'],
  ])('12.6 not %s: %s', (name, what) => {
    expect(isField(name)).toBe(false);
    expect(outOfScope(name)).toBe(`rosterd neither reads nor keeps ${what}`);
  });

  it('12.6 what merely sounds like it is in scope', () => {
    expect(['email', 'attribute.passwordHint', 'attribute.queue'].map(outOfScope)).toEqual([null, null, null]);
  });
});
