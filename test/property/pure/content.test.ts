import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AccountContent, AccountRecord } from '../../../src/domain/account.ts';
import type { Field } from '../../../src/domain/fields.ts';
import { contentHash, merge, validateRecord } from '../../../src/import/content.ts';
import { budget, tell } from '../../support/world/budget.ts';
import { emptyState, must } from '../../support/world/naive-state.ts';
import { configOf } from '../../support/world/config.ts';
import { naiveImport } from '../../support/world/naive-import.ts';

const { pure, seed } = budget();
const runs = Math.ceil(pure / 4);

const text = fc.constantFrom('Zo\u00eb', 'Zoe\u0308', ' Zo\u00eb ', 'zo\u00eb', '', '  ', 'x');
const values = fc.dictionary(fc.constantFrom<Field>('email', 'firstName', 'department'), fc.option(text), {
  noNullPrototype: true,
});
const list = fc.uniqueArray(fc.constantFrom('a', ' a', 'b', 'c'), { maxLength: 3 });
const teams = fc.array(fc.record({ id: fc.constantFrom('1', '2 ', '2'), name: fc.constantFrom('Sales', 'Support') }), {
  maxLength: 3,
});
const record = fc.record(
  {
    externalId: fc.constant('n1'),
    values,
    disabled: fc.boolean(),
    roleFacts: fc.record({ supervisor: fc.boolean(), groups: list, profiles: list, roles: list }, { requiredKeys: [] }),
    teams,
    supervises: teams,
  },
  { requiredKeys: ['externalId', 'values'] },
) as fc.Arbitrary<AccountRecord>;

function valid(said: AccountRecord): AccountContent {
  const result = validateRecord(said);
  if (!('content' in result)) throw new Error(result.reason);
  return result.content;
}

/** What the naive model knows of the account after these reads, in a form that does not depend on order. */
function naively(...reads: readonly AccountRecord[]): unknown {
  const config = configOf({
    acds: 1,
    fromDisabled: 'wait',
    blanks: false,
    addOnly: false,
    reassert: false,
    fieldRank: false,
    nameRule: false,
    counts: false,
  });
  const state = emptyState(config);
  for (const said of reads) naiveImport(state, 'acd1', { records: [said], complete: true });
  const { content } = must(state.accounts['acd1:n1']);
  const ids = (part: 'teams' | 'supervises'): unknown => content[part]?.map((team) => team.id).sort() ?? 'not read';
  return {
    values: Object.fromEntries(Object.entries(content.values).sort()),
    disabled: content.disabled ?? false,
    facts: Object.fromEntries(Object.entries(content.roleFacts ?? {}).sort()),
    teams: ids('teams'),
    supervises: ids('supervises'),
  };
}

test('2.4 two records have one hash exactly when they say the same', () => {
  fc.assert(
    fc.property(record, record, (a, b) => {
      const same = JSON.stringify(naively(a)) === JSON.stringify(naively(b));
      fc.pre(hasFacts(a) === hasFacts(b));
      expect(contentHash(valid(a)) === contentHash(valid(b))).toBe(same);
    }),
    { numRuns: runs, seed },
  );
  tell('contents', runs, seed);
});

test('2.3 what was not read is kept, and saying it again changes nothing', () => {
  fc.assert(
    fc.property(record, record, (first, second) => {
      const merged = merge(valid(first), valid(second));
      fc.pre(hasFacts(first) || hasFacts(second));
      const said: AccountRecord = { externalId: 'n1', ...merged };
      expect(naively(said)).toEqual(naively(first, second));
      expect(contentHash(merge(merged, valid(second)))).toBe(contentHash(merged));
    }),
    { numRuns: Math.ceil(runs / 2), seed },
  );
});

/** Facts of which none was read are the same as none to the rules, but not to a hash. */
function hasFacts({ roleFacts }: AccountRecord): boolean {
  return roleFacts !== undefined && Object.keys(roleFacts).length > 0;
}
