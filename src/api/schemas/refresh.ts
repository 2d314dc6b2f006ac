import { z } from 'zod';
import { id } from './common.ts';
import { change } from './events.ts';
import { named } from './registry.ts';
import { refusedSource, run } from './runs.ts';

const text = z.string().describe('the outcome as a sentence, for people');
const changes = z.array(change).readonly();

/** What became of one account that was read anew, in the four steps (spec 2.8). */
const refreshedAccount = named(
  'RefreshedAccount',
  z.object({
    source: z.string(),
    externalId: z.string(),
    runId: id.nullable().describe('null where the source was not asked'),
    read: z.object({
      outcome: z.enum([
        'new',
        'changed',
        'unchanged',
        'disabled',
        'returned',
        'absent',
        'rejected',
        'not-read',
        'refused',
        'under-way',
      ]),
      text,
    }),
    match: z.object({
      outcome: z.enum(['linked', 'unmatched', 'waiting', 'question', 'ignored', 'unlinked', 'new', 'no-account']),
      text,
      userId: id.nullable(),
      reviewItem: id.nullable(),
    }),
    decide: z.object({
      outcome: z.enum(['change', 'held', 'nothing', 'under-way']),
      text,
      changes: changes.describe('what would change if nothing were held back'),
    }),
    apply: z.object({ outcome: z.enum(['applied', 'nothing', 'failed', 'under-way']), text, changes }),
  }),
);
export type RefreshedAccount = z.output<typeof refreshedAccount>;

export const refreshed = named(
  'Refreshed',
  z.object({
    id: z.string().describe('of the sync that its runs belong to'),
    atRest: z.boolean().describe('false: it takes longer; the runs go on'),
    accounts: z.array(refreshedAccount).readonly(),
    runs: z.array(run).readonly(),
    refused: z.array(refusedSource).readonly(),
  }),
);
export type Refreshed = z.output<typeof refreshed>;
