import { describe, expect, it } from 'vitest';
import type { AccountContent, AccountRecord } from '../../../src/domain/account.ts';
import { contentHash, merge, validateRecord } from '../../../src/import/content.ts';

function cleaned(record: Partial<AccountRecord>): AccountContent {
  const result = validateRecord({ externalId: 'a', values: {}, ...record });
  if ('reason' in result) throw new Error(`rejected: ${result.reason}`);
  return result.content;
}

describe('2.2 a record is validated at the edge', () => {
  for (const row of [
    { situation: 'no external id', record: { externalId: '' }, reason: /no external id/ },
    { situation: 'an external id of spaces', record: { externalId: ' \t' }, reason: /no external id/ },
    {
      situation: 'an external id too long for an index',
      record: { externalId: '漢'.repeat(201) },
      reason: /600 bytes/,
    },
    { situation: 'an external id with a control character', record: { externalId: 'a\u0000' }, reason: /control/ },
  ] satisfies { situation: string; record: Partial<AccountRecord>; reason: RegExp }[])
    it(`2.2 ${row.situation} → rejected, with the reason`, () => {
      const result = validateRecord({ values: {}, ...row.record });
      expect(result).toEqual({ reason: expect.stringMatching(row.reason) as string });
    });

  for (const row of [
    { situation: 'a value with a control character', record: { values: { email: 'a\u0007@x' } }, reason: /control/ },
    {
      situation: 'a team name with a control character',
      record: { teams: [{ id: 't', name: 'a\u001f' }] },
      reason: /control/,
    },
    {
      situation: 'a group with a control character',
      record: { roleFacts: { groups: ['a\u007f'] } },
      reason: /control/,
    },
    { situation: 'half of a surrogate pair', record: { values: { email: 'a\ud800' } }, reason: /Unicode|control/ },
    { situation: 'a huge value', record: { values: { email: 'x'.repeat(4097) } }, reason: /longer than 4096/ },
    {
      situation: 'a value too long for an index',
      record: { values: { email: '漢'.repeat(201) } },
      reason: /600 bytes/,
    },
    {
      situation: 'one that is too long when it is folded',
      record: { values: { email: '\ufdfa'.repeat(19) } },
      reason: /600 bytes/,
    },
    {
      situation: 'one that is too long before it is folded',
      record: { values: { email: `a${'\u00ad'.repeat(400)}b` } },
      reason: /600 bytes/,
    },
    {
      situation: 'a role too long for an index',
      record: { roleFacts: { roles: ['漢'.repeat(201)] } },
      reason: /600 bytes/,
    },
    { situation: 'a huge role', record: { roleFacts: { roles: ['x'.repeat(4097)] } }, reason: /longer than 4096/ },
  ] satisfies { situation: string; record: Partial<AccountRecord>; reason: RegExp }[])
    it(`2.2 ${row.situation} → not read, with the reason; the rest of the record counts`, () => {
      const values = { firstName: 'Jan', ...('values' in row.record ? row.record.values : {}) };
      const result = validateRecord({ externalId: 'a', ...row.record, values });
      expect(result).toMatchObject({
        externalId: 'a',
        content: { values: { firstName: 'Jan' } },
        unread: [expect.stringMatching(row.reason) as string],
      });
      expect(JSON.stringify('content' in result ? result.content : null)).not.toMatch(/email|teams|groups|"roles"/);
    });

  for (const row of [
    { situation: 'a long but possible value', values: { department: 'x'.repeat(4096) } },
    { situation: 'a name that an index just holds', values: { email: '漢'.repeat(200), lastName: 'x'.repeat(600) } },
    { situation: 'an address over several lines', values: { department: 'Sales\r\nPrague' } },
    { situation: 'letters beyond the first plane', values: { firstName: '𝒥an 😀' } },
  ])
    it(`2.2 ${row.situation} → used as it is`, () => {
      expect(cleaned({ values: row.values }).values).toEqual(row.values);
    });

  it('2.2 a rejected text is not repeated in its reason', () => {
    expect(JSON.stringify(validateRecord({ externalId: 'a', values: { email: 'secret\u0000' } }))).not.toContain(
      'secret',
    );
  });

  for (const row of [
    { login: 'CORP\\jnovak', usable: true },
    { login: 'jnovak', usable: false },
    { login: 'jnovak@corp.test', usable: false },
    { login: 'CORP\\', usable: false },
    { login: '\\jnovak', usable: false },
    { login: 'CORP\\sub\\jnovak', usable: false },
    { login: 'CORP/jnovak', usable: false },
  ])
    it(`5.5 the Windows login ${row.login} → ${row.usable ? 'used' : 'not read'}`, () => {
      const { windowsLogin } = cleaned({ values: { windowsLogin: row.login } }).values;
      expect(windowsLogin).toBe(row.usable ? row.login : undefined);
    });
});

