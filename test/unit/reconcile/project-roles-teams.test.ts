import { describe, expect, it } from 'vitest';
import type { AccountContent, RoleFacts, SourceTeam } from '../../../src/domain/account.ts';
import type { Snapshot } from '../../../src/domain/user.ts';
import { noTeam, project, valueSaid, type Part, type Projection } from '../../../src/reconcile/project.ts';
import type { RoleRule, SourceRules } from '../../../src/reconcile/rules.ts';
import { billing, claims, defaultTeam, sales, slot } from '../domain/builders.ts';
import { acdRules, adRules } from './rules.ts';

interface Given {
  readonly content: Partial<AccountContent>;
  readonly prior?: Partial<Snapshot>;
  readonly rules?: Partial<SourceRules>;
  readonly bindings?: ReadonlyMap<string, number | null>;
  readonly refusals?: ReadonlyMap<string, string>;
}

function projected(given: Given, base: SourceRules = acdRules): Projection {
  return project({
    content: { values: {}, ...given.content },
    prior: given.prior === undefined ? undefined : slot(base.id, given.prior),
    rules: { ...base, ...given.rules },
    origin: 'local',
    bindings: given.bindings ?? new Map(),
    refusals: given.refusals ?? new Map(),
    lost: new Set(),
    now: '2026-05-01T00:00:00.000Z',
  });
}

interface RoleRow {
  readonly situation: string;
  readonly of: SourceRules;
  readonly facts?: RoleFacts;
  readonly table?: readonly RoleRule[];
  readonly prior?: readonly string[];
  readonly refused?: boolean;
  readonly expected: readonly string[];
  readonly unknown?: readonly string[];
}

const supervisorFlag: RoleRule = { when: { supervisor: true }, role: 'supervisor' };
const leads: RoleRule = { when: { group: 'CN=Leads,DC=corp' }, role: 'supervisor' };
const qm: RoleRule = { when: { profile: 'QM' }, role: 'analyst' };

const roleRows: Record<string, RoleRow[]> = {
  '10.1': [
    { situation: 'whoever is linked to an ACD account is an agent', of: acdRules, expected: ['agent'] },
    { situation: 'a directory makes nobody an agent', of: adRules, expected: [] },
  ],
  '10.2': [
    {
      situation: 'a supervisor flag becomes its role',
      of: acdRules,
      table: [supervisorFlag],
      facts: { supervisor: true },
      expected: ['agent', 'supervisor'],
    },
    {
      situation: 'a flag that is not in the table becomes nothing',
      of: acdRules,
      facts: { supervisor: true },
      expected: ['agent'],
    },
    {
      situation: 'a group becomes its role, in whatever case it is written',
      of: adRules,
      table: [leads],
      facts: { groups: ['cn=leads,dc=CORP'] },
      expected: ['supervisor'],
    },
    {
      situation: 'another group does not',
      of: adRules,
      table: [leads],
      facts: { groups: ['CN=Leads EMEA,DC=corp'] },
      expected: [],
    },
    {
      situation: 'a security profile becomes its role',
      of: acdRules,
      table: [qm],
      facts: { profiles: ['Basic', 'QM'] },
      expected: ['agent', 'analyst'],
    },
    {
      situation: 'a role that the source states itself is taken as it is',
      of: acdRules,
      facts: { roles: ['analyst'] },
      expected: ['agent', 'analyst'],
    },
    {
      situation: 'a role that is not in the catalogue is a question, and the roles wait as a whole',
      of: acdRules,
      prior: ['agent', 'supervisor'],
      facts: { roles: ['analyst', 'wizard'] },
      expected: ['agent', 'supervisor'],
      unknown: ['wizard'],
    },
    {
      situation: 'unknown roles are named in one order, whatever the source says first',
      of: acdRules,
      facts: { roles: ['wizard', 'oracle'] },
      expected: ['agent'],
      unknown: ['oracle', 'wizard'],
    },
    {
      situation: 'an unknown role keeps nobody from being an agent',
      of: acdRules,
      facts: { roles: ['wizard'] },
      expected: ['agent'],
      unknown: ['wizard'],
    },
  ],
  '10.3': [
    {
      situation: 'a role goes when the source, asked and answering, no longer supplies it',
      of: adRules,
      table: [leads],
      prior: ['supervisor'],
      facts: { groups: [] },
      expected: [],
    },
    {
      situation: 'a role stays when the answer did not include what it comes from',
      of: adRules,
      table: [leads],
      prior: ['supervisor'],
      expected: ['supervisor'],
    },
    {
      situation: 'a role with two reasons goes with the last of them',
      of: adRules,
      table: [leads, { when: { group: 'CN=Heads,DC=corp' }, role: 'supervisor' }],
      prior: ['supervisor'],
      facts: { groups: ['CN=Heads,DC=corp'] },
      expected: ['supervisor'],
    },
    {
      situation: 'the agent role never goes',
      of: adRules,
      prior: ['agent', 'supervisor'],
      table: [leads],
      facts: { groups: [] },
      expected: ['agent'],
    },
  ],
  '5.3': [
    {
      situation: 'roles whose refusal stands stay as they were',
      of: adRules,
      table: [leads],
      prior: [],
      facts: { groups: ['CN=Leads,DC=corp'] },
      refused: true,
      expected: [],
    },
  ],
};

