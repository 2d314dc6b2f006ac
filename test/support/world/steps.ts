import fc from 'fast-check';
import type { WorldChoice } from './config.ts';

/** A row of people.csv: `same` is the present value, null a blank cell; roles and teams are picked by number. */
export interface PeopleRow {
  readonly user: number;
  readonly firstName: number | 'same' | null;
  readonly email: number | 'same' | null;
  readonly employeeId: number | 'same' | null;
  readonly roles: readonly number[] | 'same' | null;
  readonly teams: readonly number[] | 'same' | null;
}

/** What a person does in a world; users, accounts and teams are picked by number, so that shorter sequences still mean something. */
export type PersonStep =
  | { readonly do: 'edit'; readonly user: number; readonly field: number; readonly value: number | null }
  | { readonly do: 'role'; readonly user: number; readonly role: number; readonly how: 'give' | 'take' | 'withdraw' }
  | { readonly do: 'team'; readonly user: number; readonly team: number; readonly how: 'give' | 'take' | 'withdraw' }
  | { readonly do: 'mainTeam'; readonly user: number; readonly team: number | null }
  | { readonly do: 'switch'; readonly user: number; readonly on: boolean; readonly source: number | null }
  | { readonly do: 'activate'; readonly user: number; readonly active: boolean }
  | { readonly do: 'unlink'; readonly user: number }
  /** `other` is merged into `user`; whose value counts where the first would lose its own (spec 18). */
  | { readonly do: 'merge'; readonly user: number; readonly other: number; readonly prefer: 'primary' | 'other' }
  /** A people.csv is imported, if it has no mistake (spec 17). */
  | { readonly do: 'import'; readonly rows: readonly PeopleRow[]; readonly rowsTogether: number }
  | { readonly do: 'refuse'; readonly account: number; readonly part: number }
  | { readonly do: 'ignore'; readonly account: number; readonly ignored: boolean }
  | { readonly do: 'local'; readonly name: number; readonly email: number; readonly employeeId: number };

/** What happens at a source, unseen until it is read. */
export type SourceStep =
  | {
      readonly do: 'put';
      readonly source: number;
      readonly id: number;
      readonly values: readonly (number | null)[];
      readonly team: number | null;
    }
  | {
      readonly do: 'set';
      readonly source: number;
      readonly id: number;
      readonly field: number;
      readonly value: number | null;
    }
  | {
      readonly do: 'swap';
      readonly source: number;
      readonly id: number;
      readonly other: number;
      readonly field: number;
    }
  | { readonly do: 'remove'; readonly source: number; readonly id: number }
  | { readonly do: 'empty'; readonly source: number }
  | { readonly do: 'disable'; readonly source: number; readonly id: number; readonly disabled: boolean }
  | {
      readonly do: 'join';
      readonly source: number;
      readonly id: number;
      readonly teams: readonly number[];
      readonly supervises: readonly number[];
    }
  | { readonly do: 'rename'; readonly source: number; readonly team: number; readonly name: number }
  /** So many more accounts, of which `field` is one value that all share. */
  | {
      readonly do: 'crowd';
      readonly source: number;
      readonly count: number;
      readonly field: number;
      readonly value: number;
    }
  /** A field of each account is that of the next one: a column that has slipped by a row. */
  | { readonly do: 'shift'; readonly source: number; readonly field: number }
  | { readonly do: 'facts'; readonly source: number; readonly id: number; readonly facts: number };

/** The sources that are read, in this order; `cut` is how many records of each arrive, all where it is null. */
export interface SyncStep {
  readonly do: 'sync';
  readonly sources: readonly {
    readonly source: number;
    readonly cut: number | null;
    readonly fault: 'none' | 'duplicate' | 'broken';
  }[];
  readonly rotate: number;
  /** Only what has changed is asked for, where a source can tell; kept examples from before say nothing of it. */
  readonly delta?: boolean;
  readonly pageSize: number;
  readonly batchSize: number;
  readonly crashAfter: number | null;
  /** What the guard holds is discarded and the discard taken back before it is approved (spec 13.2). */
  readonly discards?: boolean;
  /** What a person does while it runs, before the transaction of this number. */
  readonly during?: { readonly after: number; readonly step: PersonStep } | null;
}

