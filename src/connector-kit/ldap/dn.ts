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

/** Whether an attribute (lower case) with this value is the entry's own name, or part of it: its RDN. */
export function isNamedBy(dn: string, attribute: string, value: string): boolean {
  const [rdn = ''] = splitUnescaped(dn, ',');
  const named = `${attribute}=${escapeSeparators(foldValue(value))}`;
  return splitUnescaped(rdn, '+').some((pair) => readPair(pair) === named);
}

/** Several spaces within a value are one (RFC 4518 2.6.1). */
function foldValue(value: string): string {
  return fold(value.replace(/\s+/g, ' '));
}

function splitUnescaped(text: string, separator: ',' | '+'): string[] {
  const parts: string[] = [];
  let start = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '"') quoted = !quoted;
    else if (text[at] === separator && !quoted) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}

/** Short names of attribute types by their other names and OIDs (RFC 4519), in lower case: a server takes them as equal. */
const typeNames: ReadonlyMap<string, string> = new Map(
  [
    ['cn', 'commonname', '2.5.4.3'],
    ['sn', 'surname', '2.5.4.4'],
    ['serialnumber', '2.5.4.5'],
    ['c', 'countryname', '2.5.4.6'],
    ['l', 'localityname', '2.5.4.7'],
    ['st', 'stateorprovincename', '2.5.4.8'],
    ['street', 'streetaddress', '2.5.4.9'],
    ['o', 'organizationname', '2.5.4.10'],
    ['ou', 'organizationalunitname', '2.5.4.11'],
    ['title', '2.5.4.12'],
    ['givenname', 'gn', '2.5.4.42'],
    ['uid', 'userid', '0.9.2342.19200300.100.1.1'],
    ['mail', 'rfc822mailbox', '0.9.2342.19200300.100.1.3'],
    ['dc', 'domaincomponent', '0.9.2342.19200300.100.1.25'],
  ].flatMap(([name = '', ...others]) => others.map((other) => [other, name] as const)),
);

function readPair(text: string): string | undefined {
  const match = /^\s*(?:oid\.(?=\d))?([A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)+)\s*=([^]*)$/i.exec(text);
  if (match?.[1] === undefined || match[2] === undefined) return undefined;
  const value = readValue(match[2].trim());
  if (value === undefined) return undefined;
  const type = match[1].toLowerCase();
  return `${typeNames.get(type) ?? type}=${escapeSeparators(foldValue(value))}`;
}

/** A value as text, as `#` with the hex digits of its encoding, or in quotation marks (RFC 4514 2.4, RFC 2253 4). */
function readValue(text: string): string | undefined {
  if (/^#(?:[0-9a-f]{2})+$/i.test(text)) {
    const bytes = Buffer.from(text.slice(1), 'hex');
    // A string of up to 127 bytes; anything else is compared as it is written.
    return bytes.length >= 2 && bytes[1] === bytes.length - 2 ? bytes.toString('utf8', 2) : text;
  }
  const inQuotes = /^"((?:[^"\\]|\\[^])*)"$/.exec(text)?.[1];
  return unescapeValue(inQuotes ?? text);
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
