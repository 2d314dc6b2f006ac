import { randomInt } from 'node:crypto';

/** How much the property tests do, and from which seed: both are printed, and the environment may ask for others. */
export interface Budget {
  /** Steps through the real store. */
  readonly store: number;
  /** Runs of the properties that need no database, all together. */
  readonly pure: number;
  readonly seed: number;
}

const usual = { store: 300, pure: 2_000 };
/** Seeds of one run are this far from each other at most (`world.test.ts`), and fast-check's are 32 bits. */
const seeds = 2 ** 30;

/**
 * `ROSTERD_PROPERTY_STEPS`: how many steps in all, of which one in ten goes through the real store.
 * `ROSTERD_PROPERTY_SEED`: the seed; drawn anew for each run where it is not given, so that no two runs try the same worlds.
 */
export function budget(): Budget {
  const steps = wholeNumber('ROSTERD_PROPERTY_STEPS');
  const seed = wholeNumber('ROSTERD_PROPERTY_SEED') ?? randomInt(seeds);
  if (steps === null) return { ...usual, seed };
  const store = Math.max(usual.store, Math.ceil(steps / 10));
  return { store, pure: Math.max(usual.pure, steps - store), seed };
}

function wholeNumber(name: string): number | null {
  const text = process.env[name];
  if (text === undefined || text === '') return null;
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 0) throw new RangeError(`${name} must be a whole number, not ${text}`);
  return number;
}

/** Tells what was done, also where a test runner keeps quiet about what passes. */
export function tell(what: string, steps: number, seed: number): void {
  process.stdout.write(`rosterd property tests: ${what}: ${steps} steps, seed ${seed}\n`);
}
