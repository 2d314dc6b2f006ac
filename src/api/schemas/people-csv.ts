import { z } from 'zod';
import { id, pageOf, pageRequest } from './common.ts';
import { named } from './registry.ts';

const names = z
  .union([z.string().min(1).max(256), z.array(z.string().min(1).max(256)).max(100)])
  .transform((given) => (typeof given === 'string' ? [given] : given));

const selection = {
  all: z.enum(['true', 'false']).default('false').describe('inactive users too'),
  search: z.string().min(1).max(200).optional().describe('as in the list of users'),
  sync: z.enum(['on', 'off']).optional(),
  group: names.optional().describe('only users of this group and those below it; may be given several times'),
  team: names.optional().describe('only users of this team; may be given several times'),
};

export const peopleExport = z.strictObject(selection);
export const peopleFilter = pageRequest.extend(selection);

const person = named(
  'CsvPerson',
  z.object({
    userId: id,
    cells: z
      .array(z.string())
      .readonly()
      .describe('one per column of people.csv, in its order, as they are before formulas are quoted'),
  }),
);
export type CsvPerson = z.output<typeof person>;
export const personPage = pageOf('CsvPersonPage', person);
