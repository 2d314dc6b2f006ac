import { z } from 'zod';

const longestId = 256;

/** The values of the attribute that identifies an entry: exactly one text that survives a log and a URL. */
export const externalId = z
  .tuple([z.string()])
  .transform(([text]) => text.normalize('NFC').trim())
  .pipe(
    z
      .string()
      .min(1)
      .max(longestId)
      .regex(/^[^\p{C}\ufffd]+$/u),
  );
