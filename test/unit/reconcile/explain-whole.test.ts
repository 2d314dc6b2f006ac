import { describe, expect, it } from 'vitest';
import { account, accountOf, explained, fieldOf, slot, snapshots, valueOf, type Given } from './explained.ts';

const nobody = { by: null, reason: null, since: null, silentSince: null };

describe('5.7 explain: all voices of a field, each with all that is known of it', () => {
  const override = {
    ...({ kind: 'override', ref: 'firstName', value: 'Johnny' } as const),
    ...{ by: 'anna', at: '2026-02-03', reason: 'asked' },
  };
  const local = { ...override, kind: 'local-value' as const, value: 'J', by: 'ota', at: '2026-02-04', reason: null };

  it('5.7 an override, two sources and a local value', () => {
    const words = { overrides: { firstName: 'Johnny' }, localValues: { firstName: 'J' } };
    expect(fieldOf(explained({ words, input: { words: [local, override] } }), 'firstName')).toEqual({
      field: 'firstName',
      value: 'Johnny',
      derived: false,
      winner: {
        ...{ kind: 'override', source: null, value: 'Johnny', rule: 'an override wins over every source' },
        ...{ by: 'anna', reason: 'asked', since: '2026-02-03', silentSince: null, linked: null },
      },
      losers: [
        {
          ...{ kind: 'source', source: 'ad', value: 'Jan', rule: 'overridden by a person' },
          ...{ by: null, reason: null, since: '2026-01-01', silentSince: null, linked: true },
        },
        {
          ...{ kind: 'source', source: 'acd', value: 'Honza', rule: 'ranks below ad' },
          ...{ by: null, reason: null, since: '2026-01-03', silentSince: null, linked: false },
        },
        {
          ...{ kind: 'local', source: null, value: 'J' },
          rule: 'a local value counts only where nobody else supplies one',
          ...{ by: 'ota', reason: null, since: '2026-02-04', silentSince: null, linked: null },
        },
      ],
    });
  });

  it('5.7 a local value alone, of which nobody knows any more who said it', () => {
    expect(fieldOf(explained({ words: { localValues: { rank: '3' } } }), 'rank')).toEqual({
      ...{ field: 'rank', value: '3', derived: false, losers: [] },
      winner: { ...nobody, kind: 'local', source: null, value: '3', rule: 'no source supplies it', linked: null },
    });
  });

  it('5.7 a local value under an override counts no more than under a source', () => {
    const words = { overrides: { rank: '4' }, localValues: { rank: '3' } };
    expect(fieldOf(explained({ words }), 'rank')?.losers).toMatchObject([
      { kind: 'local', rule: 'a local value counts only where nobody else supplies one' },
    ]);
  });

  it('5.7 the default of the organisation', () => {
    const given: Given = { defaults: { locale: 'cs-CZ' } };
    expect(fieldOf(explained(given), 'locale')).toEqual({
      ...{ field: 'locale', value: 'cs-CZ', derived: false, losers: [] },
      winner: {
        ...{ ...nobody, kind: 'default', source: null, value: 'cs-CZ', linked: null },
        rule: "the organisation's default, where nobody else supplies a value",
      },
    });
  });

  it('5.7 the source that created the user, for the username', () => {
    expect(fieldOf(explained(), 'username')).toEqual({
      ...{ field: 'username', value: 'jn', derived: false },
      winner: {
        ...{ ...nobody, kind: 'source', source: 'acd', value: 'jn', since: '2026-01-03', linked: false },
        rule: 'the username follows the source that created the user',
      },
      losers: [
        {
          ...{ ...nobody, kind: 'source', source: 'ad', value: 'corp-jn', since: '2026-01-01', linked: true },
          rule: 'has no voice in this field',
        },
      ],
    });
  });

  it('5.7 the copy of the ACD id stands once, with whose id it is', () => {
    expect(explained().fields.filter(({ field }) => field === 'employeeId')).toEqual([
      {
        ...{ field: 'employeeId', value: '42', derived: true, losers: [] },
        winner: {
          ...{ ...nobody, kind: 'source', source: 'acd', value: '42', since: '2026-01-03', linked: false },
          rule: 'a copy of the ACD id, because no source supplies one',
        },
      },
    ]);
    expect(fieldOf(explained(), 'acdId')).toMatchObject({ derived: false, winner: { rule: 'the first ACD in rank' } });
  });

  it('4.6 no copy without an ACD id, and none of one that the user does not have yet', () => {
    expect(fieldOf(explained({ snapshots: [slot('ad', { firstName: 'Jan' })] }), 'employeeId')).toBeUndefined();
    const value = { ...valueOf(), fields: {} };
    expect(fieldOf(explained({ user: { value } }), 'employeeId')).toBeUndefined();
  });

  it('5.7 a value that the next reconcile brings has not won yet, and an own employee id that is one loses to the copy', () => {
    const own = [...snapshots, slot('hr', { employeeId: 'E1' })];
    const value = valueOf({ snapshots });
    const waiting = explained({ snapshots: own, user: { value } });
    expect(waiting.fields.filter(({ field }) => field === 'employeeId')).toMatchObject([
      { value: '42', derived: true, winner: { source: 'acd' }, losers: [{ source: 'hr', value: 'E1' }] },
    ]);
    expect(fieldOf(explained({ user: { value: { ...value, fields: {} } } }), 'firstName')).toMatchObject({
      ...{ value: null, winner: null },
      losers: [
        { source: 'ad', value: 'Jan' },
        { source: 'acd', value: 'Honza' },
      ],
    });
  });

  it('5.7 a local value under a source counts only where nobody else supplies one', () => {
    const words = { localValues: { firstName: 'J' } };
    const given: Given = { words, snapshots: [slot('ad', { firstName: 'Jan' })] };
    expect(fieldOf(explained(given), 'firstName')?.losers).toMatchObject([
      { kind: 'local', value: 'J', rule: 'a local value counts only where nobody else supplies one' },
    ]);
  });

  it('5.7 of the sources that have a value the first one ranks first', () => {
    const given: Given = { snapshots: [slot('ad', {}), slot('acd', { firstName: 'Honza' })] };
    expect(fieldOf(explained(given), 'firstName')).toMatchObject({
      winner: { source: 'acd', rule: 'ranks first by default: directories, then ACDs', since: '2026-02-02' },
      losers: [],
    });
  });

  it('5.7 words that the next reconcile brings in are shown, and have not won yet', () => {
    const words = { overrides: { rank: '4' }, localValues: { department: 'Care' } };
    const waiting = explained({ words, user: { value: valueOf() } });
    expect(fieldOf(waiting, 'rank')).toMatchObject({ value: null, winner: null, losers: [{ value: '4' }] });
    expect(fieldOf(waiting, 'department')).toMatchObject({ value: null, winner: null, losers: [{ value: 'Care' }] });
  });

  it('5.7 a source without a voice wins nothing, also where the user still has its value', () => {
    const given: Given = { snapshots: [slot('ad', { username: 'corp-jn' })] };
    const value = { ...valueOf(given), fields: { username: 'corp-jn' } };
    const since = { input: { changedAt: new Map([['username', '2026-02-02']]) } };
    expect(fieldOf(explained({ ...given, ...since, user: { value } }), 'username')).toMatchObject({
      ...{ value: 'corp-jn', winner: null },
      losers: [{ source: 'ad', rule: 'has no voice in this field', since: '2026-01-01' }],
    });
  });

  it('5.7 of two linked sources both are linked, of one whose link has ended only the other', () => {
    const ended = { ...account, source: 'acd', link: { ...account.link, until: '2026-02-01' } };
    const voices = fieldOf(explained({ input: { accounts: [account, ended] } }), 'firstName');
    expect([voices?.winner?.linked, voices?.losers.map(({ linked }) => linked)]).toEqual([true, [false]]);
  });

  it('5.2 a source that fell silent says since when', () => {
    const silent = slot('ad', { firstName: 'Jan' }, { silentSince: { firstName: '2026-02-09' } });
    expect(fieldOf(explained({ snapshots: [silent] }), 'firstName')?.winner).toMatchObject({
      silentSince: '2026-02-09',
    });
  });

  it('5.7 a source of which it is not known when it was applied', () => {
    const unknown = { input: { appliedAt: new Map(), changedAt: new Map() } };
    expect(fieldOf(explained(unknown), 'firstName')?.winner).toMatchObject({ source: 'ad', since: null });
  });
});

