/**
 * Characters that nobody sees, or that change how the others are shown: control and format characters (zero-width ones, marks
 * of direction, the invisible tags), line and paragraph separators, and letters without a shape. The two joiners (U+200C,
 * U+200D) are let out: some languages and pictures cannot be written without them.
 */
// eslint-disable-next-line no-misleading-character-class -- the fillers are meant as single characters
const unseen = /(?!\u200C|\u200D)[\p{Cc}\p{Cf}\u2028\u2029\u115F\u1160\u17B4\u17B5\u3164\uFFA0]/u;
const unseenAll = new RegExp(unseen, 'gu');

/** Whether a text of people has characters that cannot be seen: names that look alike would be different, and a log would lie. */
export function hasUnseen(text: string): boolean {
  return unseen.test(text);
}

/** The text with a mark in the place of each; line ends and tabs stay. */
export function showUnseen(text: string): string {
  return text.replace(unseenAll, (character) => (/[\t\r\n]/.test(character) ? character : '\uFFFD'));
}

/** What is wrong with such a text, as the end of a sentence. */
export const unseenProblem = 'must not contain control characters or others that cannot be seen';