describe('what becomes of an applied snapshot: roles', () => {
  for (const [rule, table] of Object.entries(roleRows))
    for (const row of table)
      it(`${rule} ${row.situation}`, () => {
        const content = row.facts === undefined ? {} : { roleFacts: row.facts };
        const { snapshot, unknownRoles } = projected(
          {
            content,
            rules: { roles: row.table ?? [] },
            ...(row.prior === undefined ? {} : { prior: { roles: row.prior } }),
            refusals: new Map(row.refused === true ? [['roles', valueSaid({ values: {}, ...content }, 'roles')]] : []),
          },
          row.of,
        );
        expect(snapshot.roles).toEqual(row.expected);
        expect(unknownRoles).toEqual(row.unknown ?? []);
      });
});

describe('what people have answered that an unknown role means', () => {
  const meanings = new Map<string, string | null>([
    ['Lead', 'supervisor'],
    ['Badge', null],
    ['Wizard', 'wizard'],
  ]);
  for (const row of [
    {
      says: 'a role of the catalogue is given in its place',
      role: 'Lead',
      roles: ['agent', 'supervisor'],
      unknown: [],
    },
    { says: 'nothing: it is left out', role: 'Badge', roles: ['agent'], unknown: [] },
    {
      says: 'a role that exists no longer: it is a question again',
      role: 'Wizard',
      roles: ['agent'],
      unknown: ['Wizard'],
    },
    { says: 'not asked yet: it is a question', role: 'Oracle', roles: ['agent'], unknown: ['Oracle'] },
  ])
    it(`4.10 ${row.says}`, () => {
      const { snapshot, unknownRoles } = projected({
        content: { roleFacts: { roles: [row.role] } },
        rules: { roleMeanings: meanings },
      });
      expect({ roles: snapshot.roles, unknown: unknownRoles }).toEqual({ roles: row.roles, unknown: row.unknown });
    });
});

const north: SourceTeam = { id: 't1', name: 'North' };
const south: SourceTeam = { id: 't2', name: 'South' };
const bindings = new Map<string, number | null>([
  ['t1', billing],
  ['t2', sales],
]);

interface TeamRow {
  readonly situation: string;
  readonly said?: readonly SourceTeam[];
  readonly prior?: readonly number[];
  readonly mode?: SourceRules['teams'];
  readonly bindings?: ReadonlyMap<string, number | null>;
  readonly expected: readonly number[];
  readonly undecided?: readonly string[];
}

