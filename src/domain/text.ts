/** ASCII without space at either end: most texts, and normalised as they are. */
const plain = /^[!-~](?:[ -~]*[!-~])?$/;

/** Text as it is stored and compared for change: Unicode NFC, trimmed (spec 2.4). */
export function normalise(text: string): string {
  return plain.test(text) ? text : text.normalize('NFC').trim();
}

/**
 * Text as it is matched and kept unique: normalised and without case, independent of locale (spec 2.4).
 * Upper before lower case folds letters such as ß and ſ alike.
 */
export function fold(text: string): string {
  return normalise(text).toUpperCase().toLowerCase();
}

/** Orders text by code unit, so that every machine and database with collation "C" agrees on ASCII and on the order of ids. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
