import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { inspect } from 'node:util';
import { z } from 'zod';
import { SourceError } from './errors.ts';

/** Where a configuration says that a secret is: an environment variable, or a file (relative to the configuration's folder). */
export type SecretSource = { readonly env: string } | { readonly file: string };

/** What names in a SecretSource refer to. */
export interface SecretPlace {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The folder at which relative paths start. */
  readonly folder: string;
}

const environmentName = /^[A-Za-z_][A-Za-z0-9_]*$/;
const howToWrite = 'write {env: NAME} or {file: PATH}';

/**
 * A secret that is read again at every use, so that a rotated one needs no restart (architecture 8). However it is printed
 * (JSON, template, inspect, a log's serialiser), only its origin shows.
 */
export class SecretRef {
  /** Where it comes from, for people: `environment variable NAME` or `secret file PATH`. */
  readonly origin: string;
  readonly #fetch: () => Promise<string>;
  readonly #source: SecretSource | undefined;

  private constructor(origin: string, fetch: () => Promise<string>, source?: SecretSource) {
    this.origin = origin;
    this.#fetch = fetch;
    this.#source = source;
  }

  /** The secret that a configuration refers to; `place` is the process's own environment and folder unless told. */
  static from(source: SecretSource, place: SecretPlace = { env: process.env, folder: process.cwd() }): SecretRef {
    const { origin, fetch } =
      'env' in source ? inEnvironment(source.env, place) : inFile(resolve(place.folder, source.file));
    return new SecretRef(origin, fetch, source);
  }

  /** A value that is already known, such as an address without a password, or a test's password. */
  static fixed(value: string, origin: string): SecretRef {
    return new SecretRef(origin, () => Promise.resolve(value));
  }

  /** The same reference in another environment and folder; a fixed value stays as it is. */
  within(place: SecretPlace): SecretRef {
    return this.#source === undefined ? this : SecretRef.from(this.#source, place);
  }

  /** The value now, never empty. Throws a fatal SourceError `configuration` that names the origin and never the value. */
  async read(): Promise<string> {
    const value = await this.#fetch();
    if (value === '') throw unusable(`${this.origin} is empty: put the secret there`);
    return value;
  }

  toJSON(): string {
    return `***** (${this.origin})`;
  }

  toString(): string {
    return this.toJSON();
  }

  [inspect.custom](): string {
    return this.toJSON();
  }
}

interface Reader {
  readonly origin: string;
  readonly fetch: () => Promise<string>;
}

function inEnvironment(name: string, place: SecretPlace): Reader {
  const origin = `environment variable ${name}`;
  const fetch = (): Promise<string> => {
    const value = place.env[name];
    return value === undefined
      ? Promise.reject(unusable(`${origin} is not set`))
      : Promise.resolve(withoutLineEnd(value));
  };
  return { origin, fetch };
}

function inFile(path: string): Reader {
  const origin = `secret file ${path}`;
  return { origin, fetch: () => readSecretFile(path, origin) };
}

async function readSecretFile(path: string, origin: string): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown reason';
    throw unusable(`${origin} cannot be read (${reason})`, cause);
  }
  return withoutLineEnd(decodeSecret(bytes, origin));
}

/** Editors of Windows write UTF-16 and byte order marks: neither may reach a server as a wrong password, which locks accounts. */
function decodeSecret(bytes: Buffer, origin: string): string {
  const mark = bytes.subarray(0, 2).toString('hex');
  const encoding = mark === 'fffe' ? 'utf-16le' : mark === 'feff' ? 'utf-16be' : 'utf-8';
  let text: string;
  try {
    text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (cause) {
    throw unusable(`${origin} is not in UTF-8: save it so`, cause);
  }
  if (text.includes('\u0000')) throw unusable(`${origin} seems to be in UTF-16: save it as UTF-8`);
  return text;
}

/** The line breaks behind a secret are the editor's; no server takes one. */
function withoutLineEnd(text: string): string {
  return text.replace(/[\r\n]+$/, '');
}

function unusable(message: string, cause?: unknown): SourceError {
  return new SourceError('fatal', 'configuration', message, cause === undefined ? {} : { cause });
}

/**
 * The zod schema of a secret in a configuration: `{env: NAME}` or `{file: PATH}` and nothing else. Its issues carry
 * `params.secret`, so that whoever prints them leaves the value out.
 */
export function secret(): z.ZodType<SecretRef> {
  return z
    .custom<SecretSource>(isSecretSource, { error: (issue) => explainRefusal(issue.input), params: { secret: true } })
    .transform((source) => SecretRef.from(source));
}

/** Whether a value is written as a secret is: one key, `env` with a variable's name or `file` with a path. */
export function isSecretSource(value: unknown): value is SecretSource {
  if (typeof value !== 'object' || value === null) return false;
  const [entry, ...others] = Object.entries(value);
  if (entry === undefined || others.length > 0 || typeof entry[1] !== 'string') return false;
  return entry[0] === 'env' ? environmentName.test(entry[1]) : entry[0] === 'file' && entry[1] !== '';
}

function explainRefusal(input: unknown): string {
  return typeof input === 'object' || input === undefined
    ? `a secret is one reference: ${howToWrite}`
    : `a secret is never written inline: ${howToWrite}`;
}

/**
 * A fingerprint of the secret as it is now: HMAC-SHA-256 in hex under the caller's key. It tells that a secret has changed
 * (spec 3.4) without keeping the secret or anything that a dictionary could be tried on without the key.
 */
export async function secretFingerprint(ref: SecretRef, key: Uint8Array): Promise<string> {
  return createHmac('sha256', key)
    .update(await ref.read(), 'utf8')
    .digest('hex');
}
