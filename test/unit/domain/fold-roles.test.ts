import { describe, expect, it } from 'vitest';
import { folded, slot, type Known } from './builders.ts';

interface Row extends Known {
  readonly situation: string;
  /** `role by who gave it`, ordered by role. */
  readonly expected: readonly string[];
}

const acd = slot('acd', { roles: ['agent', 'supervisor'] });
const ad = slot('ad', { roles: ['supervisor'] });

const rows: Row[] = [
  { situation: 'a role is held while a source supplies it', snapshots: [ad], expected: ['supervisor by ad'] },
  { situation: 'a role goes when no source supplies it any more', snapshots: [slot('ad')], expected: [] },
  {
    situation: 'of several sources the highest in rank is named as the giver',
    snapshots: [acd, ad],
    expected: ['agent by acd', 'supervisor by ad'],
  },
  {
    situation: 'a role stays while another source still supplies it',
    snapshots: [acd, slot('ad')],
    expected: ['agent by acd', 'supervisor by acd'],
  },
  {
    situation: 'a role that a person gave is held without any source',
    words: { rolesGiven: ['supervisor'] },
    expected: ['supervisor by operator'],
  },
  {
    situation: 'a role that a person gave is the person’s, also when a source gives it too',
    words: { rolesGiven: ['supervisor'] },
    snapshots: [ad],
    expected: ['supervisor by operator'],
  },
  {
    situation: 'a role that a person took away is not given back by any source',
    words: { rolesTaken: ['supervisor'] },
    snapshots: [ad, acd],
    expected: ['agent by acd'],
  },
  {
    situation: 'a role that a person took and nobody supplies stays away',
    words: { rolesTaken: ['supervisor'] },
    expected: [],
  },
  {
    situation: 'also the agent role stays away when a person took it',
    words: { rolesTaken: ['agent'] },
    snapshots: [slot('acd', { roles: ['agent'] })],
    expected: [],
  },
  {
    situation: 'with reassert the agent role comes back from the ACD',
    policy: { reassertAgentRole: true },
    words: { rolesTaken: ['agent'] },
    snapshots: [slot('acd', { roles: ['agent'] })],
    expected: ['agent by acd'],
  },
  {
    situation: 'with reassert every other role still stays away',
    policy: { reassertAgentRole: true },
    words: { rolesTaken: ['supervisor'] },
    snapshots: [acd],
    expected: ['agent by acd'],
  },
  {
    situation: 'with reassert the agent role does not come from nowhere',
    policy: { reassertAgentRole: true },
    words: { rolesTaken: ['agent'] },
    snapshots: [slot('ad')],
    expected: [],
  },
];

describe('10.3 roles remember who gave and who took them', () => {
  for (const row of rows)
    it(`10.3 ${row.situation}`, () => {
      expect(folded(row).roles.map(({ role, givenBy }) => `${role} by ${givenBy}`)).toEqual(row.expected);
    });
});
