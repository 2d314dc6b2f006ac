import { describe, expect, it } from 'vitest';
import { changesBetween, classesOf, sameValue, shownPart, type Change } from '../../../src/domain/change.ts';
import { emptyValue, type UserValue } from '../../../src/domain/user.ts';
import { billing, claims, sales, teamNames } from './builders.ts';

const agent = { role: 'agent', givenBy: 'acd' };
const supervisor = { role: 'supervisor', givenBy: 'ad' };

interface Row {
  readonly situation: string;
  readonly before: Partial<UserValue>;
  readonly after: Partial<UserValue>;
  /** `field: before → after`. */
  readonly changes: readonly string[];
  readonly classes: readonly string[];
}

const rows: Row[] = [
  {
    situation: 'nothing differs',
    before: { fields: { email: 'a' } },
    after: { fields: { email: 'a' } },
    changes: [],
    classes: [],
  },
  {
    situation: 'a field has another value',
    before: { fields: { email: 'a' } },
    after: { fields: { email: 'b' } },
    changes: ['email: a → b'],
    classes: ['fieldChanged'],
  },
  {
    situation: 'a field differs only in case: values are exact',
    before: { fields: { email: 'a' } },
    after: { fields: { email: 'A' } },
    changes: ['email: a → A'],
    classes: ['fieldChanged'],
  },
  {
    situation: 'a field gets its first value',
    before: {},
    after: { fields: { email: 'b' } },
    changes: ['email: none → b'],
    classes: ['fieldChanged'],
  },
  {
    situation: 'a field loses its value',
    before: { fields: { email: 'a' } },
    after: {},
    changes: ['email: a → none'],
    classes: ['fieldBlanked'],
  },
  {
    situation: 'several fields change: the user counts once per class',
    before: { fields: { email: 'a', firstName: 'x', lastName: 'y' } },
    after: { fields: { email: 'b', firstName: 'z' } },
    changes: ['email: a → b', 'firstName: x → z', 'lastName: y → none'],
    classes: ['fieldChanged', 'fieldBlanked'],
  },
  {
    situation: 'a role is given: no class limits that',
    before: { roles: [agent] },
    after: { roles: [agent, supervisor] },
    changes: ['roles: agent → agent,supervisor'],
    classes: [],
  },
  {
    situation: 'a role is taken',
    before: { roles: [agent, supervisor] },
    after: { roles: [agent] },
    changes: ['roles: agent,supervisor → agent'],
    classes: ['roleTaken'],
  },
  {
    situation: 'a role is taken while another is given',
    before: { roles: [agent] },
    after: { roles: [supervisor] },
    changes: ['roles: agent → supervisor'],
    classes: ['roleTaken'],
  },
  {
    situation: 'another source supplies the same role: stored, but no change of the user’s',
    before: { roles: [agent] },
    after: { roles: [{ role: 'agent', givenBy: 'acd2' }] },
    changes: [],
    classes: [],
  },
  {
    situation: 'teams change, shown by name in the order of the alphabet',
    before: { teams: [sales] },
    after: { teams: [sales, billing] },
    changes: ['teams: Sales → Billing,Sales'],
    classes: ['teamMoved'],
  },
  {
    situation: 'only the main team changes',
    before: { teams: [sales, billing], mainTeam: sales },
    after: { teams: [sales, billing], mainTeam: billing },
    changes: ['mainTeam: Sales → Billing'],
    classes: ['teamMoved'],
  },
  {
    situation: 'supervision changes',
    before: { supervises: [] },
    after: { supervises: [claims] },
    changes: ['supervises:  → claims'],
    classes: ['teamMoved'],
  },
];

const value = (part: Partial<UserValue>): UserValue => ({ ...emptyValue, ...part });

interface Alike {
  readonly situation: string;
  readonly a: Partial<UserValue>;
  readonly b: Partial<UserValue>;
  readonly same: boolean;
}

const alike: readonly Alike[] = [
  {
    situation: 'the order of fields',
    a: { fields: { email: 'a', firstName: 'b' } },
    b: { fields: { firstName: 'b', email: 'a' } },
    same: true,
  },
  {
    situation: 'who gives a role',
    a: { roles: [agent] },
    b: { roles: [{ role: 'agent', givenBy: 'operator' }] },
    same: false,
  },
  {
    situation: 'the same text in another field',
    a: { fields: { firstName: 'a' } },
    b: { fields: { lastName: 'a' } },
    same: false,
  },
  { situation: 'whose ACD id it is', a: { acdSource: 'acd' }, b: { acdSource: 'acd2' }, same: false },
];

describe('15.1 one part of a value, as changes show it', () => {
  const whole = value({
    fields: { email: 'a' },
    roles: [agent, supervisor],
    teams: [sales, billing],
    mainTeam: sales,
    supervises: [99, claims],
  });
  it.each<[Parameters<typeof shownPart>[1], Change['before']]>([
    ['email', 'a'],
    ['firstName', null],
    ['roles', ['agent', 'supervisor']],
    ['teams', ['Billing', 'Sales']],
    ['supervises', ['claims', 'team 99']],
    ['mainTeam', 'Sales'],
  ])('15.1 %s', (field, shown) => {
    expect(shownPart(whole, field, teamNames)).toEqual(shown);
    const [change] = changesBetween(emptyValue, whole, teamNames).filter((each) => each.field === field);
    expect(change?.after ?? null).toEqual(shown);
  });

  it('15.1 no main team', () => {
    expect(shownPart(emptyValue, 'mainTeam', teamNames)).toBeNull();
  });
});

describe('13.1 and 15.1: what changed, and what the guard counts it as', () => {
  for (const row of rows)
    it(`13.1 ${row.situation}`, () => {
      const { before, after, changes, classes } = row;

      const found = changesBetween(value(before), value(after), teamNames);
      expect(
        found
          .map((change) => `${change.field}: ${String(change.before ?? 'none')} → ${String(change.after ?? 'none')}`)
          .sort(),
      ).toEqual(changes);
      expect(classesOf(found)).toEqual(classes);
    });

  for (const row of rows)
    it(`20.9 ${row.situation}: a value that differs in a change is never taken for the same`, () => {
      const [before, after] = [value(row.before), value(row.after)];
      if (row.changes.length > 0) expect(sameValue(before, after)).toBe(false);
      expect(sameValue(before, { ...before })).toBe(true);
    });

  for (const row of alike)
    it(`20.5 ${row.situation}: stored alike ${String(row.same)}`, () => {
      const { a, b, same } = row;

      expect(sameValue(value(a), value(b))).toBe(same);
    });
});
