import { shortFormsOf } from './short-forms.ts';

/** What an account is called. */
export interface Names {
  readonly firstName: string | null;
  readonly lastName: string | null;
  readonly displayName: string | null;
}

interface Sighting {
  /** When the account was last linked or applied. */
  readonly namesSeen: Names;
  readonly namesNow: Names;
  /** The account was gone since it was last applied. */
  readonly wasGone: boolean;
}

/**
 * Whether an account may have gone to another person, judged by its names alone (spec 8.3). Case, accents, the order of the
 * names, titles and middle names that come or go, and a cut at a length limit make no other name. Where it cannot be told
 * which of two words is the given name, a person is asked.
 */
export function suspectsReuse({ namesSeen, namesNow, wasGone }: Sighting): boolean {
  const [seen, now] = [readName(namesSeen), readName(namesNow)];
  if (seen === null || now === null || sameName(seen, now)) return false;
  // Which of the words are given names cannot be told.
  if (seen.parts === null || now.parts === null) return !sameGivenWords(seen.words, now.words);
  const given = compareGiven(seen.parts.given, now.parts.given);
  if (given === 'other') return true;
  return !sameFamily(seen.parts.family, now.parts.family) && (wasGone || given === 'short form');
}

/** A name as it is compared: folded, in words. */
interface ReadName {
  readonly words: readonly string[];
  /** The name in both orders, without anything between the words. */
  readonly texts: readonly string[];
  /** Null where the source does not tell which is which. */
  readonly parts: { readonly given: readonly string[]; readonly family: readonly string[] } | null;
}

function readName(names: Names): ReadName | null {
  const { given, family, whole } = partsOf(names);
  if (whole.length > 0) return { words: whole, texts: [whole.join('')], parts: null };
  if (given.length + family.length === 0) return null;
  const texts = [[...given, ...family].join(''), [...family, ...given].join('')];
  return { words: [...given, ...family].sort(), texts, parts: { given, family } };
}

/** Given and family name where the source tells them; else the whole as it is shown. */
function partsOf({ firstName, lastName, displayName }: Names): Record<'given' | 'family' | 'whole', string[]> {
  const [given, family] = [wordsOf(firstName), wordsOf(lastName)];
  const shown = wordsOf(displayName);
  if (shown.length === 0 || (given.length > 0 && family.length > 0)) return { given, family, whole: [] };
  const [before, after] = displayName?.split(/,(.*)/s) ?? [];
  if (before === undefined || after === undefined) return { given: [], family: [], whole: shown };
  return { family: wordsOf(before), given: wordsOf(after), whole: [] };
}

/** Letters that NFD does not take apart, as they are written without them. */
const letters: Readonly<Record<string, string>> = {
  ß: 'ss',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  ł: 'l',
  æ: 'a',
  œ: 'o',
  ı: 'i',
  þ: 'th',
};

/** The folded words of a name; Müller, Mueller and Muller are one, and so are O'Brien and OBrien. */
function wordsOf(name: string | null): string[] {
  if (name === null) return [];
  return name
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[ßøđðłæœıþ]/g, (letter) => letters[letter] ?? letter)
    .replace(/['’`´]/g, '')
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '' && !titles.has(word))
    .map((word) => word.replace(/([aou])e/g, '$1'));
}

const titles = new Set([
  ...['ing', 'mgr', 'bc', 'mudr', 'judr', 'phdr', 'rndr', 'paeddr', 'phd', 'csc', 'dis', 'mba'],
  ...['dr', 'prof', 'doc', 'mr', 'mrs', 'ms', 'jr', 'sr'],
]);

function sameName(seen: ReadName, now: ReadName): boolean {
  return (
    seen.words.join(' ') === now.words.join(' ') ||
    seen.texts.some((a) => now.texts.some((b) => a === b || isCut(a, b) || isCut(b, a)))
  );
}

/** Avaya's limit for a name; other systems have others, none below the second. A separator may have been cut off with it. */
const [avayaLimit, shortestLimit] = [27, 20];

/** Whether the one name is the other, cut at a length limit. One that only lost an ending is not: Alexandra, Alexandr. */
function isCut(cut: string, whole: string): boolean {
  if (cut.length < shortestLimit || !whole.startsWith(cut)) return false;
  return cut.length >= avayaLimit - 3 || !isEndingOfAnother(whole.slice(cut.length));
}

/**
 * What makes another person's name of a given name, and no short form: Jan, Jana; Michal, Michaela; Daniel, Danielle;
 * Hoa, Hoang.
 */
function isEndingOfAnother(rest: string): boolean {
  return /^(?:.|i[ae]|[aei]?(?:l{1,2}|n|k|t{1,2})[ae]|[aeo]?n[gh])$/u.test(rest);
}

type GivenName = 'same' | 'short form' | 'other';

/** A given name that is missing proves nothing; middle names may come and go, as long as one set holds the other. */
function compareGiven(seen: readonly string[], now: readonly string[]): GivenName {
  if (seen.length === 0 || now.length === 0 || seen.join('') === now.join('')) return 'same';
  if (sameWords(seen, now)) return seen.length === now.length ? 'same' : 'short form';
  return sameGivenWords(seen, now) ? 'short form' : 'other';
}

/** Fewer letters begin too many names: Ha, Hanh. An initial stands for any of them. */
const shortestBeginning = 3;

function sameGiven(a: string, b: string): boolean {
  const [short, long] = shorterFirst([a, b]);
  if (short === long || (short.length === 1 && long.startsWith(short))) return true;
  if (short.length >= shortestBeginning && long.startsWith(short) && !isEndingOfAnother(long.slice(short.length)))
    return true;
  return shortFormsOf(a).some((forms) => forms.has(b));
}

/** One of two family names may come or go without being another: García López, García. One that is missing proves nothing. */
function sameFamily(seen: readonly string[], now: readonly string[]): boolean {
  return seen.join('') === now.join('') || sameWords(seen, now);
}

/** The words of the one are all in the other. */
function sameWords(seen: readonly string[], now: readonly string[]): boolean {
  const [fewer, more] = shorterFirst([seen, now]);
  return fewer.every((word) => more.includes(word));
}

/** The words of the one are all in the other, short forms included. */
function sameGivenWords(seen: readonly string[], now: readonly string[]): boolean {
  const [fewer, more] = shorterFirst([seen, now]);
  return fewer.every((word) => more.some((other) => sameGiven(word, other)));
}

/** Of two texts, or of two lists of words. */
function shorterFirst<T extends { readonly length: number }>([a, b]: readonly [T, T]): readonly [T, T] {
  return a.length <= b.length ? [a, b] : [b, a];
}

type GivenAndFamily = Pick<Names, 'firstName' | 'lastName'>;

/**
 * Whether two people's first and last names have nothing in common (spec 4.12): no word of the one is one of the other, in either
 * order, short forms, initials and names that were cut counted. Where one of the names is missing it cannot be told.
 */
export function nothingInCommon(a: GivenAndFamily, b: GivenAndFamily): boolean {
  const [ofA, ofB] = [wordsOfBoth(a), wordsOfBoth(b)];
  if (ofA === null || ofB === null) return false;
  return !ofA.some((word) => ofB.some((other) => sameGiven(word, other)));
}

function wordsOfBoth({ firstName, lastName }: GivenAndFamily): readonly string[] | null {
  const [given, family] = [wordsOf(firstName), wordsOf(lastName)];
  return given.length === 0 || family.length === 0 ? null : [...given, ...family];
}
