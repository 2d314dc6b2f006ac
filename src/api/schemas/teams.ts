import { z } from 'zod';
import { reason, seenText } from './common.ts';
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
