import { z } from 'zod';
import { normalise } from '../../src/connector-kit/text.ts';
import { valueSchema } from '../../src/connector-kit/value.ts';

/** The id of an agent in the database (SkillTargetID), from the end of its link; never given away again. */
export const agentKey = valueSchema.transform(normalise).pipe(
  z
    .string()
    .max(64)
    .regex(/^[^/\\?#\s]+$/),
);

/** A count or an index in `pageInfo`. */
export const count = z
  .string()
  .trim()
  .regex(/^\d{1,9}$/)
  .transform(Number);

/** What `mapping` may name: elements of an agent, and of the person in it; on the wire they have this case. */
export const agentFields = ['agentId', 'description', 'peripheralName'] as const;
export const personFields = ['firstName', 'lastName', 'userName', 'emailAddress'] as const;
/** What is put together from several elements. */
export const compoundFields = ['skillGroups', 'defaultSkillGroup', 'agentDeskSettings', 'department'] as const;
/** `agentAttribute.NAME`: the value of the attribute of that name. */
export const attributePrefix = 'agentAttribute.';
