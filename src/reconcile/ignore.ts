import type { AccountContent } from '../domain/account.ts';
import type { Field } from '../domain/fields.ts';
import { fold } from '../domain/text.ts';

/** One line of a source's `ignore`: accounts that belong to nobody, such as service, test and IVR ones (spec 2.7). */
export interface IgnoreRule {
  readonly field: Field | 'externalId';
  /** The whole value, whatever the case; `*` stands for any text. */
  readonly matches: string;
}

/** The first rule that ignores an account, as people write it; null where none does. Pure. */
export function ignoringRule(
  rules: readonly IgnoreRule[],
  account: { readonly externalId: string; readonly content: Pick<AccountContent, 'values'> },
): string | null {
  const rule = rules.find(({ field, matches }) => {
    const value = field === 'externalId' ? account.externalId : account.content.values[field];
    return value !== undefined && value !== null && matchesPattern(fold(value), fold(matches));
  });
  return rule === undefined ? null : `${rule.field} matches ${rule.matches}`;
}

/** From left to right, each part at its first place: that takes no longer than the text is long times the pattern. */
function matchesPattern(text: string, pattern: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}