describe('2.4 what counts as unchanged', () => {
  const base: Partial<AccountRecord> = {
    values: { email: 'müller@x', firstName: 'Jan' },
    roleFacts: { groups: ['A', 'B'] },
    teams: [
      { id: 't1', name: 'One' },
      { id: 't2', name: 'Two' },
    ],
  };
  for (const row of [
    {
      situation: 'spaces around a value',
      record: { ...base, values: { email: ' müller@x ', firstName: 'Jan' } },
      same: true,
    },
    {
      situation: 'a decomposed accent',
      record: { ...base, values: { email: 'mu\u0308ller@x', firstName: 'Jan' } },
      same: true,
    },
    {
      situation: 'another order of fields',
      record: { ...base, values: { firstName: 'Jan', email: 'müller@x' } },
      same: true,
    },
    { situation: 'another order of groups', record: { ...base, roleFacts: { groups: ['B', 'A'] } }, same: true },
    { situation: 'a group named twice', record: { ...base, roleFacts: { groups: ['A', 'B', 'A'] } }, same: true },
    { situation: 'another order of teams', record: { ...base, teams: [...(base.teams ?? [])].reverse() }, same: true },
    {
      situation: 'another name of a team (11.1: a rename follows by id)',
      record: {
        ...base,
        teams: [
          { id: 't1', name: 'Uno' },
          { id: 't2', name: 'Two' },
        ],
      },
      same: true,
    },
    { situation: 'not disabled, said and unsaid', record: { ...base, disabled: false }, same: true },
    { situation: 'another case', record: { ...base, values: { email: 'Müller@x', firstName: 'Jan' } }, same: false },
    { situation: 'disabled', record: { ...base, disabled: true }, same: false },
    { situation: 'a group fewer', record: { ...base, roleFacts: { groups: ['A'] } }, same: false },
    { situation: 'a team fewer', record: { ...base, teams: [{ id: 't1', name: 'One' }] }, same: false },
    {
      situation: 'another team',
      record: {
        ...base,
        teams: [
          { id: 't1', name: 'One' },
          { id: 't3', name: 'Two' },
        ],
      },
      same: false,
    },
    { situation: 'an empty value', record: { ...base, values: { email: null, firstName: 'Jan' } }, same: false },
    { situation: 'supervision', record: { ...base, supervises: [{ id: 't1', name: 'One' }] }, same: false },
  ] satisfies { situation: string; record: Partial<AccountRecord>; same: boolean }[])
    it(`2.4 ${row.situation} → ${row.same ? 'unchanged' : 'changed'}`, () => {
      expect(contentHash(cleaned(row.record)) === contentHash(cleaned(base))).toBe(row.same);
    });
});

describe('2.3 a value, empty, or not read', () => {
  const known = cleaned({
    values: { email: 'a@x', firstName: 'Jan' },
    disabled: true,
    roleFacts: { supervisor: true, groups: ['A'] },
    teams: [{ id: 't1', name: 'One' }],
    supervises: [{ id: 't1', name: 'One' }],
  });
  for (const row of [
    { situation: 'what a record does not include is kept', said: {}, becomes: known },
    {
      situation: 'a value replaces',
      said: { values: { email: 'b@x' } },
      becomes: { ...known, values: { email: 'b@x', firstName: 'Jan' } },
    },
    {
      situation: 'an empty value is empty, and is not the same as not read',
      said: { values: { email: null } },
      becomes: { ...known, values: { email: null, firstName: 'Jan' } },
    },
    {
      situation: 'an empty text is empty',
      said: { values: { email: '  ' } },
      becomes: { ...known, values: { email: null, firstName: 'Jan' } },
    },
    {
      situation: 'of what roles come from, each part is kept by itself',
      said: { roleFacts: { groups: ['B'] } },
      becomes: { ...known, roleFacts: { supervisor: true, groups: ['B'] } },
    },
    { situation: 'no team is a list without teams', said: { teams: [] }, becomes: { ...known, teams: [] } },
    {
      situation: 'no longer disabled is said, not guessed',
      said: { disabled: false },
      becomes: { ...known, disabled: false },
    },
  ] satisfies { situation: string; said: Partial<AccountRecord>; becomes: AccountContent }[])
    it(`2.3 ${row.situation}`, () => {
      expect(merge(known, cleaned(row.said))).toEqual(row.becomes);
    });
});
