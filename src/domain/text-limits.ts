import { uniqueFields, type Field } from './fields.ts';
import { fold } from './text.ts';

/** How much UTF-8 a text may take that an index holds: a row of an index holds some 2,700 bytes, and one takes several texts. */
const mostBytes = 600;

/** Short enough in any script, and folded too: no letter folds to more than 18 others. */
const surelyFits = Math.floor(mostBytes / (18 * 3));
const plain = /^[ -~]*$/;

/** The fields that are kept unique, by which people are found and by which lists are ordered. */
const indexed: ReadonlySet<Field> = new Set<Field>([...uniqueFields, 'email', 'firstName', 'lastName', 'displayName']);

/** Why a text cannot be kept where an index holds it, as the end of a sentence; undefined where it can. */
export function tooLongForIndex(text: string): string | undefined {
  const fits = text.length <= surelyFits || (plain.test(text) ? text.length : bytesOf(text)) <= mostBytes;
  return fits ? undefined : `is longer than ${String(mostBytes)} bytes of UTF-8`;
}

/** The same of a field's value: only some fields are in an index. */
export function tooLongForField(field: Field, text: string): string | undefined {
  return indexed.has(field) ? tooLongForIndex(text) : undefined;
}

/** Of the text as it is and as it is folded: either is in an index. */
function bytesOf(text: string): number {
  return text.length > mostBytes ? text.length : Math.max(Buffer.byteLength(text), Buffer.byteLength(fold(text)));
}
