import { describe, expect, it } from 'vitest';
import { suspectsReuse, type Names } from '../../../src/reconcile/re-use.ts';

/** `Given|Family`, or a name as it is shown. */
function names(text: string): Names {
  const [first = '', last] = text.split('|');
  if (last === undefined) return { firstName: null, lastName: null, displayName: text === '' ? null : text };
  return { firstName: first === '' ? null : first, lastName: last === '' ? null : last, displayName: null };
}

const suspects = (seen: string, now: string, wasGone = false): boolean =>
  suspectsReuse({ namesSeen: names(seen), namesNow: names(now), wasGone });

type Row = readonly [seen: string, now: string, why: string];

const samePerson: readonly Row[] = [
  ['Eva|Novák', 'Eva|Novák', 'nothing has changed'],
  ['Eva|Novák', 'EVA|NOVÁK', 'case'],
  ['Eva|Nováková', 'Eva|Novakova', 'Czech accents'],
  ['Jiří|Řehoř', 'Jiri|Rehor', 'Czech accents'],
  ['Zoë|Nagy', 'Zoe\u0308|Nagy', 'two codings of one letter'],
  ['Hùng|Đặng', 'Hung|Dang', 'Vietnamese accents, and đ'],
  ['Łukasz|Wójcik', 'Lukasz|Wojcik', 'Polish ł'],
  ['Jürgen|Müller', 'Juergen|Mueller', 'ü written as ue'],
  ['Jürgen|Müller', 'Jurgen|Muller', 'ü written as u'],
  ['Jan|Groß', 'Jan|Gross', 'ß'],
  ["Mary|O'Brien", 'Mary|O’Brien', 'another apostrophe'],
  ["Mary|O'Brien", 'Mary|OBrien', 'no apostrophe'],
  ['Eva|Novák', 'Novák|Eva', 'given and family name exchanged'],
  ['Novak, Eva', 'Eva Novak', 'order of a name as it is shown'],
  ['Novak, Eva', 'Eva|Novák', 'a source that now tells the names apart'],
  ['Nguyễn Văn An', 'An Nguyen Van', 'Vietnamese order'],
  ['Jean-Pierre|Dupont', 'Jean Pierre|Dupont', 'hyphen'],
  ['Anne-Marie|Koch', 'Annemarie|Koch', 'hyphen'],
  ['Ana|García López', 'Ana|García-López', 'Spanish double name'],
  ['Ing. Eva Nováková', 'Eva Nováková', 'a title'],
  ['Petr|Veselý', 'Petr|Veselý Ph.D.', 'a title'],
  ['Katerina Novotna-Dvorakovska', 'Katerina Novotna-Dvorakovs', 'cut at 27 characters'],
  ['Papadopoulos-Konstantinou, A', 'Papadopoulos-Konstantinou, Anastasia', 'cut at 27 characters'],
  ['Anastasia|Papadopoulou-Konst', 'Anastasia|Papadopoulou-Konstantinidou', 'cut in the family name'],
  ['Alexandra|Novák', 'Alex|Novák', 'a beginning'],
  ['Tom|Black', 'Tomas|Black', 'a beginning that has grown'],
  ['Bol|Novák', 'Boleslav|Novák', 'a beginning of three letters'],
  ['Jan|Novák', 'Honza|Novák', 'Czech short form'],
  ['Robert|Hill', 'Bob|Hill', 'English short form'],
  ['Francisco|Ruiz', 'Paco|Ruiz', 'Spanish short form'],
  ['Kateřina|Malá', 'Katka|Malá', 'Czech short form'],
  ['J.|Novák', 'Jan|Novák', 'an initial'],
  ['Anna Marie|Novák', 'Anna|Novák', 'a second given name that is left out'],
  ['Eva Novak', 'Eva Marie Novak', 'a middle name, shown'],
  ['', 'Jan|Novák', 'there was no name'],
  ['Jan|Novák', '', 'there is no name any more'],
  ['Jan|Novák', '|Novák', 'no given name any more'],
  ['|Novák', 'Jan|Novák', 'a given name where there was none'],
  ['Jan|', 'Jan|Novák', 'a family name where there was none'],
  ['Honza|', 'Jan|Novák', 'a short form, and a family name where there was none'],
  ['Jan|García-López', 'Honza|Garcialopez', 'a short form, and a hyphen of the family name'],
  ['Søren|Kjær', 'Soren|Kjaer', 'Danish ø and æ'],
  ['Þór|Guðmundsson', 'Thor|Gudmundsson', 'Icelandic Þ and ð'],
  ['Anne|Lœb', 'Anne|Loeb', 'French œ'],
  ['Işıl|Yılmaz', 'Isil|Yilmaz', 'Turkish ı'],
  ['Mary|O`Brien', 'Mary|O´Brien', 'accents as apostrophes'],
  ['Văn An|Nguyễn', 'Nguyễn|An Văn', 'the words in any order, over both fields'],
  ['Eva|Kratochvilovamala', 'Eva|Kratochvilovamalanova', 'cut at 20 characters'],
  ['Eva|Kratochvilovamalanova', 'Eva|Kratochvilovamalanovaa', 'cut by one character, near 27'],
  ['Katerina Novotna-Dvorakovs', 'Katerina|Novotna-Dvorakovska', 'cut as it was shown, told apart and whole now'],
  ['Papadopoulos-Constantin, An', 'Papadopoulos-Constantin, Anastasia', 'cut at 27 characters, in the given name'],
  ['Li-Na Wang', 'Lina Wang', 'hyphen, as it is shown'],
  ['Ta’Shawn Paul|Hill', 'Tashawn|Hill', 'an apostrophe, and a second given name that is left out'],
  ['Tomas Jan|Black', 'Tom|Black', 'a short form, and a second given name that is left out'],
  ['Bo Novak', 'Bo Eva Novak', 'a middle name beside a name of two letters, shown'],
];

