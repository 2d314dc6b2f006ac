import { z } from 'zod';
import { tooLongForIndex } from '../../domain/text-limits.ts';
import { reason, seenText } from './common.ts';
import { named } from './registry.ts';

const name = z.string().trim().min(1).max(256);
const why = { reason: reason.nullish() };

const group = named(
  'Group',
  z.object({
    name: z.string(),
    below: z.string().nullable().describe('the group that contains it; null at the top'),
    path: z.array(z.string()).readonly().describe('names from the top down to the group itself'),
    default: z.boolean().describe('teams that nobody has put into another group are in this one'),
    teams: z.array(z.string()).readonly().describe('the teams directly in it'),
  }),
);
export type Group = z.output<typeof group>;

/** The whole tree: each group after the one that contains it. */
export const groupList = z.object({ items: z.array(group).readonly() });
export const groupParameters = z.object({ group: name });
export const groupTeamParameters = z.object({ team: name });
/** Of a group that is made or renamed. */
const newName = seenText
  .trim()
  .min(1)
  .max(256)
  .refine((text) => tooLongForIndex(text) === undefined, { error: ({ input }) => tooLongForIndex(String(input)) });
export const groupAdded = z.strictObject({ name: newName, below: name.nullish(), ...why });
export const groupChange = z.strictObject({
  name: newName.optional(),
  below: name.nullable().optional().describe('null: the top'),
  ...why,
});
export const groupRemoval = z.strictObject({ ...why });
export const teamMove = z.strictObject({ group: name.nullable().describe('null: the default group'), ...why });

const role = named(
  'Role',
  z.object({
    role: z.string(),
    privileges: z.array(z.object({ application: z.string().nullable(), privilege: z.string() })).readonly(),
    managesTeams: z.boolean().describe('whether who has it can manage the teams that they supervise'),
  }),
);
export type Role = z.output<typeof role>;
export const roleList = z.object({ items: z.array(role).readonly() });
