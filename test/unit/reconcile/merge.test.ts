import { describe, expect, it } from 'vitest';
import { noWords, type Snapshot, type UserState, type Words } from '../../../src/domain/user.ts';
import { decideMerge, type MergeChoices, type MergeDecision } from '../../../src/reconcile/merge.ts';
import type { MergeLink, MergeSide } from '../../../src/reconcile/merge-refusal.ts';
import { billing, claims, folded, policy, sales, slot, teamNames, user } from '../domain/builders.ts';

const link = (source: string, externalId = '1', more: Partial<MergeLink> = {}): MergeLink => ({
  ...{ accountId: 1, externalId, source, kind: source === 'ad' ? 'active-directory' : 'avaya-cm' },
  ...{ as: source.startsWith('acd') ? 'acd' : 'directory', retired: false },
  ...more,
});

interface Known extends Partial<Omit<UserState, 'value'>> {
  readonly words?: Partial<Words>;
  readonly snapshots?: readonly Snapshot[];
  readonly links?: readonly MergeLink[];
}

/** A user with what is known of them, their value folded. */
function side({ words, snapshots = [], links = [], ...state }: Known): MergeSide {
  const all = { ...noWords, ...words };
  const origin = state.origin ?? 'local';
  const value = folded({ origin, words: all, snapshots });
  return { subject: { user: user({ ...state, origin, value }), words: all, snapshots, policy }, links };
}

const undecided: MergeChoices = { fields: {}, prefer: null };

function merged(primary: Known, other: Known, choices: MergeChoices = undecided): MergeDecision {
  const decision = decideMerge(side({ id: 1, ...primary }), side({ id: 2, ...other }), choices, teamNames);
  if ('refused' in decision) throw new Error(decision.message);
  return decision;
}

function refused(primary: Known, other: Known, choices: MergeChoices = undecided): string {
  const decision = decideMerge(side({ id: 1, ...primary }), side({ id: 2, ...other }), choices, teamNames);
  return 'refused' in decision ? decision.refused : 'merged';
}

const agent: Known = {
  origin: 'acd',
  links: [link('acd', '4711')],
  snapshots: [
    slot('acd', {
      values: { username: 'jn', firstName: 'Jan', email: 'jan@acd', acdId: '4711' },
      roles: ['agent'],
      teams: [sales],
    }),
  ],
};
const person: Known = {
  links: [link('ad', 'guid')],
  snapshots: [
    slot('ad', { values: { windowsLogin: 'C\\jn', email: 'jan@ad', department: 'Sales' }, roles: ['trainer'] }),
  ],
  words: { localValues: { username: 'jnovak', mobileNumber: '00420', 'attribute.desk': '7' } },
};
const inactive = { active: false };

describe('who may be merged (18.1)', () => {
  const cases: readonly (readonly [string, Known, Known, string])[] = [
    ['two active users, one of them from an ACD', agent, person, 'merged'],
    ['the other way round', person, agent, 'merged'],
    ['two local users', {}, {}, 'merged'],
    ['two active agents', agent, { links: [link('acd2')] }, 'both-from-acd'],
    ['an agent of a retired ACD counts as none', agent, { links: [link('acd2', '1', { retired: true })] }, 'merged'],
    ['an active and a deactivated one, both synchronised', agent, { ...agent, ...inactive }, 'merged'],
    ['a deactivated one without a link', agent, inactive, 'not-synchronised'],
    ['an active one without a link and a deactivated agent', {}, { ...agent, ...inactive }, 'not-synchronised'],
    [
      'one of a retired source only',
      agent,
      { ...inactive, links: [link('ad', '1', { retired: true })] },
      'not-synchronised',
    ],
    ['a deactivated one who would stay', { ...agent, ...inactive }, person, 'primary-inactive'],
    ['two deactivated ones', { ...agent, ...inactive }, { ...person, ...inactive }, 'both-inactive'],
    ['one who was merged before', agent, { ...person, ...inactive, mergedInto: 9 }, 'user-merged'],
    ['into one who was merged before', { ...agent, ...inactive, mergedInto: 9 }, person, 'user-merged'],
    ['a user with itself', agent, { ...agent, id: 1 }, 'same-user'],
  ];
  it.each(cases)('18.1 %s', (_situation, primary, other, outcome) => {
    expect(refused(primary, other, { fields: {}, prefer: 'primary' })).toBe(outcome);
  });

  it('18.1 a refusal names both, and the way out', () => {
    const decision = decideMerge(
      side({ id: 1, ...agent }),
      side({ id: 2, links: [link('acd2', '12')] }),
      undecided,
      teamNames,
    );
    expect(decision).toMatchObject({
      message: expect.stringMatching(/1 and 2 .*acd 4711 and acd2 12.*deactivate/) as unknown,
    });
  });
});

