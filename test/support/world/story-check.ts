import fc from 'fast-check';
import type { Story } from './steps.ts';

/** How long the search for a shorter failing story may take, in milliseconds. */
const shrinkLimit = 60_000;

/** One random world after the other until they have had so many steps. `play` gives the number of steps of one. */
export async function checkStories(
  arbitrary: fc.Arbitrary<Story>,
  options: { readonly steps: number; readonly seed: number },
  play: (story: Story) => Promise<number>,
): Promise<number> {
  let steps = 0;
  for (let round = 0; steps < options.steps; round++) {
    // A world may take its time on a busy machine: only the search for a shorter one is limited.
    let failed: number | null = null;
    const result = await fc.check(
      fc.asyncProperty(arbitrary, async (story) => {
        if (failed !== null && performance.now() - failed > shrinkLimit) return;
        try {
          steps += await play(story);
        } catch (error) {
          failed ??= performance.now();
          throw error;
        }
      }),
      { seed: options.seed + round, numRuns: 1, endOnFailure: false },
    );
    if (result.failed) throw new Error(failureText(options.seed + round, result));
  }
  return steps;
}

function failureText(seed: number, result: fc.RunDetails<[Story]>): string {
  const [story] = result.counterexample ?? [];
  const lines = story?.steps.map((step) => `  ${JSON.stringify(step)}`) ?? [];
  const { errorInstance } = result;
  return [
    `A random world of seed ${seed} breaks a rule (shortened ${result.numShrinks} times):`,
    `  ${JSON.stringify(story?.choice)}`,
    ...lines,
    errorInstance instanceof Error ? (errorInstance.stack ?? errorInstance.message) : String(errorInstance),
    'Keep it in test/property/examples as:',
    JSON.stringify({ about: '', story }),
  ].join('\n');
}
