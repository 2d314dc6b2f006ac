import { z } from 'zod';

/** `holder.json` beside the lock of a data directory. */
export const holderSchema = z.object({
  pid: z.number().int(),
  role: z.enum(['daemon', 'command']),
  host: z.string(),
  command: z.string(),
  since: z.iso.datetime(),
  address: z.string().optional(),
});

/**
 * Who holds a data directory: process id and host name, whether it is the daemon or a command that ends by itself,
 * the command's name, since when (ISO 8601, UTC), and the address of its API once a daemon serves one.
 */
export type Holder = z.infer<typeof holderSchema>;
