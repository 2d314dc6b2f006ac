import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openPglite, openPostgres } from '../../support/api/databases.ts';
import { budget, tell } from '../../support/world/budget.ts';
import { playStory, type Variation } from '../../support/world/run-story.ts';
import { checkStories } from '../../support/world/story-check.ts';
import { stories, type Story } from '../../support/world/steps.ts';
import type { WorldView } from '../../support/world/view.ts';

/**
 * The invariants of spec section 20 over random worlds: each step is played on a real store and on a second, naive writing of
 * the rules (test/support/world/naive-*.ts), and both are compared. See test/property/README.md.
 */
const { store: steps, seed } = budget();

async function play(
  story: Story,
  variation?: Variation,
  open = openPostgres,
): Promise<{ steps: number; view: WorldView }> {
  const database = await open();
  try {
    return await playStory(database.knex, story, variation);
  } finally {
    await database.close();
  }
}

const examples = join(import.meta.dirname, '../examples');

test.each(readdirSync(examples).filter((name) => name.endsWith('.json')))('20.1 the world %s', async (name) => {
  const { story } = JSON.parse(readFileSync(join(examples, name), 'utf8')) as { story: Story };
  await play(story);
});

test('20.1, 20.2, 20.3, 20.4, 20.5, 20.7, 20.8, 20.9 a store does what the rules say, whatever happens', async () => {
  const done = await checkStories(
    stories({ crashes: false, maxSteps: 25 }),
    { steps: steps * 0.5, seed },
    async (story) => (await play(story)).steps,
  );
  tell('stores against the rules', done, seed);
});

test('20.1, 20.5, 20.9 the embedded database does the same', async () => {
  const done = await checkStories(
    stories({ crashes: false, maxSteps: 25 }),
    { steps: steps * 0.1, seed: seed + 2_000_000 },
    async (story) => (await play(story, undefined, openPglite)).steps,
  );
  tell('embedded stores', done, seed + 2_000_000);
});

test('20.10 a process that ends in the middle changes no result', async () => {
  const done = await checkStories(
    stories({ crashes: true, maxSteps: 20 }),
    { steps: steps * 0.2, seed },
    async (story) => (await play(story)).steps,
  );
  tell('stores with crashes', done, seed);
});

test('15.3, 20.9 what the last sync has decided can be undone', async () => {
  const done = await checkStories(
    stories({ crashes: false, maxSteps: 15 }),
    { steps: steps * 0.1, seed: seed + 3_000_000 },
    async (story) => (await play(story, { batchSize: null, reversed: false, undoesLast: true })).steps,
  );
  tell('stores with an undo', done, seed + 3_000_000);
});

test('20.6 order and division of the work change no result', async () => {
  const done = await checkStories(
    stories({ crashes: false, maxSteps: 20 }),
    { steps: steps * 0.2, seed: seed + 1_000_000 },
    async (story) => {
      const whole = await play(story, { batchSize: 1000, reversed: false });
      const divided = await play(story, { batchSize: 1, reversed: true });
      expect(divided.view).toEqual(whole.view);
      return whole.steps + divided.steps;
    },
  );
  tell('stores in another order', done, seed + 1_000_000);
});