describe('what moves to who stays (18.3)', () => {
  const { primary, other, moved, ended, movedSlots } = merged(agent, person, {
    fields: { email: 'other' },
    prefer: null,
  });

  it('18.3 links, values of their sources, attributes and words fill what the primary has not', () => {
    expect(moved.map(({ source }) => source)).toEqual(['ad']);
    expect([ended, movedSlots, primary.linkedSources]).toEqual([[], ['ad'], ['acd', 'ad']]);
    expect(primary.value.fields).toMatchObject({
      ...{ username: 'jn', windowsLogin: 'C\\jn', department: 'Sales', mobileNumber: '00420', acdId: '4711' },
      ...{ 'attribute.desk': '7', email: 'jan@ad' },
    });
    expect(primary.value.roles).toEqual([
      { role: 'agent', givenBy: 'acd' },
      { role: 'trainer', givenBy: 'ad' },
    ]);
  });

  it('18.3 the other releases everything unique, and keeps a name to be recognised by', () => {
    expect(other.value.fields).toEqual({ email: 'jan@ad', department: 'Sales', mobileNumber: '00420' });
    expect(other.value).toMatchObject({ roles: [], teams: [1], supervises: [] });
    expect([other.linkedSources, other.snapshots[0]?.voice]).toEqual([[], 'ended']);
  });

  it('18.3 where the primary has a link to that source the other’s ends, and so stay its values', () => {
    const decision = merged(
      {
        ...agent,
        links: [link('acd'), link('ad', 'mine')],
        snapshots: [...(agent.snapshots ?? []), slot('ad', { values: { email: 'mine@ad' } })],
      },
      person,
    );
    expect([decision.moved, decision.ended.map(({ source }) => source), decision.movedSlots]).toEqual([[], ['ad'], []]);
    expect(decision.primary.value.fields).toMatchObject({ email: 'mine@ad' });
    expect(decision.primary.value.fields.department).toBeUndefined();
  });

  it('18.3 what an ended link has left moves where the primary has nothing of that source', () => {
    const left = { ...person, links: [] };
    expect(merged(agent, left, { fields: {}, prefer: 'other' }).movedSlots).toEqual(['ad']);
    const both = { ...agent, snapshots: [...(agent.snapshots ?? []), slot('ad', { values: { email: 'old@ad' } })] };
    expect(merged(both, left).movedSlots).toEqual([]);
    // A current link's slot counts more than one that an ended link has left.
    expect(merged(both, person, { fields: {}, prefer: 'other' }).movedSlots).toEqual(['ad']);
  });

  it('18.3 roles, teams, supervision and scope of both; what people took of the primary stays taken', () => {
    const decision = merged(
      {
        words: {
          rolesGiven: ['auditor'],
          rolesTaken: ['trainer'],
          teamsGiven: [sales],
          teamsTaken: [claims],
          mainTeam: sales,
        },
      },
      {
        words: {
          ...{ rolesGiven: ['trainer', 'coach'], rolesTaken: ['auditor', 'planner'], teamsGiven: [billing, claims] },
          ...{ mainTeam: billing, supervisesGiven: [sales], scopeTeams: [billing], fullScope: true },
        },
      },
    );
    expect(decision.primary.words).toMatchObject({
      ...{ rolesGiven: ['auditor', 'coach'], rolesTaken: ['trainer', 'planner'], teamsGiven: [sales, billing] },
      ...{ teamsTaken: [claims], mainTeam: sales, supervisesGiven: [sales], scopeTeams: [billing], fullScope: true },
    });
    expect(decision.warnings).toEqual([expect.stringMatching(/role trainer/), expect.stringMatching(/team claims/)]);
    expect(decision.other.words).toEqual(noWords);
  });

  it('18.3 a role that a person took from the other does not come back by the slot that moves', () => {
    const { primary: stays } = merged(
      agent,
      { ...person, words: { rolesTaken: ['trainer'] } },
      { fields: {}, prefer: 'other' },
    );
    expect(stays.value.roles.map(({ role }) => role)).toEqual(['agent']);
  });

  it('6.2 the primary’s switch counts, and the person hears of it', () => {
    expect(merged({}, { syncEnabled: false }).warnings).toEqual([expect.stringMatching(/sync of user 2 is off/)]);
    expect(merged({ syncEnabled: false }, { syncEnabled: false }).warnings).toEqual([]);
  });
});

