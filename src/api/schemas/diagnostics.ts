import { z } from 'zod';
import { time } from './common.ts';
import { named } from './registry.ts';
import { run } from './runs.ts';
import { source } from './sources.ts';
import { version } from './system.ts';

const count = z.int().nonnegative();
const code = z.string().nullable();

/** A bundle without names of people: codes, numbers and times. */
export const diagnostics = named(
  'Diagnostics',
  z.object({
    madeAt: time,
    version,
    platform: z.string(),
    settings: z
      .array(z.object({ key: z.string(), origin: z.string(), value: z.string().nullable() }))
      .readonly()
      .describe('values that are numbers or yes and no; others are left out'),
    sources: z
      .array(
        z.object({
          ...source.pick({
            ...{ id: true, kind: true, as: true, enabled: true, state: true, failures: true, accounts: true },
            ...{ freshness: true, lastSuccessAt: true, lastCompleteAt: true, schedule: true },
          }).shape,
          lastError: code,
        }),
      )
      .readonly(),
    runs: z
      .array(
        z.object({
          ...run.pick({
            ...{ id: true, source: true, mode: true, state: true, counts: true },
            ...{ askedAt: true, startedAt: true, importedAt: true, finishedAt: true },
          }).shape,
          error: code,
          notes: count,
        }),
      )
      .readonly()
      .describe('the latest'),
    waiting: z
      .object({ held: count, questions: z.record(z.string(), count), worklist: count })
      .describe('counted up to 200'),
  }),
);
export type Diagnostics = z.output<typeof diagnostics>;
