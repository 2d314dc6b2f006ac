import { z } from 'zod';
import { normalise } from '../../src/connector-kit/text.ts';
import { valueSchema } from '../../src/connector-kit/value.ts';

/** The id of an end user of the call manager: text with its leading zeros, and every character but slashes. */
export const userId = valueSchema.transform(normalise).pipe(
  z
    .string()
    .min(1)
    .max(255)
    .regex(/^[^/\\]+$/),
);

/** What a resource has in one text, by the names that `mapping` uses; the elements of the wire without case. */
export const scalarFields = [
  'userID',
  'firstName',
  'lastName',
  'fullName',
  'extension',
  'alias',
  'resourceId',
] as const;

/** What is put together from several elements. */
export const compoundFields = ['skills', 'resourceGroup'] as const;

/** Of `type`: a supervisor has 2 even where he takes calls as well. */
export const supervisorType = /^(?:2|supervisor)$/i;
export const agentType = /^(?:1|agent)$/i;
