import { z } from 'zod';
import { isEncoding } from '../../src/connector-kit/file.ts';

/** The keys of a `csv-file` source beyond the common ones. */
export const config = z.strictObject({
  connection: z.strictObject({
    /** The exported file. */
    path: z.string().min(1),
    /** What the file is written in where it is not UTF-8: `windows-1252` for Excel's plain CSV in Western Europe, and so on. */
    encoding: z
      .string()
      .refine(isEncoding, 'must be a name of the WHATWG Encoding Standard, such as windows-1252')
      .optional(),
  }),
});

export type Config = z.infer<typeof config>;
