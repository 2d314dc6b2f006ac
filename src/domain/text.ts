/** ASCII without space at either end: most texts, and normalised as they are. */
const plain = /^[!-~](?:[ -~]*[!-~])?$/;

/** Text as it is stored and compared for change: Unicode NFC, trimmed (spec 2.4). */
export function normalise(text: string): string {
  return plain.test(text) ? text : text.normalize('NFC').trim();
}

/** Changes with what `fold` makes of a text, so that what is stored folded is derived anew. */
export const foldVersion = 2;

/** Characters that mark nothing: zero-width ones, soft hyphens, byte order marks, marks of direction. */
const invisible = /\p{Default_Ignorable_Code_Point}/gu;

/**
 * Text as it is matched and kept unique (spec 2.4): without characters that mark nothing, without compatibility forms, without
 * case (ẞ, ß and ss are one), trimmed, independent of locale. What is folded is folded already.
 */
export function fold(text: string): string {
  if (plain.test(text)) return text.toLowerCase();
  // One step may make way for another, as a letter that is taken apart: it goes on until nothing moves.
  for (let folded = foldOnce(text); ; folded = foldOnce(folded)) if (foldOnce(folded) === folded) return folded;
}

/** JavaScript has no case folding. Lower, upper and lower again take every letter of one fold to the same text, but for sigma. */
function foldOnce(text: string): string {
  const whole = text.replace(invisible, '').normalize('NFKC');
  const small = whole.toLowerCase().toUpperCase().toLowerCase().replaceAll('ς', 'σ');
  return small.normalize('NFKC').replace(invisible, '').trim();
}

/** Orders text by code unit, so that every machine and database with collation "C" agrees on ASCII and on the order of ids. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
