import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { fakeWorld } from './fake-world.ts';
import type { FakeOptions, FakeWorld, Sent } from './fake-world.ts';
import { sampleAccount, sampleSource } from './samples.ts';

async function world(options: FakeOptions): Promise<FakeWorld> {
  const fake = await fakeWorld(options);
  onTestFinished(() => fake.clean());
  return fake;
}

const bodies = (fake: FakeWorld): unknown[] =>
  fake.sent.filter(({ method }) => method === 'POST').map((each) => each.body);

describe('14.1 source move-links', () => {
  const refusal = { code: 'new-account-gone', message: 'account 72 of new is gone' };
  /** Moves every pair but those to account 72. */
  const answer = ({ body }: Sent): unknown => {
    const { pairs, preview } = body as { pairs: { old: string; new: string }[]; preview: boolean };
    const outcomes = pairs.map((pair) => ({ ...pair, userId: 5, refusal: pair.new === '72' ? refusal : null }));
    const refused = outcomes.filter((each) => each.refusal !== null).length;
    return { preview, movable: outcomes.length - refused, refused, pairs: outcomes };
  };
  const withFile = async (text: string, options: FakeOptions = {}): Promise<{ fake: FakeWorld; file: string }> => {
    const fake = await world({ answer, ...options });
    const file = join(fake.folder, 'pairs.csv');
    await writeFile(file, text);
    return { fake, file };
  };
  const ids = { to: 'new', pairs: [{ old: '007', new: '71' }] };

  it.each([
    ['commas', 'old,new\n007,71\n'],
    ['semicolons, a byte order mark, other columns and another order', '\uFEFFNew;Name;OLD\r\n71;Jan;007\r\n\r\n'],
    ['cells with the quote that an export puts before a formula', "old,new\n007,71\n'-8,'+9\n"],
  ])('reads ids as they stand, from a file with %s', async (_what, text) => {
    const { fake, file } = await withFile(text);
    expect(await fake.run('source', 'move-links', 'acd', 'new', '--pairs', file, '--yes', '--reason', 'cut-over')).toBe(
      0,
    );
    const more = text.includes("'-8") ? [{ old: '-8', new: '+9' }] : [];
    expect(bodies(fake)).toEqual([{ to: 'new', pairs: [...ids.pairs, ...more], reason: 'cut-over', preview: false }]);
  });

  it('shows a preview and asks; what cannot be moved is named and makes exit code 5', async () => {
    const asked: string[] = [];
    const onConfirm = (question: string): boolean => asked.push(question) > 0;
    const { fake, file } = await withFile('old,new\n007,71\n008,72\n', { onConfirm });
    expect(await fake.run('source', 'move-links', 'acd', 'new', '--pairs', file)).toBe(5);
    expect(bodies(fake)).toMatchObject([{ preview: true }, { preview: false }]);
    expect(asked).toEqual(['Move 1 links from acd to new?']);
    expect(fake.stdout.text).toContain('account 72 of new is gone');
    expect(fake.stdout.text).toContain('1 links can be moved, 1 cannot.');
    expect(fake.stdout.text).toContain('1 links were moved, 1 were not.');
  });

  it.each([
    ['the person says no', (): boolean => false, 'as you said'],
    ['nobody is there to ask', undefined, 'say so with --yes'],
  ])('changes nothing where %s', async (_what, onConfirm, said) => {
    const { fake, file } = await withFile('old,new\n007,71\n', onConfirm === undefined ? {} : { onConfirm });
    expect(await fake.run('source', 'move-links', 'acd', 'new', '--pairs', file)).toBe(1);
    expect(bodies(fake)).toMatchObject([{ preview: true }]);
    expect(fake.stderr.text).toContain(said);
  });

  it.each([
    ['without a column', 'old,neu\n1,2\n', 'no column "new"'],
    ['with an empty id', 'old,new\n1,2\n3,\n', 'row 3 has no new id'],
    ['that is no table', 'old,new\n"1,2\n', 'is no CSV file'],
  ])('refuses a file %s', async (_what, text, said) => {
    const { fake, file } = await withFile(text);
    expect(await fake.run('source', 'move-links', 'acd', 'new', '--pairs', file)).toBe(2);
    expect(fake.stderr.text).toContain(said);
    expect(fake.sent).toEqual([]);
  });

  it('refuses a file that is not there, and to do without one', async () => {
    const fake = await world({ answer });
    expect(await fake.run('source', 'move-links', 'acd', 'new', '--pairs', join(fake.folder, 'none.csv'))).toBe(2);
    expect(fake.stderr.text).toContain('ENOENT');
    expect(await fake.run('source', 'move-links', 'acd', 'new')).toBe(2);
  });

  it('gives programs one line per pair', async () => {
    const { fake, file } = await withFile('old,new\n007,71\n008,72\n');
    expect(await fake.run('source', 'move-links', 'acd', 'new', '--pairs', file, '--yes', '--json')).toBe(5);
    expect(fake.stdout.lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      { old: '007', new: '71', userId: 5, refusal: null, preview: false },
      { old: '008', new: '72', userId: 5, refusal, preview: false },
    ]);
  });
});

