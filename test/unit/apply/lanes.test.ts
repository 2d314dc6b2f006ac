import { setImmediate as turnOfLoop } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { inLanes, type Turn } from '../../../src/apply/lanes.ts';

/** Follows what three batches do: `names`, `shared` work and `commit` of each, and how many are under way. */
function diary(options: { overlap?: boolean; failing?: string; startsAgain?: string } = {}): {
  run: () => Promise<void>;
  lines: string[];
  most: () => number;
  underWay: () => number;
} {
  const lines: string[] = [];
  let [underWay, most] = [0, 0];
  const attempt = async (batch: string, turn: Turn, number: number): Promise<void> => {
    underWay++;
    most = Math.max(most, underWay);
    try {
      lines.push(`${batch} names`);
      turn.named();
      for (let pause = 0; pause < 5; pause++) await turnOfLoop();
      if (options.failing === batch) throw new Error(`${batch} failed`);
      if (options.startsAgain === batch && number === 1) throw new Error('conflict');
      await turn.former;
      lines.push(`${batch} shared`);
      await turnOfLoop();
      lines.push(`${batch} commit`);
    } finally {
      underWay--;
    }
  };
  const write = async (batch: string, turn: () => Turn): Promise<void> => {
    try {
      await attempt(batch, turn(), 1);
    } catch (error) {
      if ((error as Error).message !== 'conflict') throw error;
      lines.push(`${batch} again`);
      await attempt(batch, turn(), 2);
    }
  };
  async function* batches(): AsyncGenerator<string> {
    for (const batch of ['a', 'b', 'c']) {
      await turnOfLoop();
      yield batch;
    }
  }
  const run = (): Promise<void> =>
    inLanes<string>({
      batches: batches(),
      overlaps: () => options.overlap ?? true,
      write,
      written: () => Promise.resolve(),
    });
  return { run, lines, most: () => most, underWay: () => underWay };
}

const only = (lines: readonly string[], what: string): string[] => lines.filter((line) => line.endsWith(` ${what}`));

test('4.7 names are taken, shared work is done and commits come in the order of the batches, two under way at once', async () => {
  const { run, lines, most } = diary();
  await run();
  for (const what of ['names', 'shared', 'commit'])
    expect(only(lines, what)).toEqual(['a', 'b', 'c'].map((batch) => `${batch} ${what}`));
  expect(lines.indexOf('b names')).toBeLessThan(lines.indexOf('a commit'));
  expect(lines.indexOf('b shared')).toBeGreaterThan(lines.indexOf('a commit'));
  expect(most()).toBe(2);
});

test('batches that may not overlap follow each other', async () => {
  const { run, lines, most } = diary({ overlap: false });
  await run();
  expect(lines).toEqual(
    ['a', 'b', 'c'].flatMap((batch) => ['names', 'shared', 'commit'].map((what) => `${batch} ${what}`)),
  );
  expect(most()).toBe(1);
});

test('4.7 where a batch starts again, the one behind gives its names up and takes them after it', async () => {
  const { run, lines } = diary({ startsAgain: 'a' });
  await run();
  expect(only(lines, 'commit')).toEqual(['a commit', 'b commit', 'c commit']);
  expect(only(lines, 'names')).toEqual(['a names', 'b names', 'a names', 'b names', 'c names']);
  expect(lines.lastIndexOf('b names')).toBeGreaterThan(lines.indexOf('a commit'));
});

test.each(['a', 'b', 'c'])(
  '20.10 where batch %s fails, none behind it is committed and nothing is left under way',
  async (failing) => {
    const { run, lines, underWay } = diary({ failing });
    await expect(run()).rejects.toThrow(`${failing} failed`);
    expect(only(lines, 'commit')).toEqual(
      ['a', 'b', 'c'].filter((batch) => batch < failing).map((batch) => `${batch} commit`),
    );
    expect(underWay()).toBe(0);
  },
);
