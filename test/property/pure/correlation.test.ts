import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Field } from '../../../src/domain/fields.ts';
import {
  correlate,
  type CandidateUser,
  type Neighbourhood,
  type UnlinkedAccount,
  type Verdict,
} from '../../../src/reconcile/correlate.ts';
import { accountKeys, distinctRules, readKey, ruleName, userKeys } from '../../../src/reconcile/match-keys.ts';
import { budget, tell } from '../../support/world/budget.ts';
import { configOf, type WorldConfig } from '../../support/world/config.ts';
import { itemText, naiveCorrelation, type NaiveVerdict } from '../../support/world/naive-correlation.ts';
import {
  accountsOf,
  emptyNaiveValue,
  emptyState,
  holderOf,
  isOff,
  noNaiveWords,
  type NaiveAccount,
  type NaiveState,
  type NaiveUser,
} from '../../support/world/naive-state.ts';

const { pure, seed } = budget();
const runs = Math.ceil(pure / 4);

const text = fc.constantFrom('a', ' A', 'b', 'c', '');
const values = fc.record(
  { email: text, employeeId: text, firstName: text, lastName: text },
  { requiredKeys: [] },
) as fc.Arbitrary<Partial<Record<Field, string>>>;
const someone = fc.record({
  values,
  slot: values,
  active: fc.boolean(),
  off: fc.constantFrom<string[]>([], [], ['*'], ['acd1'], ['ad']),
  linked: fc.boolean(),
  linkedValues: values,
  takesNone: fc.constantFrom(false, false, false, true),
});
const account = fc.record({
  values,
  disabled: fc.constantFrom(false, false, true),
  absent: fc.constantFrom(false, false, false, true),
  ignored: fc.constantFrom(false, false, false, true),
  unlinked: fc.constantFrom(false, false, false, true),
});
const world = fc.record({
  source: fc.constantFrom('ad', 'acd1'),
  fromDisabled: fc.constantFrom('wait' as const, 'inactive' as const),
  users: fc.array(someone, { maxLength: 4 }),
  accounts: fc.array(account, { minLength: 1, maxLength: 5 }),
});
type World = typeof world extends fc.Arbitrary<infer T> ? T : never;

test('4.2 correlation is what comparing everything with everything gives', () => {
  fc.assert(
    fc.property(world, (some) => {
      const { config, state } = stateOf(some);
      const ids = idsOf(state, some.source);
      const verdicts = correlate(neighbourhood(config, state, some.source, ids));
      for (const [key, should] of naiveCorrelation(config, state, some.source)) {
        const verdict = verdicts.get(ids.account(key));
        // Absent and ignored accounts are kept away from correlation by who calls it.
        if (should.kind === 'rest' && (should.reason === 'gone' || should.standing === 'ignored'))
          expect(verdict).toBe(undefined);
        else expect(told(verdict, ids), key).toEqual(toldNaively(should));
      }
    }),
    { numRuns: runs, seed },
  );
  tell('correlations', runs, seed);
});

test('4.8 the order of accounts and users does not matter to correlation', () => {
  fc.assert(
    fc.property(world, (some) => {
      const { config, state } = stateOf(some);
      const near = neighbourhood(config, state, some.source, idsOf(state, some.source));
      const turned: Neighbourhood = {
        ...near,
        accounts: [...near.accounts].reverse(),
        users: new Map([...near.users].reverse()),
        usersByKey: new Map([...near.usersByKey].reverse().map(([key, users]) => [key, [...users].reverse()])),
      };
      const byAccount = ([a]: [number, Verdict], [b]: [number, Verdict]): number => a - b;
      expect([...correlate(turned)].sort(byAccount)).toEqual([...correlate(near)].sort(byAccount));
    }),
    { numRuns: Math.ceil(runs / 4), seed },
  );
});

function stateOf({ source, fromDisabled, users, accounts }: World): { config: WorldConfig; state: NaiveState } {
  const config = configOf({
    acds: 1,
    fromDisabled,
    blanks: false,
    addOnly: false,
    reassert: false,
    fieldRank: false,
    nameRule: true,
    counts: false,
  });
  const state = emptyState(config);
  for (const [index, each] of accounts.entries()) addAccount(state, source, `n${String(index)}`, each);
  for (const [index, each] of users.entries()) addUser(state, source, index, each);
  return { config, state };
}

function addAccount(state: NaiveState, source: string, externalId: string, some: World['accounts'][number]): void {
  const { values: said, disabled, ...rest } = some;
  const made: NaiveAccount = {
    source,
    externalId,
    content: { values: said, disabled },
    gone: false,
    refusals: {},
    standing: 'new',
    reason: null,
    seen: null,
    ...rest,
  };
  state.accounts[`${source}:${externalId}`] = made;
}

