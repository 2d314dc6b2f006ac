import { expect, it } from 'vitest';
import type { AccountContent } from '../../../src/domain/account.ts';
import { project, valueSaid, type Part } from '../../../src/reconcile/project.ts';
import { acdRules } from './rules.ts';

const content: AccountContent = {
  values: { firstName: 'Jan', email: null },
  teams: [
    { id: 't2', name: 'Billing' },
    { id: 't1', name: 'Sales' },
  ],
  roleFacts: { roles: ['agent'], supervisor: true },
};

it.each<[Part, string]>([
  ['firstName', 'Jan'],
  ['email', ''],
  ['lastName', ''],
  ['roles', '{"roles":["agent"],"supervisor":true}'],
  ['teams', '["t1","t2"]'],
  ['supervises', 'null'],
  ['gone', ''],
])('13.2 what a refusal of %s remembers: %s', (part, said) => {
  expect(valueSaid(content, part)).toBe(said);
});

it('13.2 nothing said of roles and teams is another thing than none', () => {
  const none: AccountContent = { values: {}, teams: [], supervises: [], roleFacts: { roles: [] } };
  const parts = ['teams', 'supervises', 'roles'] as const;
  expect(parts.map((part) => valueSaid(none, part))).toEqual(['[]', '[]', '{"roles":[]}']);
  expect(parts.map((part) => valueSaid({ values: {} }, part))).toEqual(['null', 'null', 'null']);
});

it('13.2 a refusal stands while its value is said, and has ended with another; one of absence is not about values', () => {
  const refusals = new Map([
    ['firstName', 'Jan'],
    ['teams', '["t1","t2"]'],
    ['email', 'old@x.test'],
    ['gone', ''],
  ]);
  const base = { content, prior: undefined, rules: acdRules, origin: 'acd', bindings: new Map([['t1', 1]]) } as const;
  const projection = project({ ...base, refusals, lost: new Set(), now: '2026-05-01T00:00:00.000Z' });
  expect(projection.refused).toEqual(['firstName', 'teams']);
  expect(projection.spentRefusals).toEqual(['email']);
  expect(projection.snapshot).toMatchObject({ values: {}, teams: [] });
  expect(projection.undecidedTeams).toEqual([]);
});
