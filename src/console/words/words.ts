import { cs } from './words.cs.ts';
import { en, type Words } from './words.en.ts';

export type { Words } from './words.en.ts';

export const languages = { en, cs } as const satisfies Readonly<Record<string, Words>>;
export type Language = keyof typeof languages;

/** The language that somebody has chosen, else the first that their browser asks for and the console has. */
export function languageOf(chosen: string | undefined, acceptLanguage: string | undefined): Language {
  const asked = (acceptLanguage ?? '').split(',').map((each) => each.trim().slice(0, 2).toLowerCase());
  return (
    [chosen, ...asked].find((each): each is Language => each !== undefined && Object.hasOwn(languages, each)) ?? 'en'
  );
}