/** Another configuration: `fieldRank` is a policy, `nameRule` a rule of correlation. */
export interface ConfigureStep {
  readonly do: 'configure';
  readonly change: Partial<Pick<WorldChoice, 'fieldRank' | 'nameRule'>>;
}

export type Step =
  PersonStep | SourceStep | SyncStep | ConfigureStep | { readonly do: 'restart'; readonly batchSize: number };

/** Everything of one random world: what failing ones are kept as. */
export interface Story {
  readonly choice: WorldChoice;
  readonly steps: readonly Step[];
}

/** How many different accounts, values, teams and names a world has: few, so that they collide. */
const variety = { ids: 7, values: 5, teams: 4, names: 5, facts: 6 } as const;

const source = fc.constantFrom(0, 1, 1, 2);
/** Seldom one of many more, so that most collide and some worlds are not small. */
const id = fc.oneof({ weight: 6, arbitrary: fc.nat(variety.ids - 1) }, { weight: 1, arbitrary: fc.nat(20) });
const value = fc.nat(variety.values - 1);
const maybe = fc.option(value, { freq: 6 });
const pick = fc.nat(30);
const how = fc.constantFrom('give' as const, 'take' as const, 'withdraw' as const);

function step<Do extends string, Shape extends object>(
  name: Do,
  shape: { [K in keyof Shape]: fc.Arbitrary<Shape[K]> },
): fc.Arbitrary<{ do: Do } & Shape> {
  return fc.record({ do: fc.constant(name), ...shape }) as unknown as fc.Arbitrary<{ do: Do } & Shape>;
}