const newFamilyName: readonly Row[] = [
  ['Novak, Eva', 'Svoboda, Eva', 'shown with a comma'],
  ['Anne-Marie|Koch', 'Annemarie|Malá', 'the given name with and without hyphen'],
  ['Eva Jana|Koch', 'Jana Eva|Malá', 'the given names in another order'],
  ['Eva|Kratochvilovamal', 'Eva|Kratochvilovamalanova', 'nothing is cut below 20 characters'],
  ['Eva|Kratochvilovamalanov', 'Eva|Kratochvilovamalanova', 'another ending, too far from 27'],
  ['Eva|Nováková', 'Eva|Svobodová', 'married'],
  ['Jürgen|Müller', 'Juergen|Koch', 'the given name in another spelling'],
  ['Ana|García López', 'Ana|Ruiz Gómez', 'both Spanish family names'],
  ['Eva|Novák', 'Eva|Novák Malá', 'another family name added'],
  ['Thị Lan|Nguyễn', 'Thi Lan|Trần', 'Vietnamese'],
  ['|Novák', 'Eva|Svobodová', 'a given name that is missing proves nothing'],
];

const another: readonly Row[] = [
  ['Jo|Novák', 'Jonatan|Novák', 'two letters are no beginning'],
  ['Eva Jana|Koch', 'Eva|Malá', 'both names, of two given ones one is left out'],
  ['Eva|Novák', 'Petr|Novák', 'another given name'],
  ['Eva|Novák', 'Petr|Svoboda', 'both names'],
  ['Jan|Novák', 'Jana|Novák', 'the feminine is no short form'],
  ['Petr|Novák', 'Petra|Nováková', 'both names, each with an ending'],
  ['Michal|Král', 'Michaela|Králová', 'both names, each with an ending'],
  ['Daniel|Roth', 'Danielle|Roth', 'the feminine is no short form'],
  ['Viktor|Roth', 'Viktorie|Roth', 'the feminine is no short form'],
  ['Hoa|Nguyễn', 'Hoàng|Nguyễn', 'Vietnamese names of which one begins the other'],
  ['Văn An|Nguyễn', 'Văn Bình|Nguyễn', 'a middle name in common'],
  ['Hà|Trần', 'Hạnh|Trần', 'two letters are no short form'],
  ['Jean-Pierre|Dupont', 'Jean-Paul|Dupont', 'half of a hyphenated name'],
  ['Jan|Novák', 'Honza|Svoboda', 'both names, the given one a short form'],
  ['Novak, Eva', 'Novak, Petr', 'shown with a comma'],
  ['Novak Eva', 'Novak Petr', 'it cannot be told which is the given name'],
  ['Eva Novak', 'Eva Svoboda', 'it cannot be told which is the given name'],
  ['Eva', 'Petr', 'one word is shown'],
  ['Jan|', 'Petr|', 'only a given name'],
  ['K.|Novák', 'Jan|Novák', 'the initial of another name'],
  ['Eva|Novák', 'Petr Svoboda', 'another name stands where the two stood'],
  ['Katerina|Novotna-Dvorakovska', 'Klara|Novotna-Dvorakovska', 'a long family name in common'],
  ['Alexandr|Kratochvil-Maly', 'Alexandra|Kratochvil-Maly', 'longer by an ending is not cut'],
];

