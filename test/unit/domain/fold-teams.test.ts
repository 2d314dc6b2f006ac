import { describe, expect, it } from 'vitest';
import type { TeamId } from '../../../src/domain/user.ts';
import { billing, claims, defaultTeam, folded, sales, slot, teamNames, zebra, type Known } from './builders.ts';

const name = (team: TeamId | null): string | null => (team === null ? null : (teamNames.get(team) ?? '?'));
const names = (teams: readonly TeamId[]): string[] => teams.map((team) => name(team) ?? '').sort();

interface MembershipRow extends Known {
  readonly situation: string;
  readonly expected: readonly string[];
}

const membership: readonly MembershipRow[] = [
  {
    situation: 'is what the sources supply, all together',
    snapshots: [slot('ad', { teams: [sales] }), slot('acd', { teams: [billing, sales] })],
    expected: ['Billing', 'Sales'],
  },
  { situation: 'goes with the source’s word', snapshots: [slot('acd', { teams: [billing] })], expected: ['Billing'] },
  {
    situation: 'that a person gave is kept beside the sources’',
    words: { teamsGiven: [claims] },
    snapshots: [slot('acd', { teams: [billing] })],
    expected: ['Billing', 'claims'],
  },
  {
    situation: 'that a person took is not given back',
    words: { teamsTaken: [billing] },
    snapshots: [slot('ad', { teams: [billing] }), slot('acd', { teams: [billing, sales] })],
    expected: ['Sales'],
  },
  { situation: 'is the default team when none is left', snapshots: [slot('acd')], expected: ['Default'] },
  {
    situation: 'is the default team when a person took the only one',
    words: { teamsTaken: [billing] },
    snapshots: [slot('acd', { teams: [billing] })],
    expected: ['Default'],
  },
  {
    situation: 'is no longer the default team once there is another',
    present: { teams: [defaultTeam], mainTeam: defaultTeam },
    snapshots: [slot('acd', { teams: [billing] })],
    expected: ['Billing'],
  },
];

describe('11.2 membership', () => {
  for (const row of membership)
    it(`11.2 ${row.situation}`, () => {
      expect(names(folded(row).teams)).toEqual(row.expected);
    });
});

interface MainRow extends Known {
  readonly situation: string;
  readonly expected: string;
}

const teamsOf = (source: string, ...teams: TeamId[]): ReturnType<typeof slot> => slot(source, { teams });
const was = (mainTeam: TeamId, ...others: TeamId[]): Known['present'] & object => ({
  teams: [mainTeam, ...others].sort((a, b) => a - b),
  mainTeam,
});

const mainRows: MainRow[] = [
  { situation: 'the only team is the main one', snapshots: [teamsOf('acd', zebra)], expected: 'Zebra' },
  { situation: 'the default team is main while it is the only one', expected: 'Default' },
  {
    situation: 'of several that come at once, that of the higher source is main',
    snapshots: [teamsOf('acd', billing), teamsOf('ad', zebra)],
    expected: 'Zebra',
  },
  {
    situation: 'of several that come at once from one source, the first in the alphabet is main, whatever their case',
    snapshots: [teamsOf('acd', zebra, claims)],
    expected: 'claims',
  },
  {
    situation: 'of several whose names differ in case only, that with the lowest id is main',
    teamNames: new Map([...teamNames, [zebra, 'SALES']]),
    snapshots: [teamsOf('acd', zebra, sales)],
    expected: 'Sales',
  },
  {
    situation: 'the first assigned stays main when others come, wherever they stand',
    present: was(zebra),
    snapshots: [teamsOf('acd', zebra), teamsOf('ad', billing)],
    expected: 'Zebra',
  },
  {
    situation: 'when the main team is removed, the first of the remaining in the alphabet becomes main',
    present: was(zebra, sales, claims),
    snapshots: [teamsOf('ad', sales), teamsOf('acd', claims)],
    expected: 'claims',
  },
  {
    situation: 'a main team replaced by another in one run hands main over to it, though it is last in the alphabet',
    present: was(claims, billing),
    snapshots: [teamsOf('acd', billing, zebra)],
    expected: 'Zebra',
  },
  {
    situation: 'a main team replaced by several hands over to that of the higher source',
    present: was(claims),
    snapshots: [teamsOf('acd', billing), teamsOf('ad', zebra)],
    expected: 'Zebra',
  },
  {
    situation: 'a main team replaced by several of one source hands over by the alphabet',
    present: was(claims),
    snapshots: [teamsOf('acd', sales, zebra)],
    expected: 'Sales',
  },
  {
    situation: 'another team that is replaced moves nothing',
    present: was(claims, sales),
    snapshots: [teamsOf('acd', claims, billing)],
    expected: 'claims',
  },
  {
    situation: 'the default team hands over to the first real one',
    present: was(defaultTeam),
    snapshots: [teamsOf('acd', zebra)],
    expected: 'Zebra',
  },
  {
    situation: 'a person’s choice counts whenever the membership is there',
    words: { mainTeam: sales },
    present: was(billing, sales),
    snapshots: [teamsOf('acd', billing, sales)],
    expected: 'Sales',
  },
  {
    situation: 'a person’s choice without the membership leaves the present one',
    words: { mainTeam: sales },
    present: was(zebra, billing),
    snapshots: [teamsOf('acd', billing, zebra)],
    expected: 'Zebra',
  },
  {
    situation: 'a person’s choice counts again when the membership comes back',
    words: { mainTeam: sales },
    present: was(billing),
    snapshots: [teamsOf('acd', billing, sales)],
    expected: 'Sales',
  },
  {
    situation: 'a main team that a person took is gone from main too',
    words: { teamsTaken: [zebra] },
    present: was(zebra, billing, sales),
    snapshots: [teamsOf('acd', billing, sales, zebra)],
    expected: 'Billing',
  },
];

describe('11.3 the main team', () => {
  for (const row of mainRows)
    it(`11.3 ${row.situation} → ${row.expected}`, () => {
      expect(name(folded(row).mainTeam)).toBe(row.expected);
    });

  it('11.3 folding again from its own result changes nothing', () => {
    for (const row of mainRows) {
      const value = folded(row);
      expect(folded({ ...row, present: value })).toEqual(value);
    }
  });
});

it('11.4 supervision is what sources and people give without what people take, each once and by id', () => {
  const words = { supervisesGiven: [zebra, sales], supervisesTaken: [billing] };
  const snapshots = [slot('acd', { supervises: [claims, billing] }), slot('acd2', { supervises: [zebra] })];
  expect(folded({ words, snapshots }).supervises).toEqual([sales, claims, zebra]);
  expect(folded({ snapshots }).supervises).toEqual([billing, claims, zebra]);
});