describe('5.7 explain: roles and teams', () => {
  it('10.1 roles by name, of whoever gives or takes them', () => {
    const words = { rolesGiven: ['trainer', 'auditor'], rolesTaken: ['planner'] };
    const role = (kind: 'role-given' | 'role-taken', ref: string, at: string) =>
      ({ kind, ref, value: null, by: 'anna', at, reason: null }) as const;
    const said = [role('role-given', 'auditor', '2026-02-01'), role('role-taken', 'planner', '2026-02-02')];
    expect(explained({ words, input: { words: said } }).roles).toEqual([
      { role: 'agent', held: true, givenBy: ['acd'], takenBy: null, since: '2026-01-03' },
      { role: 'auditor', held: true, givenBy: ['operator'], takenBy: null, since: '2026-02-01' },
      { role: 'planner', held: false, givenBy: [], takenBy: 'anna', since: '2026-02-02' },
      { role: 'trainer', held: true, givenBy: [], takenBy: null, since: null },
    ]);
  });

  it('11.2 teams by name; both sources in rank order; a team that nobody names', () => {
    const both = [slot('acd', {}, { teams: [3, 2, 1] }), slot('ad', {}, { teams: [2] })];
    const word = { kind: 'team-given', ref: '1', value: null, by: 'anna', at: '2026-02-01', reason: null } as const;
    const given: Given = { snapshots: both, words: { teamsGiven: [1], teamsTaken: [2] }, input: { words: [word] } };
    expect(explained(given).teams).toEqual([
      { team: 'Default', main: true, held: true, givenBy: ['operator', 'acd'], takenBy: null, since: '2026-02-01' },
      { team: 'Sales', main: false, held: false, givenBy: ['ad', 'acd'], takenBy: null, since: '2026-01-01' },
      { team: 'team 3', main: false, held: true, givenBy: ['acd'], takenBy: null, since: '2026-01-03' },
    ]);
  });
});

