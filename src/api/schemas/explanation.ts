import { z } from 'zod';
import { id, time } from './common.ts';
import { named } from './registry.ts';

const text = z.string().nullable();
const shown = z.union([z.string(), z.array(z.string()).readonly()]).nullable();
const change = z.object({ field: z.string(), before: shown, after: shown });

const voice = named(
  'Voice',
  z.object({
    kind: z.enum(['override', 'source', 'local', 'default']),
    source: text,
    value: z.string(),
    rule: z.string().describe('why this voice counts, or why it does not'),
    by: text,
    reason: text,
    since: time.nullable(),
    silentSince: time.nullable(),
    linked: z.boolean().nullable().describe('false for a value kept from an ended link'),
  }),
);

const hold = named(
  'Hold',
  z.object({
    code: z.enum([
      'sync-off',
      'inactive',
      'gone',
      'disabled',
      'ignored',
      'unlinked',
      'refusal',
      'review-item',
      'waiting',
      'silent',
      'run-held',
      'source-paused',
    ]),
    message: z.string(),
    part: text.describe('null where it holds the whole account'),
    since: time.nullable(),
    until: time.nullable(),
    by: text,
    reason: text,
    itemId: id.nullable(),
    runId: id.nullable().describe('of the held run'),
    changes: z.array(change).readonly().describe('what would change if this alone were lifted'),
  }),
);

/** Where every value of a user comes from and what holds changes back (spec 5.7). */
export const explanation = named(
  'Explanation',
  z.object({
    userId: id,
    mergedInto: id.nullable().describe('who has taken everything over, where the user was merged'),
    active: z.boolean(),
    syncEnabled: z.boolean(),
    fields: z
      .array(
        z.object({
          field: z.string(),
          value: text,
          derived: z.boolean(),
          winner: voice.nullable(),
          losers: z.array(voice).readonly(),
        }),
      )
      .readonly(),
    roles: z
      .array(
        z.object({
          role: z.string(),
          held: z.boolean(),
          givenBy: z.array(z.string()).readonly(),
          takenBy: text,
          since: time.nullable(),
        }),
      )
      .readonly(),
    teams: z
      .array(
        z.object({
          team: z.string(),
          held: z.boolean(),
          main: z.boolean(),
          givenBy: z.array(z.string()).readonly(),
          takenBy: text,
          since: time.nullable(),
        }),
      )
      .readonly(),
    missingPrivileges: z
      .array(z.string())
      .readonly()
      .describe('what "can manage" needs and no role of this supervisor has'),
    accounts: z
      .array(
        z.object({
          source: z.string(),
          externalId: z.string(),
          state: z.enum(['present', 'disabled', 'gone', 'unlinked']),
          linkedSince: time.nullable(),
          unlinkedSince: time.nullable(),
          origin: z.string(),
          rule: text,
          pending: z.array(change).readonly().describe('what would change if every hold were lifted'),
          holds: z.array(hold).readonly(),
        }),
      )
      .readonly(),
  }),
);
export type Explanation = z.output<typeof explanation>;
