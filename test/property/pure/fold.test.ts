import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Field } from '../../../src/domain/fields.ts';
import { fold, type FoldInput } from '../../../src/domain/fold.ts';
import { emptyValue, noWords, type Snapshot } from '../../../src/domain/user.ts';
import { budget, tell } from '../../support/world/budget.ts';
import { configOf, type WorldConfig } from '../../support/world/config.ts';
import { naiveFold } from '../../support/world/naive-fold.ts';
import {
  emptyNaiveValue,
  emptyState,
  noNaiveWords,
  type NaiveState,
  type NaiveUser,
} from '../../support/world/naive-state.ts';

const { pure, seed } = budget();
const runs = Math.ceil(pure / 4);

const fields: readonly Field[] = ['username', 'email', 'employeeId', 'acdId', 'locale', 'attribute.agentId'];
const values = fc.dictionary(fc.constantFrom(...fields), fc.constantFrom('a', 'b', 'c'), {
  maxKeys: 4,
  noNullPrototype: true,
}) as fc.Arbitrary<Partial<Record<Field, string>>>;
const teams = fc.uniqueArray(fc.integer({ min: 1, max: 4 }), { maxLength: 3 }).map((ids) => ids.sort((a, b) => a - b));
const roles = fc.uniqueArray(fc.constantFrom('agent', 'supervisor', 'trainer'), { maxLength: 2 });
const voice = fc.constantFrom('living' as const, 'living' as const, 'disabled' as const, 'ended' as const);
const slot = fc.record({ values, silent: fc.constant<Field[]>([]), roles, teams, supervises: teams, voice });
/** Given and taken are disjoint. */
function word<T>(items: readonly T[]): fc.Arbitrary<{ given: T[]; taken: T[] }> {
  const one = fc.constantFrom('given', 'taken', 'none', 'none');
  return fc.tuple(...items.map(() => one)).map((said) => ({
    given: items.filter((_, index) => said[index] === 'given'),
    taken: items.filter((_, index) => said[index] === 'taken'),
  }));
}
const anybody = fc.record({
  fieldRank: fc.boolean(),
  reassert: fc.boolean(),
  origin: fc.constantFrom('acd1', 'acd2', 'local'),
  slots: fc.dictionary(fc.constantFrom('ad', 'acd1', 'acd2'), slot, { noNullPrototype: true }),
  overrides: values,
  localValues: values,
  roleWords: word(['agent', 'supervisor']),
  teamWords: word([1, 2, 3]),
  mainTeam: fc.option(fc.integer({ min: 1, max: 4 })),
  presentTeams: teams,
  present: fc.option(fc.nat(2)),
});
type Anybody = typeof anybody extends fc.Arbitrary<infer T> ? T : never;

/** The alphabet and the numbers of teams disagree. */
const teamNames: NaiveState['teams'] = { 0: 'Everybody', 1: 'Zulu', 2: 'alpha', 3: 'Mike', 4: 'Bravo' };

test('20.1 a user is what the rules make of words, slots and policy', () => {
  fc.assert(
    fc.property(anybody, (some) => {
      const config = configOf({
        acds: 2,
        fromDisabled: 'wait',
        blanks: false,
        addOnly: false,
        nameRule: false,
        counts: false,
        ...some,
      });
      const state = { ...emptyState(config), teams: teamNames };
      const value = fold(inputOf(config, some));
      const should = naiveFold(config, state, naiveUserOf(some));
      expect(value.fields).toEqual(should.fields);
      expect(value.acdSource).toEqual(should.acdSource);
      expect(Object.fromEntries(value.roles.map((held) => [held.role, held.givenBy]))).toEqual(should.roles);
      expect([value.teams, value.mainTeam, value.supervises]).toEqual([
        should.teams,
        should.mainTeam,
        should.supervises,
      ]);
    }),
    { numRuns: runs, seed },
  );
  tell('folds', runs, seed);
});

test('20.6 the order in which slots and words are listed does not matter', () => {
  fc.assert(
    fc.property(anybody, (some) => {
      const input = inputOf(
        configOf({
          acds: 2,
          fromDisabled: 'wait',
          blanks: false,
          addOnly: false,
          nameRule: false,
          counts: false,
          ...some,
        }),
        some,
      );
      const { words } = input;
      const turned = {
        ...input,
        snapshots: [...input.snapshots].reverse(),
        words: { ...words, rolesGiven: [...words.rolesGiven].reverse(), teamsGiven: [...words.teamsGiven].reverse() },
      };
      expect(fold(turned)).toEqual(fold(input));
    }),
    { numRuns: Math.ceil(runs / 4), seed },
  );
});

function inputOf(config: WorldConfig, some: Anybody): FoldInput {
  return {
    origin: some.origin,
    words: {
      ...noWords,
      overrides: some.overrides,
      localValues: some.localValues,
      rolesGiven: some.roleWords.given,
      rolesTaken: some.roleWords.taken,
      teamsGiven: some.teamWords.given,
      teamsTaken: some.teamWords.taken,
      mainTeam: some.mainTeam,
    },
    snapshots: Object.entries(some.slots).map(([source, each]): Snapshot => ({ source, ...each, silentSince: {} })),
    policy: {
      rank: config.sources.map(({ id, as }) => ({ id, as })),
      fieldRank: config.fieldRank,
      defaultTeam: 0,
      defaults: config.defaults,
      reassertAgentRole: config.reassertAgentRole,
    },
    teamNames: new Map(Object.entries(teamNames).map(([id, name]) => [Number(id), name])),
    present: { ...emptyValue, ...presentOf(some) },
  };
}

/** A main team is one of the teams. */
function presentOf({ presentTeams, present }: Anybody): { teams: number[]; mainTeam: number | null } {
  return { teams: presentTeams, mainTeam: present === null ? null : (presentTeams[present] ?? null) };
}

function naiveUserOf(some: Anybody): NaiveUser {
  return {
    key: 'user',
    origin: some.origin,
    active: true,
    off: [],
    words: {
      ...noNaiveWords(),
      overrides: some.overrides,
      localValues: some.localValues,
      rolesGiven: some.roleWords.given,
      rolesTaken: some.roleWords.taken,
      teamsGiven: some.teamWords.given,
      teamsTaken: some.teamWords.taken,
      mainTeam: some.mainTeam,
    },
    slots: some.slots,
    links: {},
    takesNoneOf: [],
    value: { ...emptyNaiveValue(), ...presentOf(some) },
  };
}
