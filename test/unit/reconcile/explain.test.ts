import { describe, expect, it } from 'vitest';
import { account, accountOf, explained, fieldOf, slot, snapshots, type Given } from './explained.ts';

const pending = [
  { field: 'firstName', before: 'Jan', after: 'Johann' },
  { field: 'jobTitle', before: null, after: 'Lead' },
];

describe('5.7 explain: whose value it is', () => {
  it('names winner, rule, since when, and the losers', () => {
    expect(fieldOf(explained(), 'firstName')).toMatchObject({
      value: 'Jan',
      winner: {
        source: 'ad',
        rule: 'ranks first by default: directories, then ACDs',
        since: '2026-02-02',
        linked: true,
      },
      losers: [{ source: 'acd', value: 'Honza', rule: 'ranks below ad', since: '2026-01-03' }],
    });
  });

  it('tells whose link has ended, also while another source is linked', () => {
    const ended = explained({ account: { link: { ...account.link, until: '2026-02-10', endReason: 'unlinked' } } });
    expect(fieldOf(ended, 'firstName')?.winner).toMatchObject({ source: 'ad', linked: false });
    expect(fieldOf(explained(), 'firstName')?.losers).toMatchObject([{ source: 'acd', linked: false }]);
  });

  it('follows a ranking of the field', () => {
    expect(fieldOf(explained(), 'email')).toMatchObject({
      value: 'acd@x.test',
      winner: { source: 'acd', rule: 'ranks first for email' },
      losers: [{ source: 'ad', rule: 'ranks below acd' }],
    });
  });

  it('gives nobody a voice in the username but the source that created the user', () => {
    expect(fieldOf(explained(), 'username')).toMatchObject({
      winner: { source: 'acd' },
      losers: [{ source: 'ad', rule: 'has no voice in this field' }],
    });
  });

  it('marks the copy of the ACD id as derived', () => {
    expect(fieldOf(explained(), 'employeeId')).toMatchObject({ value: '42', derived: true, winner: { source: 'acd' } });
    const own = [...snapshots, slot('hr', { employeeId: 'E1' })];
    expect(fieldOf(explained({ snapshots: own }), 'employeeId')).toMatchObject({ value: 'E1', derived: false });
  });

  it('puts an override over everything, with who, when and why', () => {
    const word = {
      kind: 'override',
      ref: 'firstName',
      value: 'Johnny',
      by: 'anna',
      at: '2026-02-03',
      reason: 'asked',
    } as const;
    const explanation = explained({ words: { overrides: { firstName: 'Johnny' } }, input: { words: [word] } });
    expect(fieldOf(explanation, 'firstName')).toMatchObject({
      value: 'Johnny',
      winner: { kind: 'override', by: 'anna', since: '2026-02-03', reason: 'asked' },
      losers: [
        { source: 'ad', rule: 'overridden by a person' },
        { source: 'acd', rule: 'ranks below ad' },
      ],
    });
  });

  it('shows a local value under a source, and alone', () => {
    const explanation = explained({ words: { localValues: { firstName: 'J', rank: '3' } } });
    expect(fieldOf(explanation, 'rank')).toMatchObject({ winner: { kind: 'local', rule: 'no source supplies it' } });
    expect(fieldOf(explanation, 'firstName')?.losers.at(-1)).toMatchObject({ kind: 'local', value: 'J' });
  });

  it('tells roles and teams with who gave and who took them', () => {
    const taken = {
      kind: 'role-taken',
      ref: 'agent',
      value: null,
      by: 'anna',
      at: '2026-02-03',
      reason: null,
    } as const;
    const explanation = explained({ words: { rolesTaken: ['agent'] }, input: { words: [taken] } });
    expect(explanation.roles).toEqual([
      { role: 'agent', held: false, givenBy: ['acd'], takenBy: 'anna', since: '2026-02-03' },
    ]);
    expect(explanation.teams).toMatchObject([{ team: 'Sales', held: true, main: true, givenBy: ['acd'] }]);
  });
});

