import { Buffer, isUtf8 } from 'node:buffer';
import {
  AndFilter,
  EqualityFilter,
  ExtensibleFilter,
  FilterParser,
  GreaterThanEqualsFilter,
  NotFilter,
  OrFilter,
  PresenceFilter,
} from 'ldapts';
import type { Filter } from 'ldapts';

export type { Filter };

/** What is wrong with a filter as text (RFC 4515), for people; undefined when nothing is. */
export function filterProblem(text: string): string | undefined {
  try {
    parseFilter(text);
    return undefined;
  } catch (error) {
    return `must be an LDAP filter such as (department=Sales): ${error instanceof Error ? error.message : 'it cannot be read'}`;
  }
}

/** Reads a filter. Throws an Error that says what is wrong. */
export function parseFilter(text: string): Filter {
  const filter = withoutSpacesBetween(text.trim());
  if (!isParenthesised(filter)) throw new Error('it must stand in parentheses, each of them closed');
  return FilterParser.parseString(decodeUtf8Escapes(filter));
}

/** Spaces and line breaks between the parts of a filter, as people write long ones. No value begins or ends where they are. */
function withoutSpacesBetween(text: string): string {
  return text
    .replace(/\)\s+(?=[()])/g, ')')
    .replace(/\(\s+/g, '(')
    .replace(/\(([&|!])\s+(?=\()/g, '($1');
}

/** ldapts overlooks a missing parenthesis at the end. Those within values are written `\28` and `\29`, so that all of them count. */
function isParenthesised(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '(') depth += 1;
    if (text[at] === ')') depth -= 1;
    if (depth <= 0 && at < text.length - 1) return false;
  }
  return depth === 0 && text !== '';
}

/**
 * ldapts turns each `\xx` into the character of that number, which is right for ASCII only: escaped UTF-8 is decoded here
 * first, and what has a meaning in a filter stays escaped.
 */
function decodeUtf8Escapes(text: string): string {
  return text.replace(/(?:\\[0-9a-f]{2})+/gi, (run) => {
    const bytes = Buffer.from(run.replaceAll('\\', ''), 'hex');
    if (!isUtf8(bytes)) throw new Error(`${run} is no text; binary values cannot be compared here`);
    return bytes
      .toString('utf8')
      .replace(/[*()\\\0]/g, (special) => `\\${special.charCodeAt(0).toString(16).padStart(2, '0')}`);
  });
}

export function and(...filters: readonly Filter[]): Filter {
  const [only, ...others] = filters;
  return only !== undefined && others.length === 0 ? only : new AndFilter({ filters: [...filters] });
}

export function or(...filters: readonly Filter[]): Filter {
  return new OrFilter({ filters: [...filters] });
}

/** An attribute has this value; octets are sent as they are. */
export function equals(attribute: string, value: string | Buffer): Filter {
  return new EqualityFilter({ attribute, value });
}

/** An attribute has any value. */
export function present(attribute: string): Filter {
  return new PresenceFilter({ attribute });
}

/** The attribute is at least this, by its own order (a number, a time); LDAP knows no "greater than". */
export function atLeast(attribute: string, value: bigint | string): Filter {
  return new GreaterThanEqualsFilter({ attribute, value: value.toString() });
}

export function not(filter: Filter): Filter {
  return new NotFilter({ filter });
}

/** What a filter asks of one attribute. */
export interface FilterCondition {
  readonly attribute: string;
  /** The OID of an extensible match. */
  readonly rule: string | undefined;
  /** What it is compared with, where that is one whole text. */
  readonly value: string | undefined;
}

/** The conditions that a filter is made of, at any depth. */
export function conditionsOf(filter: Filter): readonly FilterCondition[] {
  if (filter instanceof AndFilter || filter instanceof OrFilter) return filter.filters.flatMap(conditionsOf);
  if (filter instanceof NotFilter) return conditionsOf(filter.filter);
  if (filter instanceof ExtensibleFilter)
    return [{ attribute: filter.matchType, rule: filter.rule, value: filter.value }];
  if (filter instanceof EqualityFilter)
    return [{ attribute: filter.attribute, rule: undefined, value: filter.value.toString() }];
  const attribute = 'attribute' in filter && typeof filter.attribute === 'string' ? filter.attribute : '';
  return [{ attribute, rule: undefined, value: undefined }];
}

/** An extensible match by rule, such as Active Directory's bit and chain rules. */
export function matchesRule(attribute: string, rule: string, value: string): Filter {
  return new ExtensibleFilter({ matchType: attribute, rule, value });
}