const teamRows: Record<string, TeamRow[]> = {
  '11.2': [
    { situation: 'membership mirrors the source', said: [south], prior: [billing], expected: [sales] },
    { situation: 'no team at the source is no team of its', said: [], prior: [billing], expected: [] },
    {
      situation: 'add-only takes nothing away',
      said: [south],
      prior: [billing],
      mode: 'add-only',
      expected: [sales, billing],
    },
    {
      situation: 'two teams of the source bound to one are one',
      said: [north, south],
      bindings: new Map([
        ['t1', claims],
        ['t2', claims],
      ]),
      expected: [claims],
    },
  ],
  '4.10': [
    {
      situation: 'a team that a person leaves out gives no membership, the others do',
      said: [north, south],
      prior: [sales],
      bindings: new Map([
        ['t1', noTeam],
        ['t2', defaultTeam],
      ]),
      expected: [defaultTeam],
    },
  ],
  '11.6': [
    {
      situation: 'who is only in teams that a person leaves out stays in the team that they have',
      said: [north],
      prior: [sales],
      bindings: new Map([['t1', noTeam]]),
      expected: [sales],
    },
  ],
  '2.3': [{ situation: 'teams that were not read stay', prior: [billing], expected: [billing] }],
  '11.1': [
    {
      situation: 'memberships wait while a person has to say which team is meant',
      said: [north, south],
      prior: [claims],
      bindings: new Map<string, number | null>([
        ['t1', null],
        ['t2', sales],
      ]),
      expected: [claims],
      undecided: ['t1'],
    },
    {
      situation: 'memberships wait for a team that is not bound yet',
      said: [north],
      bindings: new Map(),
      expected: [],
      undecided: ['t1'],
    },
  ],
};

describe('what becomes of an applied snapshot: teams', () => {
  for (const [rule, table] of Object.entries(teamRows))
    for (const row of table)
      it(`${rule} ${row.situation}`, () => {
        const { snapshot, undecidedTeams } = projected({
          content: row.said === undefined ? {} : { teams: row.said },
          rules: { teams: row.mode ?? 'mirror' },
          ...(row.prior === undefined ? {} : { prior: { teams: row.prior } }),
          bindings: row.bindings ?? bindings,
        });
        expect(snapshot.teams).toEqual(row.expected);
        expect(undecidedTeams).toEqual(row.undecided ?? []);
      });

  it('11.2 add-only concerns membership: supervision follows the source', () => {
    const { snapshot } = projected({
      content: { supervises: [south] },
      prior: { supervises: [billing] },
      rules: { teams: 'add-only' },
      bindings,
    });
    expect(snapshot.supervises).toEqual([sales]);
  });
});

it('11.1 supervision waits too while a person has to say which team is meant', () => {
  const { snapshot, undecidedTeams } = projected({
    content: { supervises: [north, south] },
    prior: { supervises: [claims] },
    bindings: new Map([['t2', sales]]),
  });
  expect({ supervises: snapshot.supervises, undecidedTeams }).toEqual({ supervises: [claims], undecidedTeams: ['t1'] });
});

describe('a refusal of teams', () => {
  const refusal = (part: Part, said: readonly SourceTeam[]): Map<string, string> =>
    new Map([[part, valueSaid({ values: {}, [part]: said }, part)]]);

  it('5.3 stands while the source says the same teams', () => {
    const { snapshot, refused } = projected({
      content: { teams: [south] },
      prior: { teams: [billing] },
      bindings,
      refusals: refusal('teams', [south]),
    });
    expect({ teams: snapshot.teams, refused }).toEqual({ teams: [billing], refused: ['teams'] });
  });

  it('5.3 ends when the source says other teams', () => {
    const { snapshot, spentRefusals } = projected({
      content: { teams: [north, south] },
      prior: { teams: [billing] },
      bindings,
      refusals: refusal('teams', [south]),
    });
    expect({ teams: snapshot.teams, spentRefusals }).toEqual({ teams: [sales, billing], spentRefusals: ['teams'] });
  });

  for (const part of ['teams', 'supervises'] as const)
    it(`11.1 stands when a team is renamed, since a rename follows by id: ${part}`, () => {
      const { snapshot, refused } = projected({
        content: { [part]: [{ id: 't2', name: 'South and West' }] },
        prior: { [part]: [billing] },
        bindings,
        refusals: refusal(part, [south]),
      });
      expect({ kept: snapshot[part], refused }).toEqual({ kept: [billing], refused: [part] });
    });
});

it('10.2 a role in another case is the spelling of the one in the catalogue, and no question', () => {
  const { snapshot, unknownRoles } = projected({ content: { roleFacts: { roles: ['SUPERVISOR', 'agent'] } } });
  expect(snapshot.roles).toEqual(['agent', 'supervisor']);
  expect(unknownRoles).toEqual([]);
});
