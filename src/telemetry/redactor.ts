import { secretPattern } from './secret-pattern.ts';

/** What stands where a secret stood. */
const redacted = '*****';

/** Takes the secrets that it knows out of whatever is about to be shown, logged or stored. */
export interface Redactor {
  /**
   * From now on this secret is taken out: plain, percent-encoded, escaped and base64. Of an address also the password in
   * it. An empty text is no secret.
   */
  register(secret: string): void;
  /** The text without the secrets; the same text where there is none in it. */
  redact(text: string): string;
  /**
   * A copy as plain data: keys and texts without the secrets, errors with message, stack and causes, bytes as their
   * number, what repeats itself cut off.
   */
  redactDeep(value: unknown): unknown;
}

/** Nested deeper than this is cut off: nobody reads it, and it may be an attack. */
const maximumDepth = 12;

/** A redactor that knows no secret yet. */
export function createRedactor(): Redactor {
  const patterns = new Map<string, string>();
  let anySecret: RegExp | undefined;

  const register = (secret: string): void => {
    for (const part of [secret, ...passwordsOfAddress(secret)]) {
      if (part !== '' && !patterns.has(part)) patterns.set(part, secretPattern(part));
    }
    // The longest first, or the rest of a secret would stay that begins with another one.
    const ordered = [...patterns].toSorted(([a], [b]) => b.length - a.length).map(([, pattern]) => pattern);
    anySecret = ordered.length === 0 ? undefined : new RegExp(ordered.join('|'), 'gu');
  };
  const redact = (text: string): string => (anySecret === undefined ? text : text.replace(anySecret, redacted));

  return { register, redact, redactDeep: (value) => copyWithout(value, redact, []) };
}

function passwordsOfAddress(secret: string): string[] {
  const written = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*?:([^/?#]*)@/i.exec(secret)?.[1];
  if (written === undefined) return [];
  return [written, decoded(written)];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A lone % is no encoding: the text is what it is.
    return text;
  }
}

type Redact = (text: string) => string;

function copyWithout(value: unknown, redact: Redact, above: readonly object[]): unknown {
  switch (typeof value) {
    case 'string':
      return redact(value);
    case 'number':
      return redact(String(value)) === redacted ? redacted : value;
    case 'bigint':
      return redact(String(value));
    case 'function':
    case 'symbol':
      return undefined;
    case 'object':
      return value === null ? null : copyObject(value, redact, above);
    default:
      return value;
  }
}

function copyObject(value: object, redact: Redact, above: readonly object[]): unknown {
  if (above.includes(value)) return '(repeats itself)';
  if (above.length >= maximumDepth) return '(nested too deeply)';
  const inside = [...above, value];
  if (value instanceof Error) return copyEntries(errorEntries(value), redact, inside);
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `(${value.byteLength} bytes)`;
  if (Array.isArray(value)) return value.map((each) => copyWithout(each, redact, inside));
  if (value instanceof Set) return [...value].map((each) => copyWithout(each, redact, inside));
  if (value instanceof Map)
    return copyEntries(
      [...value].map(([key, each]) => [String(key), each]),
      redact,
      inside,
    );
  if ('toJSON' in value && typeof value.toJSON === 'function') return copyWithout(callToJson(value), redact, inside);
  return copyEntries(ownEntries(value), redact, inside);
}

function copyEntries(
  entries: readonly (readonly [string, unknown])[],
  redact: Redact,
  above: readonly object[],
): unknown {
  return Object.fromEntries(entries.map(([key, each]) => [redact(key), copyWithout(each, redact, above)]));
}

function errorEntries(error: Error): [string, unknown][] {
  const own = ownEntries(error).filter(([key]) => !['name', 'message', 'stack', 'cause'].includes(key));
  const cause: [string, unknown][] = error.cause === undefined ? [] : [['cause', error.cause]];
  const errors: [string, unknown][] = error instanceof AggregateError ? [['errors', error.errors]] : [];
  return [['type', error.name], ['message', error.message], ['stack', error.stack], ...own, ...errors, ...cause];
}

function ownEntries(value: object): [string, unknown][] {
  return Object.keys(value).map((key) => [key, readProperty(value, key)]);
}

function readProperty(value: object, key: string): unknown {
  try {
    return Reflect.get(value, key);
  } catch {
    // A getter that throws must not hide the rest of what is to be logged.
    return '(unreadable)';
  }
}

function callToJson(value: object & { toJSON?: unknown }): unknown {
  try {
    return typeof value.toJSON === 'function' ? (value.toJSON as () => unknown).call(value) : undefined;
  } catch {
    // As above: an invalid Date and the like.
    return '(unreadable)';
  }
}
