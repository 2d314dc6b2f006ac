import { z } from 'zod';
import { id, reason, seenText, sourceId } from './common.ts';
import { change } from './events.ts';
import { named } from './registry.ts';

const team = named(
  'Team',
  z.object({
    name: z.string(),
    group: z.string(),
    members: z.int().describe('active users'),
    supervisors: z.int().describe('active users'),
    bindings: z
      .array(
        z.object({
          source: z.string(),
          externalId: z.string(),
          name: z.string().describe('as the source calls it'),
          gone: z.boolean().describe('the source has it no longer'),
        }),
      )
      .readonly()
      .describe('teams of sources whose memberships are memberships of this team'),
  }),
);
export type Team = z.output<typeof team>;

export const teamDetail = named(
  'TeamDetail',
  z.object({
    ...team.shape,
    memberNames: z.array(z.string()).readonly().describe('usernames, the first hundred'),
    supervisorNames: z.array(z.string()).readonly().describe('usernames, the first hundred'),
  }),
);
export type TeamDetail = z.output<typeof teamDetail>;

export const teamList = z.object({ items: z.array(team).readonly() });
export const teamParameters = z.object({ team: z.string().trim().min(1).max(256) });
const why = { reason: reason.nullish() };
export const teamRename = z.strictObject({ name: seenText.trim().min(1).max(256), ...why });
export const teamRemoval = z.strictObject({ ...why });

const externalId = z.string().min(1).max(1_000);
const preview = { preview: z.boolean().default(false) };

const teamBinding = named(
  'TeamBinding',
  z.object({
    source: z.string(),
    externalId: z.string(),
    name: z.string().describe('as the source calls it'),
    team: z.string().nullable().describe('the team whose memberships its memberships are'),
    state: z
      .enum(['bound', 'unbound', 'undecided'])
      .describe('unbound: a person left its memberships out; undecided: no run has decided, or it waits for an answer'),
    members: z.int().describe('users whose present accounts name it'),
    gone: z.boolean().describe('the source has it no longer'),
  }),
);
export type TeamBinding = z.output<typeof teamBinding>;
export const teamBindingList = z.object({ items: z.array(teamBinding).readonly() });
export const teamBindingQuery = z.strictObject({
  source: sourceId.optional(),
  state: teamBinding.shape.state.optional(),
});
export const teamBindingParameters = z.object({ source: sourceId, externalId });
export const teamBound = z.strictObject({
  team: z.string().trim().min(1).max(256).nullable().describe('null: its memberships are left out'),
  ...preview,
  ...why,
});
export const teamMerge = z.strictObject({ into: z.string().trim().min(1).max(256), ...preview, ...why });

export const teamActed = named(
  'TeamActed',
  z.object({
    preview: z.boolean(),
    event: z.int().nullable().describe('undone by this id; null where there was nothing to do'),
    moved: z.object({
      count: z.int().describe('users whom it moves, at once or in the next run of the source'),
      first: z
        .array(z.object({ userId: id, username: z.string().nullable(), changes: z.array(change).readonly() }))
        .readonly()
        .describe('the first hundred of them'),
    }),
    told: z.array(z.string()).readonly(),
  }),
);
export type TeamActed = z.output<typeof teamActed>;