describe('8.3 suspected re-use of an id, by the names', () => {
  it.each(samePerson)('8.3 %s → %s is the same person, gone or not: %s', (seen, now) => {
    expect(suspects(seen, now)).toBe(false);
    expect(suspects(seen, now, true)).toBe(false);
    expect(suspects(now, seen, true)).toBe(false);
  });

  it.each(newFamilyName)('8.3 %s → %s is a rename, unless the account was gone: %s', (seen, now, why) => {
    expect(suspects(seen, now)).toBe(false);
    expect(suspects(now, seen)).toBe(false);
    expect(suspects(seen, now, true)).toBe(why !== 'another family name added');
  });

  it.each(another)('8.3 %s → %s is suspicious, gone or not: %s', (seen, now) => {
    expect(suspects(seen, now)).toBe(true);
    expect(suspects(now, seen)).toBe(true);
    expect(suspects(seen, now, true)).toBe(true);
  });

  it.each([
    ...['Ing.', 'Mgr.', 'Bc.', 'MUDr.', 'JUDr.', 'PhDr.', 'RNDr.', 'PaedDr.', 'PhD', 'CSc.', 'DiS.', 'MBA'],
    ...['Dr.', 'Prof.', 'Doc.', 'Mr.', 'Mrs.', 'Ms.', 'Jr.', 'Sr.'],
  ])('8.3 %s is no part of a name', (title) => {
    expect(suspects(`${title} Eva|Nováková`, 'Eva|Svobodová')).toBe(false);
    expect(suspects('Eva|Nováková', `${title} Eva|Svobodová`)).toBe(false);
  });
});

describe('8.3 which of an account’s names are compared', () => {
  const shown = (firstName: string | null, lastName: string | null, displayName: string): Names => ({
    ...{ firstName, lastName, displayName },
  });
  it.each([
    ['given and family name, not what is shown', shown('Eva', 'Malá', 'Eva M.'), shown('Eva', 'Malá', 'Jan'), false],
    ['what is shown, without a family name', shown('Eva', null, 'Eva Malá'), shown('Eva', null, 'Petr Malá'), true],
    ['what is shown, without a given name', shown(null, 'Malá', 'Eva Malá'), shown(null, 'Malá', 'Petr Malá'), true],
    ['nothing but titles is no name', shown(null, null, 'Ing.'), shown('Eva', 'Malá', ''), false],
  ])('8.3 %s', (_what, namesSeen, namesNow, suspected) => {
    expect(suspectsReuse({ namesSeen, namesNow, wasGone: false })).toBe(suspected);
  });
});
