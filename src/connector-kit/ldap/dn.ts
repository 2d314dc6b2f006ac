import { Buffer } from 'node:buffer';
import { fold } from '../../domain/text.ts';

/**
 * Takes a DN apart (RFC 4514): one item per RDN, each `type=value` with escapes undone, folded and without the spaces that mean
 * nothing, so that two spellings of one DN give the same items. Undefined when the text is no DN. The empty DN has no items.
 */
export function parseDn(text: string): readonly string[] | undefined {
  if (text.trim() === '') return text === '' ? [] : undefined;
  const rdns: string[] = [];
  for (const part of splitUnescaped(text, ',')) {
    const pairs = splitUnescaped(part, '+').map(readPair);
    if (pairs.some((pair) => pair === undefined)) return undefined;
    rdns.push(pairs.sort().join('+'));
  }
  return rdns;
}

/** One text for every spelling of a DN; a text that is no DN is folded as it is. */
export function dnKey(dn: string): string {
  return parseDn(dn)?.join(',') ?? fold(dn);
}

/** Whether an entry is `ancestor` itself or below it. */
export function isWithin(dn: string, ancestor: string): boolean {
  const inner = parseDn(dn);
  const outer = parseDn(ancestor);
  if (inner === undefined || outer === undefined || outer.length > inner.length) return false;
  const offset = inner.length - outer.length;
  return outer.every((rdn, index) => rdn === inner[offset + index]);
}

function splitUnescaped(text: string, separator: ',' | '+'): string[] {
  const parts: string[] = [];
  let start = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === separator) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}

function readPair(text: string): string | undefined {
  const match = /^\s*([A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)+)\s*=([^]*)$/.exec(text);
  if (match?.[1] === undefined || match[2] === undefined) return undefined;
  const value = unescapeValue(match[2]);
  return value === undefined ? undefined : `${match[1].toLowerCase()}=${escapeSeparators(fold(value))}`;
}

/** Undoes `\,` and `\2C`; undefined for a backslash that escapes nothing. */
function unescapeValue(text: string): string | undefined {
  const trimmed = text.trimStart().replace(/(?<!\\)\s+$/, '');
  if (/\\$/.test(trimmed.replaceAll('\\\\', ''))) return undefined;
  return trimmed.replace(/((?:\\[0-9a-f]{2})+)|\\([^])/gi, (_whole, hex: string | undefined, character: string) =>
    hex === undefined ? character : Buffer.from(hex.replaceAll('\\', ''), 'hex').toString('utf8'),
  );
}

function escapeSeparators(value: string): string {
  return value.replace(/[,+\\]/g, '\\$&');
}