describe('5.7 explain: teams that are held without a giver, or not held', () => {
  const team = (name: string, more: object) => ({
    ...{ team: name, main: false, held: false, givenBy: [], takenBy: null, since: null },
    ...more,
  });

  it('11.2 the default team, of whom nobody gave it', () => {
    expect(explained({ snapshots: [slot('ad', {})] }).teams).toEqual([team('Default', { main: true, held: true })]);
  });

  it('11.2 a team that a person took stays named when the source supplies it no longer', () => {
    const word = { kind: 'team-taken', ref: '2', value: null, by: 'anna', at: '2026-02-01', reason: null } as const;
    const given: Given = { snapshots: [slot('ad', {})], words: { teamsTaken: [2] }, input: { words: [word] } };
    expect(explained(given).teams).toContainEqual(team('Sales', { takenBy: 'anna', since: '2026-02-01' }));
  });

  it('5.7 teams that the next reconcile brings are named, and not held yet', () => {
    const value = { ...valueOf({ snapshots: [] }), roles: [] };
    const waiting = explained({ words: { teamsGiven: [3] }, input: { words: [] }, user: { value } });
    expect(waiting.teams).toEqual([
      team('Default', { main: true, held: true }),
      team('Sales', { givenBy: ['acd'], since: '2026-01-03' }),
      team('team 3', {}),
    ]);
  });
});

const bare = { part: null, since: null, until: null, by: null, reason: null, itemId: null, runId: null };
const off = { source: null, by: 'anna', at: '2026-02-01', reason: 'leave', until: '2026-04-01' };
const observed = account.account;

