import { z } from 'zod';
import { accountControl, guidText } from '../../src/connector-kit/ldap/microsoft-values.ts';

/** Attributes (lower case) that hold a stable id, in the order in which they are looked for. */
export const stableIds: readonly string[] = ['objectguid', 'entryuuid', 'ipauniqueid', 'nsuniqueid'];
/** Names of accounts: an id only where a directory shows no better one, because names change and are given again. */
export const loginIds: readonly string[] = ['samaccountname', 'uid'];

/** In lower case. */
export const binaryAttributes: ReadonlySet<string> = new Set(['objectguid']);

const uuid = z.string().regex(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i);

/** objectGUID: 16 bytes as AD keeps them, or the text that ldbsearch writes; gives the canonical form. */
export const objectGuid = z.instanceof(Buffer).transform((bytes, context) => {
  if (bytes.length === 16) return guidText(bytes) ?? refuse(context);
  const text = uuid.safeParse(bytes.toString('latin1'));
  return text.success ? text.data.toLowerCase() : refuse(context);
});

/** userAccountControl: a signed 32-bit number in decimal. */
export const userAccountControl = z.string().transform((text, context) => accountControl(text) ?? refuse(context));

function refuse(context: z.RefinementCtx): never {
  context.addIssue({ code: 'custom', message: 'is not of its form' });
  return z.NEVER;
}
