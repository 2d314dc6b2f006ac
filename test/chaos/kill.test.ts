import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testPostgres } from '../support/database.ts';
import { createTempDir, type TempDir } from '../support/services/temp.ts';
import { killAndCompare, layGround, type Ground, type Kill } from './kills.ts';

/**
 * Spec 14.3, 20.10: a run survives the death of any process, and nothing is applied twice. Small by default;
 * `ROSTERD_CHAOS=full` has 20,000 people and ten crashes on each database, every phase at least twice.
 */
const full = process.env['ROSTERD_CHAOS'] === 'full';

const first = (phase: Kill['phase'], share = 0, later = 0): Kill => ({ run: 'first', phase, share, later });
const changed = (phase: Kill['phase'], share = 0, later = 0): Kill => ({ run: 'changed', phase, share, later });

/** Values of new links are written with the links: the phase of values is that of a run in which linked people changed. */
const everyPhaseTwice: readonly Kill[] = [
  first('import', 0.01),
  first('import', 0.5, 30),
  first('planning'),
  first('identity', 0.05, 40),
  first('identity', 0.5, 110),
  changed('import', 0.3, 60),
  changed('values', 0.05, 20),
  changed('values', 0.5, 90),
  changed('finishing'),
  changed('finishing'),
];

const places: readonly { name: string; onPostgres: boolean; size: number; kills: readonly Kill[] }[] = full
  ? [
      { name: 'PostgreSQL', onPostgres: true, size: 20_000, kills: everyPhaseTwice },
      { name: 'the embedded database', onPostgres: false, size: 20_000, kills: everyPhaseTwice },
    ]
  : [
      {
        name: 'PostgreSQL',
        onPostgres: true,
        size: 4_000,
        kills: [first('import', 0.1), first('identity', 0.1, 30), changed('values', 0.1, 60), changed('finishing')],
      },
      {
        name: 'the embedded database',
        onPostgres: false,
        size: 1_500,
        kills: [first('identity', 0.1, 30), changed('values', 0.1, 60)],
      },
    ];

/** A phase can be over before it is seen; the crash is then tried again on a new copy. */
const attempts = 8;

describe.each(places)('a daemon killed on $name with $size people', ({ name, onPostgres, size, kills }) => {
  let folder: TempDir;
  let ground: Ground;
  beforeAll(async () => {
    folder = createTempDir('kill');
    ground = await layGround(folder.path, size, onPostgres ? testPostgres() : undefined);
  }, 600_000);
  afterAll(() => folder.remove());

  it.each(kills.map((kill, index) => ({ ...kill, index })))(
    'leaves what an undisturbed run leaves: $run run, phase $phase',
    async ({ index, ...kill }) => {
      for (let attempt = 1; attempt <= attempts; attempt += 1) {
        const outcome = await killAndCompare(ground, join(folder.path, `kill-${index}-${attempt}`), kill);
        const result = outcome.differences.length === 0 ? 'equal' : 'DIFFERENT';
        const phase = outcome.hit ? kill.phase : `past ${kill.phase}`;
        process.stdout.write(
          `rosterd chaos: kill -9 on ${name}, ${kill.run} run, phase ${phase}: ${result} after ${outcome.seconds.toFixed(0)} s\n`,
        );
        expect(outcome.differences.join('\n')).toBe('');
        if (outcome.hit) return;
      }
      expect.fail(`the phase ${kill.phase} was over each time before it could be seen`);
    },
    1_200_000,
  );
});