describe('5.7 explain: what holds a change back, and what would change without it', () => {
  it('says nothing where everything is applied', () => {
    const applied = { ...account.account, content: { values: { firstName: 'Jan' } } };
    expect(accountOf(explained({ account: { account: applied } }))).toMatchObject({
      state: 'present',
      pending: [],
      holds: [],
    });
  });

  const off = { source: null, by: 'anna', at: '2026-02-01', reason: 'leave', until: '2026-04-01' };
  const gone = { ...account.account, absent: true };
  it.each<[string, Given]>([
    ['sync-off', { user: { syncEnabled: false }, input: { switchedOff: [off] } }],
    ['inactive', { user: { active: false }, input: { deactivatedAt: '2026-02-01' } }],
    ['gone', { account: { account: gone, goneSince: '2026-02-01' } }],
    ['disabled', { account: { account: { ...account.account, disabled: true }, disabledSince: '2026-02-01' } }],
    ['unlinked', { account: { link: { ...account.link, until: '2026-02-01', endReason: 'unlinked' } } }],
  ])('%s', (code, given) => {
    expect(accountOf(explained(given))).toMatchObject({
      pending,
      holds: [{ code, since: '2026-02-01', changes: pending }],
    });
  });

  it('shows no effect of one of two holds, and the effect of both', () => {
    const both = explained({
      user: { active: false, syncEnabled: false },
      input: { switchedOff: [off], deactivatedAt: '2026-02-02' },
    });
    expect(accountOf(both)?.holds.map(({ code, changes }) => [code, changes])).toEqual([
      ['inactive', []],
      ['sync-off', []],
    ]);
    expect(accountOf(both)?.pending).toEqual(pending);
  });

  it('a switch for another source holds nothing', () => {
    expect(accountOf(explained({ input: { switchedOff: [{ ...off, source: 'acd' }] } }))?.holds).toEqual([]);
  });

  it('a refusal holds its part alone', () => {
    const refusals = [{ part: 'firstName', cause: 'undo', by: 'anna', at: '2026-02-01', reason: null }];
    const refused = { ...account.account, refusals: new Map([['firstName', 'Johann']]) };
    expect(accountOf(explained({ account: { account: refused, refusals } }))).toMatchObject({
      pending,
      holds: [{ code: 'refusal', part: 'firstName', by: 'anna', changes: pending }],
    });
  });

  it('a question about a unique name holds that name; a possible duplicate holds nothing', () => {
    const content = { values: { windowsLogin: 'CORP\\jn' } };
    const questions = [
      { id: 5, kind: 'unique-taken', part: 'windowsLogin', openedAt: '2026-02-01', about: null },
      { id: 6, kind: 'possible-duplicate', part: null, openedAt: '2026-02-01', about: null },
    ];
    const change = [{ field: 'windowsLogin', before: null, after: 'CORP\\jn' }];
    expect(accountOf(explained({ account: { account: { ...account.account, content }, questions } }))).toMatchObject({
      holds: [{ code: 'review-item', itemId: 5, part: 'windowsLogin', changes: change }],
    });
  });

  it('a paused source and a coming reconcile are said, and hold nothing that could be lifted', () => {
    const pause = { at: '2026-02-01', by: 'anna', reason: null };
    expect(accountOf(explained({ account: { due: true, pause } }))).toMatchObject({
      pending,
      holds: [
        { code: 'waiting', changes: pending },
        { code: 'source-paused', changes: pending },
      ],
    });
  });

  it('says since when a source is silent, and what its value covers', () => {
    const silent = [
      snapshots[0] ?? slot('acd', {}),
      slot('ad', { firstName: 'Jan' }, { silentSince: { firstName: '2026-02-01' } }),
    ];
    const nothing = { ...account.account, content: { values: { firstName: null } } };
    expect(accountOf(explained({ snapshots: silent, account: { account: nothing } }))?.holds).toMatchObject([
      {
        code: 'silent',
        part: 'firstName',
        since: '2026-02-01',
        changes: [{ field: 'firstName', before: 'Jan', after: 'Honza' }],
      },
    ]);
  });

  it('of a source that is configured no longer it shows the link only', () => {
    expect(accountOf(explained({ account: { rules: null } }))).toMatchObject({
      pending: [],
      linkedSince: '2026-01-01',
    });
  });
});

describe('5.7 explain: a run that is held', () => {
  const heldRun = { id: 17, at: '2026-02-20' };

  it('5.7 names the run, and what approving it would change', () => {
    expect(accountOf(explained({ account: { heldRun, due: true } }))).toMatchObject({
      pending,
      holds: [{ code: 'run-held', runId: 17, since: '2026-02-20', changes: pending }],
    });
  });

  it('5.7 does not hold up what a person does: switching on would change all the same', () => {
    const off = { source: null, by: 'anna', at: '2026-02-01', reason: 'leave', until: null };
    const explanation = explained({ account: { heldRun }, input: { switchedOff: [off, { ...off, source: 'ad' }] } });
    expect(accountOf(explanation)?.holds.map(({ code, changes }) => [code, changes])).toEqual([
      ['sync-off', pending],
      ['sync-off', pending],
      ['run-held', []],
    ]);
  });
});