describe('values that differ (18.3)', () => {
  it('18.3 one that would go is open until somebody chooses', () => {
    const { differing } = merged(agent, person);
    expect(differing).toEqual([
      { field: 'username', primary: 'jn', other: 'jnovak', becomes: 'jn', open: false },
      { field: 'email', primary: 'jan@acd', other: 'jan@ad', becomes: 'jan@ad', open: true },
    ]);
  });

  const cases: readonly (readonly [string, MergeChoices, string, Words['overrides']])[] = [
    [
      'the primary’s is kept as an override',
      { fields: { email: 'primary' }, prefer: null },
      'jan@acd',
      { email: 'jan@acd' },
    ],
    ['the other’s comes from its source', { fields: { email: 'other' }, prefer: null }, 'jan@ad', {}],
    ['so does a preference for all', { fields: {}, prefer: 'primary' }, 'jan@acd', { email: 'jan@acd' }],
    ['a choice counts more than it', { fields: { email: 'other' }, prefer: 'primary' }, 'jan@ad', {}],
  ];
  it.each(cases)('18.3 %s', (_situation, choices, email, overrides) => {
    const { primary, differing } = merged(agent, person, choices);
    expect([primary.value.fields.email, primary.words.overrides]).toEqual([email, overrides]);
    expect(differing.filter(({ open }) => open)).toEqual([]);
  });

  it('18.3 what the primary keeps by itself can be given up for the other’s', () => {
    const [ours, theirs] = [{ words: { localValues: { rank: '1' } } }, { words: { localValues: { rank: '2' } } }];
    expect(merged(ours, theirs).primary.value.fields.rank).toBe('1');
    expect(merged(ours, theirs, { fields: { rank: 'other' }, prefer: null }).primary.words.localValues).toEqual({
      rank: '2',
    });
  });

  it('5.5, 5.6 what follows a source cannot be chosen against it', () => {
    const typed = { words: { localValues: { username: 'a', windowsLogin: 'C\\old' } } };
    expect(refused(typed, person, { fields: { windowsLogin: 'primary' }, prefer: null })).toBe('field-read-only');
    expect(merged(typed, person, { fields: {}, prefer: 'primary' }).differing).toContainEqual(
      expect.objectContaining({ field: 'windowsLogin', becomes: 'C\\jn', open: false }),
    );
    expect(refused(agent, person, { fields: { username: 'other', email: 'other' }, prefer: null })).toBe(
      'field-read-only',
    );
  });

  it('18.3 there is nothing to choose where both have the same, or one of them nothing', () => {
    expect(refused(agent, person, { fields: { department: 'other' }, prefer: 'other' })).toBe('value-not-needed');
  });
});
