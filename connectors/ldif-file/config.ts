import { z } from 'zod';

/** The keys of an `ldif-file` source beyond the common ones. */
export const config = z.strictObject({
  connection: z.strictObject({
    /** The exported file. */
    path: z.string().min(1),
  }),
  /** The domain in front of the Windows login, for an export of Active Directory; the file itself rarely holds it. */
  netbiosName: z
    .string()
    .regex(/^[^\s\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/, 'must be a NetBIOS domain name, such as CORP')
    .optional(),
});

export type Config = z.infer<typeof config>;
