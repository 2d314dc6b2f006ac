import { describe, expect, it } from 'vitest';
import type { Source } from '../../../src/api/schemas/sources.ts';
import { endOfDay, startOfDay } from '../../../src/console/days.ts';
import { takeFlash, flashCookie } from '../../../src/console/flash.ts';
import { html } from '../../../src/console/html.ts';
import { sourceLines } from '../../../src/console/pages/overview/present.ts';
import { withoutStop } from '../../../src/console/pages/overview/sentence.ts';
import { localPath } from '../../../src/console/visit.ts';
import { languageOf, languages } from '../../../src/console/words/words.ts';

const now = Date.parse('2026-11-30T12:00:00Z');
const fresh: Source = {
  ...{ id: 'fresh', kind: 'ldap', as: 'directory', enabled: true, configured: true, state: 'ok', failures: 0 },
  ...{ pausedBy: null, pauseReason: null, pausedAt: null, retiredBy: null, retireReason: null, retiredAt: null },
  ...{ systemId: null, newSystemId: null, lastCompleteAt: null, schedule: null, waitingFor: [], lastRun: null },
  freshness: { ageSeconds: 300, promisedSeconds: 600, overdue: false },
  heldRun: null,
  failing: null,
  lastSuccessAt: '2026-11-30T11:55:00.000Z',
  nextRuns: ['2026-11-30T12:05:00.000Z', '2026-11-30T12:15:00.000Z'],
  accounts: {
    ...{
      present: 1,
      disabled: 0,
      gone: 0,
      linked: 1,
      unmatched: 0,
      waiting: 0,
      question: 0,
      ignored: 0,
      unlinked: 0,
      undecided: 0,
    },
  },
};

describe('14.6 the overview', () => {
  it('14.6 tells the worst first, and of each source the worst that is true of it', () => {
    const sources: Source[] = [
      fresh,
      { ...fresh, id: 'stale', lastSuccessAt: '2026-11-30T11:00:00.000Z' },
      { ...fresh, id: 'by-hand', state: 'paused', pausedBy: 'eva', pausedAt: '2026-11-30T11:00:00.000Z' },
      { ...fresh, id: 'failing', state: 'failing', failures: 3 },
      { ...fresh, id: 'refused', state: 'paused', pausedBy: 'system', failures: 1 },
      { ...fresh, id: 'waiting', waitingFor: ['acd'] },
    ];
    const lines = sourceLines(sources, [], now).map(({ id, standing }) => `${id} ${standing.kind}`);
    expect(lines).toEqual([
      'refused log-in-refused',
      'failing failing',
      'stale stale',
      'waiting waiting',
      'by-hand paused',
      'fresh fresh',
    ]);
  });
});

describe('a source that cannot be read, as somebody reads it at night', () => {
  const { sentences } = languages.en.overview;
  it('14.6 says the cause, since when, what still works, and whether it goes on by itself', () => {
    expect(sentences.failing(3, withoutStop('Nothing listens there.'))).toBe(
      'The last 3 runs failed: Nothing listens there.',
    );
    expect(sentences.failing(1, '')).toBe('The last run failed.');
    expect(sentences.stillWorks('2 hours ago', true)).toBe(
      'It was last read successfully 2 hours ago. Its users keep what they have and can be edited, and other sources are read as ever. It is tried again by itself at the next run.',
    );
    expect(sentences.stillWorks(null, false)).toMatch(
      /^It was never read successfully\..*not tried again by itself\.$/,
    );
  });
});

describe('what pages are made of', () => {
  it('escapes text in elements and in attributes, and leaves no trace of nothing', () => {
    const evil = `"><script>alert('x')</script>`;
    const made = html`<p title="${evil}">${evil}${null}${false}${[html`<b>${1}</b>`, undefined]}</p>`.toString();
    expect(made).not.toContain('<script');
    expect(made).toMatch(/^<p title="&quot;&gt;.*<b>1<\/b><\/p>$/);
  });

  it('goes back to paths of our own only', () => {
    for (const foreign of [
      '//evil.example',
      '/\\evil.example',
      'https://evil.example',
      'javascript:alert(1)',
      '/a\nb',
      '',
    ])
      expect(localPath(foreign)).toBe('/');
    expect(localPath('/users?q=nov%C3%A1k')).toBe('/users?q=nov%C3%A1k');
  });

  it('takes back what it has said, and nothing that somebody else has written', () => {
    const said = { text: 'Žluťoučký kůň', tone: 'good', undo: { action: '/users/1/sync/back-on' } } as const;
    expect(takeFlash(flashCookie(said, true).split(';')[0])).toEqual(said);
    expect(takeFlash('rosterd_flash=bm90IGpzb24')).toBeNull();
    const foreign = { text: 'x', tone: 'good', undo: { action: '//evil.example' } } as const;
    expect(takeFlash(flashCookie(foreign, true).split(';')[0])).toBeNull();
  });

  it('14.5 a day is that of the zone, also when the clocks change', () => {
    expect(startOfDay('2026-11-30', 'Europe/Prague').toISOString()).toBe('2026-11-29T23:00:00.000Z');
    expect(endOfDay('2026-03-29', 'Europe/Prague').toISOString()).toBe('2026-03-29T22:00:00.000Z');
    expect(startOfDay('2026-03-29', 'Europe/Prague').toISOString()).toBe('2026-03-28T23:00:00.000Z');
    expect(endOfDay('2026-12-31', 'America/New_York').toISOString()).toBe('2027-01-01T05:00:00.000Z');
  });

  it('speaks the language that was chosen, else one that the browser asks for', () => {
    expect(languageOf(undefined, 'de-DE,cs;q=0.8,en;q=0.5')).toBe('cs');
    expect(languageOf('en', 'cs')).toBe('en');
    expect(languageOf('constructor', 'xx')).toBe('en');
    expect([1, 3, 5].map((number) => languages.cs.users.count(number, false))).toEqual([
      '1 uživatel',
      '3 uživatelé',
      '5 uživatelů',
    ]);
  });
});
