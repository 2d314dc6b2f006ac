import type { LdapConnection } from './connection.ts';
import { resultCode, ResultFailure } from './failures.ts';
import { present } from './filter.ts';
import type { Entry } from './messages.ts';

/** Whether of an attribute (lower case) only the first values came, as `attribute;range=0-1499` (MS-ADTS 3.1.1.3.1.3.3). */
export function isCutShort(entry: Entry, attribute: string): boolean {
  return rangeOf(entry, attribute) !== undefined;
}

/**
 * The entry with all values of an attribute that came cut short, read range by range until the server says that one is the
 * last. The attribute stays cut short where the entry is gone meanwhile. Throws a SourceError.
 */
export async function withAllValues(
  connection: LdapConnection,
  entry: Entry,
  attribute: string,
  signal: AbortSignal,
): Promise<Entry> {
  const values: string[] = [];
  for (let from = entry; ;) {
    const range = rangeOf(from, attribute);
    if (range === undefined) return entry;
    values.push(...(from.texts.get(range.name) ?? []));
    if (range.last === undefined) return replaceRanges(entry, attribute, values);
    const attributes = [`${attribute};range=${range.last + 1}-*`];
    const answer = await connection.search(
      { base: entry.dn, scope: 'base', filter: present('objectClass'), attributes },
      signal,
    );
    if (isGone(answer.failure)) return entry;
    if (answer.failure !== undefined) throw answer.failure;
    const next = answer.entries[0];
    if (next === undefined) return entry;
    const nextLast = rangeOf(next, attribute)?.last;
    // A server that gives the same range again would do so without end.
    if (nextLast !== undefined && nextLast <= range.last) return entry;
    from = next;
  }
}

/** The range that came; `last` is undefined where it reaches to the end. */
function rangeOf(entry: Entry, attribute: string): { name: string; last: number | undefined } | undefined {
  for (const name of entry.texts.keys()) {
    if (!name.startsWith(`${attribute};range=`)) continue;
    const match = /;range=\d+-(\d+|\*)$/.exec(name);
    if (match?.[1] !== undefined) return { name, last: match[1] === '*' ? undefined : Number(match[1]) };
  }
  return undefined;
}

function replaceRanges(entry: Entry, attribute: string, values: readonly string[]): Entry {
  const others = [...entry.texts].filter(([name]) => !name.startsWith(`${attribute};range=`));
  return { ...entry, texts: new Map([...others, [attribute, values]]) };
}

function isGone(failure: Error | undefined): boolean {
  return failure instanceof ResultFailure && failure.resultCode === resultCode.noSuchObject;
}