describe('2.6 source confirm', () => {
  const other = { ...sampleSource, newSystemId: 'S-1-5-22' };

  it('shows both systems, asks, and confirms what it has shown', async () => {
    const asked: string[] = [];
    const fake = await world({ answer: () => other, onConfirm: (question) => asked.push(question) > 0 });
    expect(await fake.run('source', 'confirm', 'corp-ad', '--reason', 'migrated')).toBe(0);
    expect(asked).toEqual(['source corp-ad was S-1-5-21 and is S-1-5-22 now. Is that meant?']);
    expect(bodies(fake)).toEqual([{ systemId: 'S-1-5-22', reason: 'migrated' }]);
  });

  it('changes nothing unasked, nor where there is nothing to confirm', async () => {
    const fake = await world({ answer: () => other });
    expect(await fake.run('source', 'confirm', 'corp-ad', '--json')).toBe(1);
    expect(fake.stderr.text).toContain('S-1-5-22');
    const same = await world({ answer: () => sampleSource });
    expect(await same.run('source', 'confirm', 'corp-ad', '--yes')).toBe(1);
    expect(same.stderr.text).toContain('nothing-to-confirm');
    expect([...bodies(fake), ...bodies(same)]).toEqual([]);
  });
});

describe('account list', () => {
  it('4.5 --csv prints all pages under one head', async () => {
    const account = { ...sampleAccount, values: { firstName: '=cmd', lastName: 'Novák' } };
    const fake = await world({
      answer: ({ query }) =>
        query?.['after'] === undefined ? { items: [account], next: 'k' } : { items: [account], next: null },
    });
    expect(await fake.run('account', 'list', '--csv', '--not-matched')).toBe(0);
    expect(fake.sent.map(({ query }) => query?.['matched'])).toEqual([false, false]);
    const [head, ...lines] = fake.stdout.text.trim().split('\r\n');
    expect(head).toMatch(/^Source,External ID,State,Match,Reason,User ID/);
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^avaya-prague,00471,present,question,review item 3 \(ambiguous-match\),,,'=cmd,Novák,/);
  });

  it.each([
    ['--matched', '--not-matched'],
    ['--csv', '--json'],
  ])('%s and %s exclude each other', async (...flags) => {
    const fake = await world({ answer: () => ({ items: [], next: null }) });
    expect(await fake.run('account', 'list', ...flags)).toBe(2);
  });
});

describe('worklist', () => {
  it('9.2 ack needs a note', async () => {
    const fake = await world({});
    expect(await fake.run('worklist', 'ack', 'jnovak')).toBe(2);
    expect(fake.sent).toEqual([]);
  });
});