const put = step('put', {
  source,
  id,
  values: fc.array(maybe, { minLength: 6, maxLength: 6 }),
  team: fc.option(fc.nat(variety.teams - 1)),
});
const sourceStep: fc.Arbitrary<SourceStep> = fc.oneof(
  { weight: 6, arbitrary: put },
  { weight: 6, arbitrary: step('set', { source, id, field: fc.nat(6), value: maybe }) },
  { weight: 2, arbitrary: step('swap', { source, id, other: id, field: fc.nat(6) }) },
  { weight: 2, arbitrary: step('remove', { source, id }) },
  { weight: 1, arbitrary: step('disable', { source, id, disabled: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: step('join', {
      source,
      id,
      teams: fc.uniqueArray(fc.nat(variety.teams - 1), { maxLength: 2 }),
      supervises: fc.uniqueArray(fc.nat(variety.teams - 1), { maxLength: 1 }),
    }),
  },
  {
    weight: 1,
    arbitrary: step('rename', { source, team: fc.nat(variety.teams - 1), name: fc.nat(variety.names - 1) }),
  },
  { weight: 1, arbitrary: step('facts', { source, id, facts: fc.nat(variety.facts - 1) }) },
);
const rareSourceStep: fc.Arbitrary<SourceStep> = fc.oneof(
  step('empty', { source }),
  step('crowd', { source, count: fc.integer({ min: 2, max: 20 }), field: fc.nat(6), value }),
  step('shift', { source, field: fc.nat(6) }),
);
const configureStep: fc.Arbitrary<ConfigureStep> = step('configure', {
  change: fc.oneof(fc.record({ fieldRank: fc.boolean() }), fc.record({ nameRule: fc.boolean() })),
});
/** What comes to the same whether it is said before, after or in the middle of a decision on another user. */
const personStepDuring: fc.Arbitrary<PersonStep> = fc.oneof(
  step('edit', { user: pick, field: fc.constantFrom(3, 4), value: maybe }),
  step('role', { user: pick, role: fc.nat(2), how }),
);

const cell = fc.oneof(fc.constant('same' as const), fc.constant('same' as const), maybe);
const list = (most: number): fc.Arbitrary<PeopleRow['roles']> =>
  fc.oneof(
    fc.constant('same' as const),
    fc.constant('same' as const),
    fc.constant(null),
    fc.uniqueArray(fc.nat(most), { minLength: 1, maxLength: 2 }),
  );
const peopleRow: fc.Arbitrary<PeopleRow> = fc.record({
  ...{ user: pick, firstName: cell, email: cell, employeeId: cell },
  ...{ roles: list(2), teams: list(variety.teams - 1) },
});

const personStep: fc.Arbitrary<PersonStep> = fc.oneof(
  step('edit', { user: pick, field: fc.nat(4), value: maybe }),
  step('role', { user: pick, role: fc.nat(2), how }),
  step('team', { user: pick, team: pick, how }),
  step('mainTeam', { user: pick, team: fc.option(pick) }),
  step('switch', { user: pick, on: fc.boolean(), source: fc.option(fc.nat(2), { freq: 1 }) }),
  step('switch', { user: pick, on: fc.boolean(), source: fc.constant(null) }),
  step('activate', { user: pick, active: fc.boolean() }),
  step('unlink', { user: pick }),
  step('merge', {
    user: pick,
    other: pick,
    prefer: fc.constantFrom('primary' as const, 'other' as const),
  }),
  step('import', {
    rows: fc.array(peopleRow, { minLength: 1, maxLength: 4 }),
    rowsTogether: fc.constantFrom(1, 2, 100),
  }),
  step('refuse', { account: pick, part: fc.nat(4) }),
  step('ignore', { account: pick, ignored: fc.boolean() }),
  step('local', { name: fc.nat(2), email: value, employeeId: value }),
);

const batchSize = fc.constantFrom(1000, 1, 2, 3);

function syncStep(crashes: boolean): fc.Arbitrary<SyncStep> {
  return step('sync', {
    sources: fc.uniqueArray(
      fc.record({
        source: fc.nat(2),
        cut: fc.option(fc.nat(4), { freq: 5 }),
        fault: fc.constantFrom(
          'none' as const,
          'none' as const,
          'none' as const,
          'none' as const,
          'none' as const,
          'none' as const,
          'duplicate' as const,
          'broken' as const,
        ),
      }),
      { minLength: 1, maxLength: 3, selector: (each) => each.source },
    ),
    rotate: fc.nat(4),
    delta: fc.boolean(),
    discards: fc.boolean(),
    pageSize: fc.constantFrom(1000, 1, 2),
    batchSize,
    crashAfter: crashes ? fc.option(fc.nat(12), { freq: 2 }) : fc.constant(null),
    during: crashes
      ? fc.constant(null)
      : fc.option(fc.record({ after: fc.nat(8), step: personStepDuring }), { freq: 1, nil: null }),
  });
}

/** A sync of every source, whole and in order. */
export const wholeSync: SyncStep = {
  do: 'sync',
  sources: [0, 1, 2].map((each) => ({ source: each, cut: null, fault: 'none' })),
  rotate: 0,
  pageSize: 1000,
  batchSize: 1000,
  crashAfter: null,
};

const choice: fc.Arbitrary<WorldChoice> = fc.record({
  acds: fc.constantFrom(1 as const, 2 as const),
  fromDisabled: fc.constantFrom('wait' as const, 'wait' as const, 'wait' as const, 'inactive' as const),
  blanks: fc.boolean(),
  addOnly: fc.boolean(),
  reassert: fc.boolean(),
  fieldRank: fc.boolean(),
  nameRule: fc.boolean(),
  counts: fc.boolean(),
  reusableIds: fc.boolean(),
  tight: fc.constantFrom(false, false, true),
});

/** Random worlds: some accounts, a first sync, then whatever happens. */
export function stories(options: { readonly crashes: boolean; readonly maxSteps: number }): fc.Arbitrary<Story> {
  const later = fc.oneof(
    { weight: 10, arbitrary: sourceStep },
    { weight: 2, arbitrary: rareSourceStep },
    { weight: 5, arbitrary: personStep },
    { weight: 7, arbitrary: syncStep(options.crashes) },
    { weight: 1, arbitrary: step('restart', { batchSize }) },
    { weight: 1, arbitrary: configureStep },
  );
  return fc
    .tuple(
      choice,
      fc.array(put, { minLength: 3, maxLength: 10 }),
      fc.array(later, { minLength: 4, maxLength: options.maxSteps }),
    )
    .map(([chosen, first, rest]) => ({ choice: chosen, steps: [...first, wholeSync, ...rest] as Step[] }));
}