describe('5.7 explain: every hold with all that is known of it', () => {
  it.each<[string, Given, object]>([
    [
      'unlinked',
      { account: { link: { ...account.link, until: '2026-02-01', endReason: 'unlinked' } } },
      { since: '2026-02-01', reason: 'unlinked', message: 'the link has ended; its values stay' },
    ],
    [
      'inactive',
      { user: { active: false }, input: { deactivatedAt: '2026-02-01' } },
      { since: '2026-02-01', message: 'an inactive user is frozen for the sync' },
    ],
    [
      'sync-off',
      { input: { switchedOff: [{ ...off, source: 'ad' }] } },
      {
        ...{ since: '2026-02-01', until: '2026-04-01', by: 'anna', reason: 'leave' },
        message: 'the sync of this user is switched off',
      },
    ],
    [
      'gone',
      { account: { account: { ...observed, absent: true }, goneSince: '2026-02-02', absentSince: '2026-02-01' } },
      { since: '2026-02-02', message: 'the account is gone' },
    ],
    [
      'gone',
      { account: { account: { ...observed, absent: true }, absentSince: '2026-02-01' } },
      { since: '2026-02-01', message: 'the account was missing in the last complete import' },
    ],
    [
      'disabled',
      { account: { account: { ...observed, disabled: true }, disabledSince: '2026-02-01' } },
      { since: '2026-02-01', message: 'the account is disabled' },
    ],
    ['ignored', { account: { account: { ...observed, ignored: true } } }, { message: 'the account is ignored' }],
    ['waiting', { account: { due: true } }, { message: 'the next reconcile decides on it' }],
    [
      'run-held',
      { account: { heldRun: { id: 17, at: '2026-02-20' } } },
      {
        ...{ since: '2026-02-20', runId: 17 },
        message: 'run 17 of ad is held until a person approves or discards it: rosterd run show 17',
      },
    ],
    [
      'source-paused',
      { account: { pause: { at: '2026-02-01', by: 'anna', reason: 'move' } } },
      { since: '2026-02-01', by: 'anna', reason: 'move', message: 'ad is paused and not read' },
    ],
    [
      'refusal',
      {
        account: { refusals: [{ part: 'jobTitle', cause: 'undo', by: 'anna', at: '2026-02-01', reason: 'no' }] },
      },
      {
        ...{ part: 'jobTitle', since: '2026-02-01', by: 'anna', reason: 'no' },
        message: 'this value is refused (undo) until the source says another',
      },
    ],
    [
      'review-item',
      {
        account: { questions: [{ id: 5, kind: 'possible-id-reuse', part: null, openedAt: '2026-02-01', about: null }] },
      },
      { itemId: 5, since: '2026-02-01', message: 'the question possible-id-reuse is open' },
    ],
  ])('5.7 %s', (code, given, expected) => {
    const holds = accountOf(explained(given))?.holds.map(({ changes, ...hold }) => ({
      ...hold,
      lifts: changes.length,
    }));
    expect(holds).toEqual([{ ...bare, code, lifts: 2, ...expected }]);
  });

  it('5.7 a silent source, with the field', () => {
    const silent = [slot('ad', { firstName: 'Jan' }, { silentSince: { firstName: '2026-02-01' } })];
    const nothing = { ...observed, content: { values: { firstName: null } } };
    expect(accountOf(explained({ snapshots: silent, account: { account: nothing } }))?.holds).toEqual([
      {
        ...{ ...bare, code: 'silent', part: 'firstName', since: '2026-02-01' },
        message: 'ad says nothing for firstName any more; its last value stands',
        changes: [{ field: 'firstName', before: 'Jan', after: null }],
      },
    ]);
  });

  it('5.7 a refusal and a question hold their own parts, and lifting one leaves the other', () => {
    const refusals = [{ part: 'jobTitle', cause: 'undo', by: 'anna', at: '2026-02-01', reason: null }];
    const questions = [{ id: 5, kind: 'unique-taken', part: 'windowsLogin', openedAt: '2026-02-01', about: null }];
    const content = { values: { firstName: 'Jan', jobTitle: 'Lead', windowsLogin: 'CORP\\jn' } };
    const held = { ...observed, content, refusals: new Map([['jobTitle', 'Lead']]) };
    const explanation = accountOf(explained({ account: { account: held, refusals, questions } }));
    expect(explanation?.holds.map(({ code, changes }) => [code, changes.map(({ field }) => field)])).toEqual([
      ['refusal', ['jobTitle']],
      ['review-item', ['windowsLogin']],
    ]);
    expect(explanation?.pending.map(({ field }) => field).sort()).toEqual(['jobTitle', 'windowsLogin']);
  });

  it('5.7 of two refused parts each is told by itself', () => {
    const refusal = { cause: 'undo', by: 'anna', at: '2026-02-01', reason: null };
    const refusals = ['firstName', 'jobTitle'].map((part) => ({ ...refusal, part }));
    const said = new Map([
      ['firstName', 'Johann'],
      ['jobTitle', 'Lead'],
    ]);
    const explanation = accountOf(explained({ account: { account: { ...observed, refusals: said }, refusals } }));
    expect(explanation?.holds.map(({ part, changes }) => [part, changes.map(({ field }) => field)])).toEqual([
      ['firstName', ['firstName']],
      ['jobTitle', ['jobTitle']],
    ]);
  });

  it('5.7 the state of the account, and its link', () => {
    const state = (given: Given) => accountOf(explained(given))?.state;
    const ended = { ...account.link, until: '2026-02-01' };
    expect(state({ account: { link: ended, goneSince: '2026-02-01' } })).toBe('unlinked');
    expect(state({ account: { goneSince: '2026-02-01', account: { ...observed, disabled: true } } })).toBe('gone');
    expect(state({ account: { account: { ...observed, disabled: true } } })).toBe('disabled');
    expect(state({})).toBe('present');
    expect(accountOf(explained({ account: { link: ended } }))).toMatchObject({
      ...{ source: 'ad', externalId: 'guid', origin: 'correlated', rule: 'email' },
      ...{ linkedSince: '2026-01-01', unlinkedSince: '2026-02-01' },
    });
  });
});
