import { fold } from '../../../src/domain/fold.ts';
import type { GroupTree } from '../../../src/domain/groups.ts';
import { permissions } from '../../../src/domain/permissions.ts';
import {
  emptyValue,
  noWords,
  type FieldValues,
  type Policy,
  type Snapshot,
  type Words,
} from '../../../src/domain/user.ts';
import { columnNames, type ColumnName } from '../../../src/people-csv/columns.ts';
import { placeColumns, type Mapping } from '../../../src/people-csv/mapping.ts';
import { planRow } from '../../../src/people-csv/plan-row.ts';
import { planWorld, type PlanWorld } from '../../../src/people-csv/plan-world.ts';
import type { RowPlan, RowSubject } from '../../../src/people-csv/row-plan.ts';
import { readRow } from '../../../src/people-csv/said-row.ts';

const policy: Policy = {
  rank: [
    { id: 'ad', as: 'directory' },
    { id: 'acd', as: 'acd' },
  ],
  fieldRank: {},
  defaultTeam: 1,
  defaults: { locale: 'en', displayTimeZone: 'Europe/Prague', schedulingTimeZone: 'Europe/Prague' },
  reassertAgentRole: false,
};

const teams = [
  { id: 1, name: 'Default' },
  { id: 2, name: 'Sales' },
  { id: 3, name: 'Support; "night"' },
  { id: 4, name: '=Billing' },
];

const tree: GroupTree = {
  groups: new Map([
    [1, { id: 1, name: 'Company', parent: null }],
    [2, { id: 2, name: 'North', parent: 1 }],
  ]),
  defaultGroup: 1,
  placed: new Map([[2, 2]]),
};

/** A world of some teams, groups and roles, for somebody who may do everything. */
export function world(over: Partial<PlanWorld> = {}): PlanWorld {
  return {
    ...planWorld({
      ...{ teams, tree, missing: [], today: '2026-11-30' },
      roleCatalogue: ['agent', 'supervisor', 'trainer'],
      asker: { operator: 'anna', may: new Set(permissions) },
      scope: { full: true, groups: [], teams: [] },
    }),
    ...over,
  };
}

export function slot(source: string, values: FieldValues, over: Partial<Snapshot> = {}): Snapshot {
  return { source, values, silentSince: {}, roles: [], teams: [], supervises: [], ...over };
}

export interface Person {
  readonly words?: Partial<Words>;
  readonly snapshots?: readonly Snapshot[];
  readonly origin?: string;
  readonly active?: boolean;
  readonly mergedInto?: number;
  readonly over?: Partial<RowSubject>;
}

/** User 7, as the fold makes them. */
export function person({ words, snapshots = [], origin = 'acd', active = true, mergedInto, over }: Person): RowSubject {
  const said = { ...noWords, ...words };
  const { teamNames } = world();
  const value = fold({ origin, words: said, snapshots, policy, teamNames, present: emptyValue });
  const user = { id: 7, origin, active, syncEnabled: true, syncOffSources: [], mergedInto: mergedInto ?? null, value };
  return {
    subject: { user, words: said, snapshots, policy },
    creates: false,
    linkedSources: origin === 'local' ? [] : [origin],
    activated: '2024-01-02',
    deactivated: active ? null : '2025-05-06',
    usernameOf: origin === 'local' ? null : origin,
    ...over,
  };
}

/** Whom a row with User ID 0 would create. */
export function newPerson(): RowSubject {
  const created = person({ origin: 'local', active: false, words: { rolesGiven: ['agent'] } });
  return { ...created, creates: true, activated: null, deactivated: null };
}

/** What a row of these cells comes to; a column that is not named is missing. */
export function planned(
  cells: Readonly<Partial<Record<ColumnName, string>>>,
  user: RowSubject,
  { mapping = { columns: {} }, ...over }: Partial<PlanWorld> & { readonly mapping?: Mapping } = {},
): RowPlan {
  const header = columnNames.filter((column) => cells[column] !== undefined);
  const { places } = placeColumns(header, mapping);
  const texts = header.map((column) => cells[column] ?? '');
  const { said, errors } = readRow(2, texts, places.columns);
  const plan = planRow(said, user, world(over));
  return { ...plan, errors: [...errors, ...plan.errors] };
}
