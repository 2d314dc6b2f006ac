import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { groupNamed, groupPaths, memberGroupOf, withAncestors, type GroupTree } from '../../../src/domain/groups.ts';
import { includesGroup, includesTeam, includesUser, scopeOf, type Scope } from '../../../src/domain/scope.ts';

/** Default; Europe > Prague > Letná; Asia. */
const [byDefault, europe, prague, letna, asia] = [1, 2, 3, 4, 5] as const;
const [sales, care, night, stray] = [11, 12, 13, 14] as const;
const tree: GroupTree = {
  groups: new Map([
    [byDefault, { id: byDefault, name: 'Default', parent: null }],
    [letna, { id: letna, name: 'Letná', parent: prague }],
    [europe, { id: europe, name: 'europe', parent: null }],
    [asia, { id: asia, name: 'Asia', parent: null }],
    [prague, { id: prague, name: 'Prague', parent: europe }],
  ]),
  defaultGroup: byDefault,
  placed: new Map([
    [sales, prague],
    [care, letna],
    [night, asia],
  ]),
};
const nothing: Scope = { full: false, groups: [], teams: [] };

describe('11.5 what a scope includes', () => {
  it.each<[string, Partial<Scope>, readonly number[]]>([
    ['nothing', {}, []],
    ['a team', { teams: [care] }, [care]],
    ['a group with the teams of those below it', { groups: [europe] }, [sales, care]],
    ['a group below, not the teams above', { groups: [letna] }, [care]],
    ['the default group with the teams that nobody placed', { groups: [byDefault] }, [stray]],
    ['a group and a team elsewhere', { groups: [prague], teams: [night] }, [sales, care, night]],
    ['everything', { full: true }, [sales, care, night, stray]],
  ])('%s', (_what, said, teams) => {
    const scope = { ...nothing, ...said };
    expect([sales, care, night, stray].filter((team) => includesTeam(scope, team, tree))).toEqual(teams);
  });

  it('includes groups below, and not those above or beside', () => {
    const scope = { ...nothing, groups: [prague] };
    expect([...tree.groups.keys()].filter((group) => includesGroup(scope, group, tree)).sort()).toEqual([
      prague,
      letna,
    ]);
    expect(includesGroup({ ...nothing, teams: [care] }, letna, tree)).toBe(false);
    expect(includesGroup({ ...nothing, full: true }, letna, tree)).toBe(true);
  });

  it("includes the user's own group and teams, whatever was said", () => {
    expect(
      scopeOf({ ...nothing, groups: [prague], teams: [night, sales] }, { group: asia, teams: [care, night] }),
    ).toEqual({
      ...{ full: false, groups: [prague, asia], teams: [sales, care, night] },
    });
  });

  it('includes a user by their group or one of their teams', () => {
    const scope = { ...nothing, groups: [letna] };
    expect(includesUser(scope, { group: letna, teams: [night] }, tree)).toBe(true);
    expect(includesUser(scope, { group: asia, teams: [night, care] }, tree)).toBe(true);
    expect(includesUser(scope, { group: europe, teams: [sales] }, tree)).toBe(false);
  });
});

describe('11.5 groups', () => {
  it('a user belongs to the group that was chosen, else to that of the main team, else to the default one', () => {
    expect(memberGroupOf(tree, asia, sales)).toBe(asia);
    expect(memberGroupOf(tree, null, sales)).toBe(prague);
    expect(memberGroupOf(tree, null, stray)).toBe(byDefault);
    expect(memberGroupOf(tree, null, null)).toBe(byDefault);
    expect(memberGroupOf(tree, 99, sales)).toBe(prague);
  });

  it('are listed after the one that contains them, by name', () => {
    expect([...groupPaths(tree).values()]).toEqual([
      ['Asia'],
      ['Default'],
      ['europe'],
      ['europe', 'Prague'],
      ['europe', 'Prague', 'Letná'],
    ]);
  });

  it('are listed with what is below them before others whose names begin alike', () => {
    const named = (id: number, name: string, parent: number | null) => [id, { id, name, parent }] as const;
    const groups = new Map([named(1, 'A', null), named(2, 'AB', null), named(3, 'C', 1)]);
    expect([...groupPaths({ ...tree, groups }).values()]).toEqual([['A'], ['A', 'C'], ['AB']]);
  });

  it('are found by name whatever its case', () => {
    expect(groupNamed(tree, ' LETNÁ ')?.id).toBe(letna);
    expect(groupNamed(tree, 'Letna')).toBeNull();
  });

  it('a circle, which nobody can make, does not hang', () => {
    const circle = new Map([
      [1, { id: 1, name: 'a', parent: 2 }],
      [2, { id: 2, name: 'b', parent: 1 }],
    ]);
    expect(withAncestors({ ...tree, groups: circle }, 1)).toEqual([1, 2]);
  });
});

