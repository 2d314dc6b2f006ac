import { describe, expect, it } from 'vitest';
import { bindTeams, type KnownTeam, type ObservedTeam, type TeamVerdict } from '../../../src/reconcile/bind-teams.ts';

/** Teams of the source: id → name, with the team that it is bound to. Teams of rosterd: id → name, and who bound them. */
interface Row {
  readonly situation: string;
  readonly observed: Readonly<Record<string, readonly [name: string, teamId?: number]>>;
  readonly known?: Readonly<Record<number, readonly [name: string, ...boundBy: string[]]>>;
  readonly expected: Readonly<Record<string, string>>;
}

const rows: Row[] = [
  { situation: 'a new team is created under its name', observed: { t1: ['Sales'] }, expected: { t1: 'create Sales' } },
  {
    situation: 'a new team binds an unbound one of its name, whatever the case',
    observed: { t1: ['SALES '] },
    known: { 2: ['Sales'] },
    expected: { t1: 'bind 2' },
  },
  {
    situation: 'a name that is bound elsewhere is a question',
    observed: { t1: ['Sales'] },
    known: { 2: ['Sales', 'acd2'] },
    expected: { t1: 'name-taken by 2' },
  },
  {
    situation: 'two new teams of one name: the lower id creates it, the other is a question',
    observed: { t2: ['sales'], t1: ['Sales'] },
    expected: { t1: 'create Sales', t2: 'name-taken by a new one' },
  },
  {
    situation: 'two new teams of an unbound team’s name: the lower id binds it, the other is a question',
    observed: { t2: ['Sales'], t1: ['Sales'] },
    known: { 2: ['Sales'] },
    expected: { t1: 'bind 2', t2: 'name-taken by 2' },
  },
  {
    situation: 'a team whose new name is taken keeps its old one, which is then taken for the next',
    observed: { t1: ['Billing', 2], t2: ['Sales', 4] },
    known: { 2: ['Sales', 'acd'], 3: ['Billing', 'acd2'], 4: ['Care', 'acd'] },
    expected: { t1: 'name-taken by 3', t2: 'name-taken by 2' },
  },
  {
    situation: 'a bound team with the same name is unchanged',
    observed: { t1: ['Sales', 2] },
    known: { 2: ['Sales', 'acd'] },
    expected: { t1: 'unchanged' },
  },
  {
    situation: 'a rename follows by id',
    observed: { t1: ['Sales EMEA', 2] },
    known: { 2: ['Sales', 'acd'] },
    expected: { t1: 'rename 2 to Sales EMEA' },
  },
  {
    situation: 'a rename that only changes case follows too',
    observed: { t1: ['SALES', 2] },
    known: { 2: ['Sales', 'acd'] },
    expected: { t1: 'rename 2 to SALES' },
  },
  {
    situation: 'a rename to a name that is taken is a question',
    observed: { t1: ['Billing', 2] },
    known: { 2: ['Sales', 'acd'], 3: ['Billing', 'acd2'] },
    expected: { t1: 'name-taken by 3' },
  },
  {
    situation: 'a rename leaves its old name to a new team',
    observed: { t1: ['Sales EMEA', 2], t2: ['Sales'] },
    known: { 2: ['Sales', 'acd'] },
    expected: { t1: 'rename 2 to Sales EMEA', t2: 'create Sales' },
  },
  {
    situation: 'a rename leaves its old name to a new team, also to one with a lower id',
    observed: { t2: ['Sales EMEA', 2], t1: ['Sales'] },
    known: { 2: ['Sales', 'acd'] },
    expected: { t1: 'create Sales', t2: 'rename 2 to Sales EMEA' },
  },
  {
    situation: 'a chain of renames follows by id, whichever id comes first',
    observed: { t1: ['Billing', 2], t2: ['Claims', 3] },
    known: { 2: ['Sales', 'acd'], 3: ['Billing', 'acd'] },
    expected: { t1: 'rename 2 to Billing', t2: 'rename 3 to Claims' },
  },
  {
    situation: 'the name of a bound team that keeps it is a question for a new one, also for one with a lower id',
    observed: { t1: ['Sales'], t2: ['Sales', 2] },
    known: { 2: ['Sales', 'acd'] },
    expected: { t1: 'name-taken by 2', t2: 'unchanged' },
  },
  {
    situation: 'of two renames to one name the lower id gets it, the other is a question',
    observed: { t2: ['Care', 3], t1: ['Care', 2] },
    known: { 2: ['Sales', 'acd'], 3: ['Billing', 'acd'] },
    expected: { t1: 'rename 2 to Care', t2: 'name-taken by 2' },
  },
  {
    situation: 'a new team does not bind the team that has just been renamed to its name',
    observed: { t1: ['Care', 2], t2: ['Care'] },
    known: { 2: ['Sales', 'acd'] },
    expected: { t1: 'rename 2 to Care', t2: 'name-taken by 2' },
  },
  {
    situation: 'two teams of the source that share one of ours and are renamed alike are no rivals',
    observed: { t1: ['Care', 2], t2: ['Care', 2] },
    known: { 2: ['Sales', 'acd'] },
    expected: { t1: 'rename 2 to Care', t2: 'rename 2 to Care' },
  },
  { situation: 'a team that disappears is kept', observed: {}, known: { 2: ['Sales', 'acd'] }, expected: {} },
];

function told(verdict: TeamVerdict): string {
  switch (verdict.kind) {
    case 'bind':
      return `bind ${verdict.teamId}`;
    case 'create':
      return `create ${verdict.name}`;
    case 'rename':
      return `rename ${verdict.teamId} to ${verdict.name}`;
    case 'name-taken':
      return `name-taken by ${String(verdict.teamId ?? 'a new one')}`;
    case 'unchanged':
      return verdict.kind;
  }
}

function verdicts(row: Row, reversed: boolean): Record<string, string> {
  const observed = Object.entries(row.observed).map(([externalId, [name, teamId]]): ObservedTeam => ({
    externalId,
    name,
    teamId: teamId ?? null,
  }));
  const known = Object.entries(row.known ?? {}).map(([id, [name, ...boundBy]]): KnownTeam => ({
    id: Number(id),
    name,
    boundBy,
  }));
  if (reversed) [observed, known].forEach((list) => list.reverse());
  return Object.fromEntries(bindTeams(observed, known).map((verdict) => [verdict.team.externalId, told(verdict)]));
}

describe('11.1 what becomes of a source’s teams', () => {
  for (const row of rows)
    it(`11.1 ${row.situation}`, () => {
      expect(verdicts(row, false)).toEqual(row.expected);
    });

  for (const row of rows)
    it(`4.8 the order in which teams are given changes nothing: ${row.situation}`, () => {
      expect(verdicts(row, true)).toEqual(verdicts(row, false));
    });
});
