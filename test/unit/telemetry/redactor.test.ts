import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRedactor } from '../../../src/telemetry/redactor.ts';

/** Long enough that finding it by chance means nothing; no `*`, which stands where a secret stood. */
const secrets = fc
  .string({ unit: 'grapheme', minLength: 6, maxLength: 40 })
  .filter((text) => !text.includes('*') && text.trim().length >= 6);

const strictPercent = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`);
const everyByte = (text: string): string =>
  [...Buffer.from(text)].map((b) => `%${b.toString(16).padStart(2, '0')}`).join('');
const xml = (text: string): string => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

/** Every way in which a secret gets into a text, written without what it tests. */
const forms: readonly (readonly [string, (secret: string) => string])[] = [
  ['plain', (secret) => secret],
  ['percent-encoded', encodeURIComponent],
  ['percent-encoded, strictly', strictPercent],
  ['percent-encoded, lower case', (secret) => strictPercent(secret).replace(/%../g, (c) => c.toLowerCase())],
  ['percent-encoded, every byte', everyByte],
  ['as a form', (secret) => new URLSearchParams([['p', secret]]).toString().slice(2)],
  ['base64', (secret) => Buffer.from(secret).toString('base64')],
  ['base64 for addresses', (secret) => Buffer.from(secret).toString('base64url')],
  ['base64, percent-encoded', (secret) => encodeURIComponent(Buffer.from(secret).toString('base64'))],
  ['hexadecimal', (secret) => Buffer.from(secret).toString('hex')],
  ['hexadecimal, upper case', (secret) => Buffer.from(secret).toString('hex').toUpperCase()],
  [
    'hexadecimal with colons',
    (secret) =>
      Buffer.from(secret)
        .toString('hex')
        .replace(/..(?=.)/g, '$&:'),
  ],
  ['hexadecimal of UTF-16', (secret) => Buffer.from(secret, 'utf16le').toString('hex')],
  ['base64 of UTF-16', (secret) => Buffer.from(secret, 'utf16le').toString('base64')],
  ['JSON', (secret) => JSON.stringify(secret).slice(1, -1)],
  ['JSON in JSON', (secret) => JSON.stringify(JSON.stringify(secret).slice(1, -1)).slice(1, -1)],
  ['XML', xml],
];
const form = fc.constantFrom(...forms);

/** Any nesting of objects, lists, errors and maps around a value. */
function plant(value: unknown, path: readonly number[]): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return value;
  const inside = plant(value, rest);
  const around: readonly (() => unknown)[] = [
    () => ({ a: 1, b: inside }),
    () => [0, inside],
    () => new Error('failed', { cause: inside }),
    () => (typeof inside === 'string' ? new Error(inside) : new Error('failed', { cause: inside })),
    () => new Map([['k', inside]]),
    () => Object.assign(new Error('failed'), { details: inside }),
    () => ({ toJSON: () => inside }),
    () => ({ [typeof inside === 'string' ? inside : 'key']: inside }),
    () => new AggregateError([inside], 'several'),
    () => new Set([inside]),
  ];
  return around[first % around.length]?.();
}

const surroundings = fc.constantFrom('', ' ', 'x', 'xy', 'password=', '"', '/', 'user:');

describe('20.11 secrets', () => {
  it('never survive in a text, in whatever form', () => {
    fc.assert(
      fc.property(secrets, form, surroundings, surroundings, (secret, [, write], before, after) => {
        const redactor = createRedactor();
        redactor.register(secret);
        const written = write(secret);
        const shown = redactor.redact(`${before}${written}${after}`);
        expect(shown).not.toContain(written);
        expect(shown).toContain('*****');
      }),
      { numRuns: 150 },
    );
  });

  it('never survive inside other base64, such as basic authentication', () => {
    fc.assert(
      fc.property(secrets, fc.string({ maxLength: 9 }), fc.string({ maxLength: 9 }), (secret, user, tail) => {
        const bytes = Buffer.from(secret).toString('latin1');
        // What is looked for must not stand beside the secret as well, where it may stay.
        fc.pre(![`${user}:`, tail].some((beside) => beside.includes(bytes.slice(0, 4))));
        const redactor = createRedactor();
        redactor.register(secret);
        const header = Buffer.from(`${user}:${secret}${tail}`).toString('base64');
        const shown = redactor.redact(`Basic ${header}`);
        const left = shown
          .replace('Basic ', '')
          .split('*****')
          .map((part) => Buffer.from(part, 'base64').toString('latin1'));
        expect(shown).toContain('*****');
        // Not more than a scrap of it is left on either side.
        for (const part of left) expect(part).not.toContain(bytes.slice(0, 4));
      }),
      { numRuns: 150 },
    );
  });

  it('never survive in nested things', () => {
    const path = fc.array(fc.nat(9), { maxLength: 6 });
    fc.assert(
      fc.property(secrets, form, path, (secret, [, write], nesting) => {
        const redactor = createRedactor();
        redactor.register(secret);
        const written = write(secret);
        const shown = JSON.stringify(redactor.redactDeep(plant(`x ${written} y`, nesting)));
        expect(texts(JSON.parse(shown) as unknown).join('\n')).not.toContain(written);
        expect(shown).toContain('*****');
      }),
      { numRuns: 150 },
    );
  });

  it('do not hide behind each other', () => {
    const redactor = createRedactor();
    for (const secret of ['hunter', 'hunter2-long', 'hunter2']) redactor.register(secret);
    expect(redactor.redact('hunter hunter2 hunter2-long')).toBe('***** ***** *****');
  });

  it('in an address with a lone % are found as they were given', () => {
    const redactor = createRedactor();
    redactor.register('postgres://app:50%-W0rd@db.example.com/rosterd');
    expect(redactor.redact('authentication failed: 50%-W0rd')).toBe('authentication failed: *****');
  });

  it('in an address are found alone too', () => {
    const redactor = createRedactor();
    redactor.register('postgres://app:p%40ss-W0rd@db.example.com/rosterd');
    expect(redactor.redact('password authentication failed: p@ss-W0rd, p%40ss-W0rd')).toBe(
      'password authentication failed: *****, *****',
    );
    expect(redactor.redact('connecting to postgres://app:p%40ss-W0rd@db.example.com/rosterd')).toBe(
      'connecting to *****',
    );
  });

  it('that are numbers are found as numbers', () => {
    const redactor = createRedactor();
    redactor.register('4711471147');
    expect(redactor.redactDeep({ pin: 4711471147, other: 47 })).toEqual({ pin: '*****', other: 47 });
  });
});

function texts(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) => [key, ...texts(each)]);
}

describe('what is no secret', () => {
  it('stays as it is', () => {
    const redactor = createRedactor();
    redactor.register('S3cr/t+Passw0rd');
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(redactor.redact(text)).toBe(text);
      }),
    );
    const value = { a: [1, null, true, 'b'], at: new Date(0) };
    expect(redactor.redactDeep(value)).toEqual({ a: [1, null, true, 'b'], at: '1970-01-01T00:00:00.000Z' });
  });
  it('an empty secret is none', () => {
    const redactor = createRedactor();
    redactor.register('');
    expect(redactor.redact('text')).toBe('text');
  });
  it('and what cannot be written out harms nobody', () => {
    const redactor = createRedactor();
    const round: Record<string, unknown> = { a: 1 };
    round['self'] = round;
    const nasty = { round, bytes: Buffer.from('abc'), big: 10n, never: new Date(NaN) };
    Object.defineProperty(nasty, 'boom', {
      enumerable: true,
      get: () => {
        throw new Error('no');
      },
    });
    expect(redactor.redactDeep(nasty)).toEqual({
      round: { a: 1, self: '(repeats itself)' },
      bytes: '(3 bytes)',
      big: '10',
      never: null,
      boom: '(unreadable)',
    });
  });
});
