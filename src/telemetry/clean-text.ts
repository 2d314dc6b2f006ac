import { showUnseen } from '../domain/visible-text.ts';

/**
 * What makes a terminal or a log viewer do something instead of showing it: control characters (C0, DEL, C1), line and
 * paragraph separators, and the marks that turn the direction of the text around (Unicode UAX #9). What else cannot be seen is shown as a mark.
 */
const notShown = /[\p{Cc}\u2028\u2029\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]+/gu;

/** Text of another system as it may be shown or logged: one line, nothing that steers a terminal, at most `limit` characters. */
export function cleanText(text: string, limit = 500): string {
  // Cut before cleaning too, so that a huge text costs nothing; a character has at most two units.
  const start = text.slice(0, limit * 2 + 2);
  const characters = Array.from(showUnseen(start.replace(notShown, ' ')).toWellFormed());
  const cut = characters.length > limit || start.length < text.length;
  return cut ? `${characters.slice(0, limit - 1).join('')}…` : characters.join('');
}
