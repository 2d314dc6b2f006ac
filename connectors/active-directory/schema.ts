import { z } from 'zod';
import { accountControl, guidText } from '../../src/connector-kit/ldap/microsoft-values.ts';

/** objectGUID: 16 bytes, here in the canonical form. */
export const objectGuid = z
  .instanceof(Buffer)
  .transform((bytes, context) => guidText(bytes) ?? refuse(context, 'objectGUID is no GUID'));

/** userAccountControl: a signed 32-bit number in decimal. */
export const userAccountControl = z
  .string()
  .transform((text, context) => accountControl(text) ?? refuse(context, 'userAccountControl is no 32-bit number'));

function refuse(context: z.RefinementCtx, message: string): never {
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
}
