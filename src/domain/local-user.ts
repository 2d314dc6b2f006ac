import type { FieldValues } from './user.ts';

/** What a local user needs (spec 12.4) and these fields lack, in words that follow *needs*; empty where it is all there. */
export function lackingOf({ username, language, email, mobileNumber }: FieldValues): string[] {
  return [
    ...(username === undefined ? ['a username'] : []),
    ...(language === undefined ? ['a language'] : []),
    ...(email === undefined && mobileNumber === undefined ? ['an e-mail address or a mobile number'] : []),
  ];
}
