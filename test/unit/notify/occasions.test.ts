import { describe, expect, it } from 'vitest';
import { noticeKinds } from '../../../src/domain/notice.ts';
import { occasionsIn, wantedBy } from '../../../src/notify/occasions.ts';
import type { NoticeTarget, StandingSource, StandingState } from '../../../src/notify/ports.ts';
import { wordsOf } from '../../../src/notify/words.ts';

const now = '2026-05-01T12:00:00Z';
const quiet: StandingState = { now, held: [], slow: [], sources: [], oldReviews: null };
const source = (more: Partial<StandingSource>): StandingState => ({
  ...quiet,
  sources: [{ source: 'ad', failures: 0, silentSince: null, refusedAt: null, rests: false, ...more }],
});
const day = (date: string): Date => new Date(`${date}T12:00:00Z`);
const told = (state: StandingState, expiresAt: Date | null = null): string[] =>
  occasionsIn(state, [{ source: 'ad', expiresAt }]).map((each) => wordsOf(each).subject);

describe('14.6 what people are told of', () => {
  it.each([
    ['nothing happened', quiet, []],
    [
      'a run is held',
      { ...quiet, held: [{ source: 'ad', run: 7, since: now }] },
      ['run 7 of source ad is held: it would change more than the guard allows'],
    ],
    [
      'a run is much longer than the last ones',
      { ...quiet, slow: [{ source: 'ad', run: 8, since: now, tooLong: true, restsSince: null }] },
      [`run 8 of source ad takes much longer than the last ones: under way since ${now}`],
    ],
    [
      'a run makes no progress',
      { ...quiet, slow: [{ source: 'ad', run: 8, since: now, tooLong: false, restsSince: now }] },
      [`run 8 of source ad has got no further since ${now}`],
    ],
    ['it failed twice', source({ failures: 2 }), []],
    ['it failed three times', source({ failures: 3 }), ['source ad has failed 3 times in a row']],
    [
      'it is silent',
      source({ silentSince: '2026-04-28T00:00:00Z' }),
      ['source ad has not been read with success since 2026-04-28T00:00:00Z'],
    ],
    [
      'its log-in was refused, and that alone',
      source({ refusedAt: now, failures: 9, silentSince: now }),
      ['source ad refused the log-in and is paused'],
    ],
    ['a person has paused it', source({ rests: true, failures: 9, silentSince: now }), []],
    [
      'review items get old',
      { ...quiet, oldReviews: { count: 4, oldestItem: 2, since: '2026-04-01T00:00:00Z', youngestDay: '2026-04-23' } },
      ['4 review items have waited for an answer for long, item 2 since 2026-04-01T00:00:00Z'],
    ],
  ])('%s', (_situation, state, subjects) => {
    expect(told(state)).toEqual(subjects);
  });

  it.each([
    ['expired', '2026-04-30', 1],
    ['in 30 days', '2026-05-31', 1],
    ['in 31 days', '2026-06-01', 0],
  ])('a certificate: %s', (_when, date, count) => {
    expect(told(quiet, day(date))).toHaveLength(count);
  });

  it('once for each target that wants its kind, also where the configuration names it twice', () => {
    const target = (name: string, on: NoticeTarget['on']): NoticeTarget => ({
      name,
      on,
      send: () => Promise.resolve(),
    });
    const occasions = occasionsIn({ ...source({ failures: 3 }), held: [{ source: 'ad', run: 7, since: now }] }, []);
    const wanted = wantedBy(
      [target('all', noticeKinds), target('held', ['run-held']), target('held', ['run-held', 'source-failing'])],
      occasions,
    );
    expect(wanted.map((notice) => `${notice.target}: ${notice.subject}`)).toEqual([
      'all: run-held ad',
      'all: source-failing ad',
      'held: run-held ad',
      'held: source-failing ad',
    ]);
  });

  it('another occasion about the same subject is another one; the same one stays the same', () => {
    const digests = (state: StandingState): string[] => occasionsIn(state, []).map(({ digest }) => digest);
    expect(digests(source({ refusedAt: '2026-04-01T00:00:00Z' }))).not.toEqual(digests(source({ refusedAt: now })));
    expect(digests(source({ failures: 3 }))).toEqual(digests(source({ failures: 4 })));
  });
});
