import { describe, expect, it } from 'vitest';
import type { Field } from '../../../src/domain/fields.ts';
import { withVoice, type Snapshot } from '../../../src/domain/user.ts';
import { billing, folded, sales, slot, type Known } from './builders.ts';

interface Row extends Known {
  readonly situation: string;
  readonly field: Field;
  readonly expected: string | undefined;
}

const fromAd = slot('ad', { values: { email: 'ad' } });
const fromLdap = slot('ldap', { values: { email: 'ldap' } });
const fromAcd = slot('acd', { values: { email: 'acd' } });
const fromAcd2 = slot('acd2', { values: { email: 'acd2' } });

const ranking: Row[] = [
  {
    situation: 'an override wins over every source',
    field: 'email',
    words: { overrides: { email: 'pinned' }, localValues: { email: 'local' } },
    snapshots: [fromAcd, fromAd],
    expected: 'pinned',
  },
  { situation: 'a directory wins over an ACD', field: 'email', snapshots: [fromAcd, fromAd], expected: 'ad' },
  {
    situation: 'of two directories the first in the configuration wins',
    field: 'email',
    snapshots: [fromLdap, fromAd],
    expected: 'ad',
  },
  {
    situation: 'of two ACDs the first in the configuration wins',
    field: 'email',
    snapshots: [fromAcd2, fromAcd],
    expected: 'acd',
  },
  {
    situation: 'a source without a value leaves it to the next in rank',
    field: 'email',
    snapshots: [slot('ad'), fromAcd],
    expected: 'acd',
  },
  {
    situation: 'a source wins over the local value',
    field: 'email',
    words: { localValues: { email: 'local' } },
    snapshots: [fromAcd2],
    expected: 'acd2',
  },
  {
    situation: 'the local value counts where no source has one',
    field: 'email',
    words: { localValues: { email: 'local' } },
    snapshots: [slot('ad')],
    expected: 'local',
  },
  {
    situation: 'the organisation’s default counts where nobody has a value',
    field: 'displayTimeZone',
    policy: { defaults: { displayTimeZone: 'Europe/Prague' } },
    snapshots: [slot('ad')],
    expected: 'Europe/Prague',
  },
  {
    situation: 'a local value wins over the organisation’s default',
    field: 'displayTimeZone',
    policy: { defaults: { displayTimeZone: 'Europe/Prague' } },
    words: { localValues: { displayTimeZone: 'Europe/Brno' } },
    expected: 'Europe/Brno',
  },
  { situation: 'nobody has a value', field: 'email', snapshots: [slot('ad')], expected: undefined },
  {
    situation: 'a field with a ranking of its own goes by that one',
    field: 'email',
    policy: { fieldRank: { email: ['acd2'] } },
    snapshots: [fromAd, fromAcd, fromAcd2],
    expected: 'acd2',
  },
  {
    situation: 'sources that a ranking does not name follow in the default order',
    field: 'email',
    policy: { fieldRank: { email: ['acd2'] } },
    snapshots: [fromAcd, fromLdap],
    expected: 'ldap',
  },
  {
    situation: 'a ranking of one field leaves the others alone',
    field: 'firstName',
    policy: { fieldRank: { email: ['acd'] } },
    snapshots: [slot('acd', { values: { firstName: 'acd' } }), slot('ad', { values: { firstName: 'ad' } })],
    expected: 'ad',
  },
  {
    situation: 'an attribute is ranked like a field',
    field: 'attribute.deviceId',
    words: { localValues: { 'attribute.deviceId': 'local' } },
    snapshots: [slot('acd', { values: { 'attribute.deviceId': 'acd' } })],
    expected: 'acd',
  },
];

const username: Row[] = [
  {
    situation: 'is that of the source that created the user, although a directory ranks higher',
    field: 'username',
    origin: 'acd',
    snapshots: [slot('ad', { values: { username: 'ad' } }), slot('acd', { values: { username: 'acd' } })],
    expected: 'acd',
  },
  {
    situation: 'is nobody else’s when the creating source has none',
    field: 'username',
    origin: 'acd',
    snapshots: [slot('ad', { values: { username: 'ad' } }), slot('acd')],
    expected: undefined,
  },
  {
    situation: 'of a user made by hand is the local one, whoever links',
    field: 'username',
    origin: 'local',
    words: { localValues: { username: 'local' } },
    snapshots: [slot('ad', { values: { username: 'ad' } }), slot('acd', { values: { username: 'acd' } })],
    expected: 'local',
  },
];

const acdId: Row[] = [
  {
    situation: 'comes from an ACD, never from a directory',
    field: 'acdId',
    snapshots: [slot('ad', { values: { acdId: '1' } }), slot('acd2', { values: { acdId: '2' } })],
    expected: '2',
  },
  {
    situation: 'stays without a value where only a directory has one',
    field: 'acdId',
    snapshots: [slot('ad', { values: { acdId: '1' } })],
    expected: undefined,
  },
];