function addUser(state: NaiveState, source: string, index: number, some: World['users'][number]): void {
  const key = `local:u${String(index)}`;
  const made: NaiveUser = {
    key,
    origin: 'local',
    active: some.active,
    off: some.off,
    words: noNaiveWords(),
    slots: { [source]: { values: some.slot, silent: [], roles: [], teams: [], supervises: [], voice: 'living' } },
    links: some.linked ? { [source]: `${source}:linked${String(index)}` } : {},
    takesNoneOf: some.takesNone ? [source] : [],
    value: { ...emptyNaiveValue(), fields: some.values },
  };
  state.users[key] = made;
  if (some.linked)
    addAccount(state, source, `linked${String(index)}`, {
      values: some.linkedValues,
      disabled: false,
      absent: false,
      ignored: false,
      unlinked: false,
    });
}

interface Ids {
  readonly account: (key: string) => number;
  readonly user: (key: string) => number;
  readonly accountKey: (id: number) => string;
  readonly userKey: (id: number) => string;
}

function idsOf(state: NaiveState, source: string): Ids {
  const [accounts, users] = [accountsOf(state, source).map(([key]) => key), Object.keys(state.users)];
  return {
    account: (key) => accounts.indexOf(key) + 1,
    user: (key) => users.indexOf(key) + 1,
    accountKey: (id) => accounts[id - 1] ?? '?',
    userKey: (id) => users[id - 1] ?? '?',
  };
}

function neighbourhood(config: WorldConfig, state: NaiveState, source: string, ids: Ids): Neighbourhood {
  const rules = config.sources.find((each) => each.id === source);
  if (rules === undefined) throw new RangeError(source);
  const matching = { match: rules.match, placeholders: [] };
  const users = Object.values(state.users);
  const keyed = users.flatMap((user) => {
    const slots = Object.keys(user.links).flatMap((each) => user.slots[each] ?? []);
    return userKeys(
      user.value.fields,
      slots,
      distinctRules(config.sources.map(({ match }) => ({ match, placeholders: [] }))),
    ).map((key) => ({
      key,
      user: ids.user(user.key),
    }));
  });
  const unlinked = accountsOf(state, source).filter(
    ([key, each]) => holderOf(state, key) === undefined && !each.absent && !each.ignored,
  );
  return {
    accounts: unlinked.map(([key, each]): UnlinkedAccount => ({
      id: ids.account(key),
      externalId: each.externalId,
      keys: accountKeys(each.content.values, matching),
      names: namesOf(each.content.values),
      sameAs: [],
      ofItsOwn: false,
      disabled: each.content.disabled === true,
      barred: [],
      unlinkedByPerson: each.unlinked,
    })),
    users: new Map(
      users.map((user) => {
        const id = ids.user(user.key);
        const own = keyed.filter((each) => each.user === id).map(({ key }) => readKey(key).rule);
        const linked = user.links[source];
        const values = linked === undefined ? undefined : state.accounts[linked]?.content.values;
        const linkedKeys = values === undefined ? [] : accountKeys(values, matching);
        return [id, { ...candidate(user, source, ids), linkedKeys, foundBy: [...new Set(own)] }];
      }),
    ),
    usersByKey: new Map(
      [...Map.groupBy(keyed, (each) => each.key)].map(([key, group]) => [key, group.map((each) => each.user)]),
    ),
    ruleNames: rules.match.map(ruleName),
    trustedRules: [],
    createsUsers: rules.createsUsers,
    fromDisabled: config.fromDisabled,
  };
}

function namesOf({ firstName, lastName }: Partial<Record<Field, string | null>>): UnlinkedAccount['names'] {
  return { firstName: firstName ?? null, lastName: lastName ?? null };
}

function candidate(user: NaiveUser, source: string, ids: Ids): Omit<CandidateUser, 'linkedKeys' | 'foundBy'> {
  const linked = user.links[source];
  return {
    id: ids.user(user.key),
    active: user.active,
    syncOn: !isOff(user, source),
    names: namesOf(user.value.fields),
    linkedAccount: linked === undefined ? null : ids.account(linked),
    takesNone: user.takesNoneOf.includes(source),
    merged: false,
    inDoubt: [],
  };
}

function told(verdict: Verdict | undefined, ids: Ids): unknown {
  if (verdict?.kind === 'link') return { link: ids.userKey(verdict.userId) };
  if (verdict?.kind === 'wait') return { waits: verdict.reason };
  if (verdict?.kind === 'question')
    return { asks: itemText(verdict.item, verdict.accountIds.map(ids.accountKey), verdict.userIds.map(ids.userKey)) };
  return verdict?.kind;
}

function toldNaively(verdict: NaiveVerdict): unknown {
  if (verdict.kind === 'link') return { link: verdict.user };
  if (verdict.kind === 'create') return 'create';
  if (verdict.item !== null) return { asks: verdict.item };
  return verdict.standing === 'unmatched' ? 'unmatched' : { waits: verdict.reason };
}