/** A forest of groups 1…n, each below one with a smaller id or at the top, and teams 101… in some of them. */
const forests = fc
  .record({
    parents: fc.array(fc.nat(), { minLength: 1, maxLength: 12 }),
    teams: fc.array(fc.nat(), { minLength: 1, maxLength: 12 }),
  })
  .map(({ parents, teams }): GroupTree => ({
    groups: new Map(
      parents.map((seed, index) => {
        const parent = seed % (index + 1);
        return [index + 1, { id: index + 1, name: `g${String(index + 1)}`, parent: parent === 0 ? null : parent }];
      }),
    ),
    defaultGroup: 1,
    placed: new Map(
      teams.flatMap((seed, index) => {
        const group = seed % (parents.length + 1);
        return group === 0 ? [] : [[101 + index, group] as const];
      }),
    ),
  }));
const scopes: fc.Arbitrary<Scope> = fc.record({
  full: fc.constant(false),
  groups: fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 4 }),
  teams: fc.array(fc.integer({ min: 101, max: 112 }), { maxLength: 4 }),
});
const allTeams = Array.from({ length: 12 }, (_, index) => 101 + index);

/** Another way to say it: from each group of the scope downwards. */
function teamsBelow(groups: GroupTree, scope: Scope): Set<number> {
  const reached = new Set(scope.groups.filter((group) => groups.groups.has(group)));
  for (let before = -1; before !== reached.size;) {
    before = reached.size;
    for (const { id, parent } of groups.groups.values()) if (parent !== null && reached.has(parent)) reached.add(id);
  }
  const below = allTeams.filter((team) => reached.has(groups.placed.get(team) ?? groups.defaultGroup));
  return new Set([...scope.teams, ...below]);
}

describe('11.5 of any tree and scope', () => {
  const includedTeams = (groups: GroupTree, scope: Scope): number[] =>
    allTeams.filter((team) => includesTeam(scope, team, groups));

  it('a scope includes its teams and every team below its groups', () => {
    fc.assert(
      fc.property(forests, scopes, (groups, scope) => {
        expect(new Set(includedTeams(groups, scope))).toEqual(teamsBelow(groups, scope));
      }),
    );
  });

  it('removing a team changes nothing while its group is in the scope', () => {
    fc.assert(
      fc.property(forests, scopes, fc.constantFrom(...allTeams), (groups, scope, team) => {
        const line = withAncestors(groups, groups.placed.get(team) ?? groups.defaultGroup);
        const withGroup = { ...scope, groups: [...scope.groups, ...line.slice(-1)] };
        const removed = { ...withGroup, teams: withGroup.teams.filter((each) => each !== team) };
        expect(includedTeams(groups, removed)).toEqual(includedTeams(groups, withGroup));
      }),
    );
  });

  it('a team that is put below a group of the scope later is in it', () => {
    fc.assert(
      fc.property(forests, scopes, fc.nat(), (groups, scope, seed) => {
        const into = (seed % groups.groups.size) + 1;
        const later = { ...groups, placed: new Map([...groups.placed, [200, into] as const]) };
        expect(includesTeam(scope, 200, later)).toBe(includesGroup(scope, into, groups));
      }),
    );
  });
});
