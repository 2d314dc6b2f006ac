import { setImmediate as turnOfLoop } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { inLanes, type Turn } from '../../../src/apply/lanes.ts';

const names = ['a', 'b', 'c', 'd', 'e'];

interface Options {
  /** The batches that may start before the one in front is committed. */
  overlapping?: readonly string[];
  failing?: string;
  startsAgain?: string;
}

/** Follows what five batches do: `names`, `shared` work and `commit` of each, and how many are under way. */
function diary({ overlapping = names, ...options }: Options = {}): {
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
    for (const batch of names) {
      await turnOfLoop();
      yield batch;
    }
  }
  const run = (): Promise<void> =>
    inLanes<string>({
      batches: batches(),
      overlaps: (batch) => overlapping.includes(batch),
      write,
      written: () => Promise.resolve(),
    });
  return { run, lines, most: () => most, underWay: () => underWay };
}

const only = (lines: readonly string[], what: string): string[] => lines.filter((line) => line.endsWith(` ${what}`));

test('4.7 names are taken, shared work is done and commits come in the order of the batches, three under way at once', async () => {
  const { run, lines, most } = diary();
  await run();
  for (const what of ['names', 'shared', 'commit'])
    expect(only(lines, what)).toEqual(names.map((batch) => `${batch} ${what}`));
  expect(lines.indexOf('c names')).toBeLessThan(lines.indexOf('a commit'));
  expect(lines.indexOf('b shared')).toBeGreaterThan(lines.indexOf('a commit'));
  expect(lines.indexOf('c shared')).toBeGreaterThan(lines.indexOf('b commit'));
  expect(most()).toBe(3);
});

const inTurn = names.flatMap((batch) => ['names', 'shared', 'commit'].map((what) => `${batch} ${what}`));

test('batches that may not overlap follow each other', async () => {
  const { run, lines, most } = diary({ overlapping: [] });
  await run();
  expect(lines).toEqual(inTurn);
  expect(most()).toBe(1);
});

test('4.8 a batch that may not overlap starts when all in front are committed', async () => {
  const { run, lines } = diary({ overlapping: ['b', 'c', 'e'] });
  await run();
  expect(lines.indexOf('c names')).toBeLessThan(lines.indexOf('a commit'));
  expect(lines.indexOf('d names')).toBeGreaterThan(lines.indexOf('c commit'));
  expect(lines.indexOf('e names')).toBeLessThan(lines.indexOf('d commit'));
});

test.each(names)(
  '4.7 where batch %s starts again, those behind give their names up and take them after it, in their order',
  async (startsAgain) => {
    const { run, lines, underWay } = diary({ startsAgain });
    await run();
    expect(only(lines, 'commit')).toEqual(names.map((batch) => `${batch} commit`));
    for (const behind of names.filter((batch) => batch > startsAgain))
      expect(lines.lastIndexOf(`${behind} names`)).toBeGreaterThan(lines.indexOf(`${startsAgain} commit`));
    expect(underWay()).toBe(0);
  },
);

test.each(names)(
  '4.8 where batch %s starts again, one that may not overlap comes after it all the same',
  async (startsAgain) => {
    const { run, lines } = diary({ startsAgain, overlapping: ['b', 'd', 'e'] });
    await run();
    expect(only(lines, 'commit')).toEqual(names.map((batch) => `${batch} commit`));
    expect(lines.lastIndexOf('c names')).toBeGreaterThan(lines.indexOf('b commit'));
  },
);

test.each(names)(
  '20.10 where batch %s fails, none behind it is committed and nothing is left under way',
  async (failing) => {
    const { run, lines, underWay } = diary({ failing });
    await expect(run()).rejects.toThrow(`${failing} failed`);
    expect(only(lines, 'commit')).toEqual(names.filter((batch) => batch < failing).map((batch) => `${batch} commit`));
    expect(underWay()).toBe(0);
  },
);