describe('5.1 which source wins', () => {
  for (const row of ranking)
    it(`5.1 ${row.situation} → ${String(row.expected)}`, () => {
      expect(folded(row).fields[row.field]).toBe(row.expected);
    });

  for (const row of username)
    it(`5.1 the username ${row.situation} → ${String(row.expected)}`, () => {
      expect(folded(row).fields[row.field]).toBe(row.expected);
    });

  for (const row of acdId)
    it(`5.1 the ACD id ${row.situation} → ${String(row.expected)}`, () => {
      expect(folded(row).fields[row.field]).toBe(row.expected);
    });

  it('5.1 the order in which snapshots are given changes nothing', () => {
    const slots = [fromAd, fromLdap, fromAcd, fromAcd2];
    expect(folded({ snapshots: [...slots].reverse() })).toEqual(folded({ snapshots: slots }));
  });

  it('5.1 sources that the ranking does not know count last, by their names', () => {
    const unknown = ['zoo', 'hr'].map((id) => slot(id, { values: { email: id } }));
    expect(folded({ snapshots: unknown }).fields.email).toBe('hr');
    expect(folded({ snapshots: [...unknown, fromAcd2] }).fields.email).toBe('acd2');
  });

  it('5.1 fields come in one order, attributes after them, whoever has the values', () => {
    const values = { 'attribute.b': '1', email: 'x', 'attribute.a': '2', firstName: 'Jan' };
    const fields = ['firstName', 'email', 'attribute.a', 'attribute.b'];
    expect(Object.keys(folded({ snapshots: [slot('ad', { values })] }).fields)).toEqual(fields);
    expect(Object.keys(folded({ words: { localValues: values } }).fields)).toEqual(fields);
  });

  it('4.7 the ACD whose id is shown is named, because an ACD id is unique within its source', () => {
    const acd2 = slot('acd2', { values: { acdId: '42' } });
    expect(folded({ snapshots: [acd2] }).acdSource).toBe('acd2');
    expect(folded({ snapshots: [acd2, slot('acd', { values: { acdId: '7' } })] }).acdSource).toBe('acd');
    expect(folded({ snapshots: [slot('acd')] }).acdSource).toBeNull();
  });

  it('4.6 an ACD id is not stored as the employee id that it is shown as', () => {
    expect(folded({ snapshots: [slot('acd', { values: { acdId: '42' } })] }).fields).toEqual({ acdId: '42' });
  });
});

describe('5.4 overrides', () => {
  it('5.4 removing an override brings the source’s value back', () => {
    const snapshots = [fromAcd];
    expect(folded({ snapshots, words: { overrides: { email: 'pinned' } } }).fields.email).toBe('pinned');
    expect(folded({ snapshots }).fields.email).toBe('acd');
  });

  it('5.4 an override of one field leaves the others to their sources', () => {
    const snapshots = [slot('acd', { values: { email: 'acd', firstName: 'Jan' } })];
    expect(folded({ snapshots, words: { overrides: { email: 'pinned' } } }).fields).toEqual({
      email: 'pinned',
      firstName: 'Jan',
    });
  });
});

describe('5.8 among the ACDs of a user the living come first', () => {
  const left = slot('acd', {
    ...{ values: { acdId: '1', email: 'old@corp.test' }, roles: ['agent', 'supervisor'], teams: [sales] },
    supervises: [sales],
  });
  const joined = slot('acd2', { values: { acdId: '77', email: 'new@corp.test' }, roles: ['agent'], teams: [billing] });
  const of = (...snapshots: Snapshot[]) => {
    const { fields, acdSource, roles, teams, supervises } = folded({ snapshots });
    const { acdId, email } = fields;
    return { acdId, acdSource, email, roles: roles.map(({ role }) => role), teams, supervises };
  };
  const both = { roles: ['agent', 'supervisor'], supervises: [sales] };

  it('5.8 two living ones: by rank, and both are heard', () => {
    expect(of(left, joined)).toMatchObject({ ...both, acdId: '1', email: 'old@corp.test', teams: [sales, billing] });
  });

  it('5.8 one that is gone has no voice where the living one supplies the part, and keeps the others', () => {
    expect(of(withVoice(left, 'ended'), joined)).toEqual({
      ...{ acdId: '77', acdSource: 'acd2', email: 'new@corp.test', roles: ['agent'], teams: [billing] },
      supervises: [sales],
    });
    expect(of(withVoice(left, 'ended'), { ...joined, teams: [] })).toMatchObject({ acdId: '77', teams: [sales] });
  });

  it('5.8, 5.3 one that is gone keeps everything while no living one speaks', () => {
    expect(of(withVoice(left, 'ended'))).toMatchObject({ ...both, acdId: '1', teams: [sales] });
    expect(of(withVoice(left, 'ended'), withVoice(joined, 'disabled'))).toMatchObject({
      acdId: '1',
      teams: [sales, billing],
    });
  });

  it('5.8 one that is disabled comes after the living and is heard', () => {
    expect(of(withVoice(left, 'disabled'), joined)).toMatchObject({ ...both, acdId: '77', teams: [sales, billing] });
  });

  it('5.8, 14.1 one that is retired is as one that is gone', () => {
    const { fields, teams } = folded({ snapshots: [left, joined], policy: { retired: ['acd'] } });
    expect([fields.acdId, teams]).toEqual(['77', [billing]]);
  });
});
