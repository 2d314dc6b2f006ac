import { describe, expect, it } from 'vitest';
import type { Session } from '../../../src/connector-kit/contract.ts';
import { SourceError } from '../../../src/connector-kit/errors.ts';
import { redactedSession, redactedSteps, withoutSecrets } from '../../../src/redacted-session.ts';
import { createRedactor } from '../../../src/telemetry/redactor.ts';

const secret = 'Tr0ub4dor&3 žluť';
const bytes = Buffer.from(secret);
const forms = [
  ['plain', secret],
  ['hexadecimal', bytes.toString('hex')],
  ['hexadecimal in upper case', bytes.toString('hex').toUpperCase()],
  ['base64', bytes.toString('base64')],
  ['base64url', bytes.toString('base64url')],
  ['percent-encoding', encodeURIComponent(secret)],
  ['UTF-16 in base64', Buffer.from(secret, 'utf16le').toString('base64')],
] as const;

describe.each(forms)('20.11 a source that repeats its password in %s', (_form, told) => {
  const redactor = createRedactor();
  redactor.register(secret);
  const text = `refused: ${told} is wrong`;
  const clean = 'refused: ***** is wrong';
  const session = redactedSession(
    {
      systemId: 'acd',
      async *readAll() {
        yield { records: [], gone: [], rejected: [{ externalId: null, name: null, reason: text }] } as never;
        return await Promise.resolve({ whole: false, reason: text, cursor: told, notes: [text] });
      },
      // eslint-disable-next-line require-yield -- it fails before its first page
      async *readChanges() {
        await Promise.resolve();
        throw new SourceError('retryable', 'busy', text, { retryAfterMs: 7 });
      },
      lookup: () => Promise.reject(new SourceError('fatal', 'protocol', text)),
      close: () => Promise.reject(new Error(text)),
    } satisfies Session,
    redactor,
  );
  const signal = new AbortController().signal;

  it('20.11 says nothing of it in errors', async () => {
    await expect(session.lookup('1', signal)).rejects.toMatchObject({ message: clean, code: 'protocol' });
    await expect(session.close()).rejects.toMatchObject({ message: clean });
    await expect(session.readChanges?.('', signal).next()).rejects.toMatchObject({
      ...{ message: clean, class: 'retryable', retryAfterMs: 7 },
    });
    await expect(withoutSecrets(Promise.reject(new Error(text)), redactor)).rejects.toMatchObject({ message: clean });
  });

  it('20.11 nor in what a run notes; the cursor stays what it is', async () => {
    const read = session.readAll(signal);
    expect(await read.next()).toMatchObject({ value: { rejected: [{ reason: clean }] } });
    expect(await read.next()).toEqual({
      done: true,
      value: { whole: false, reason: clean, cursor: told, notes: [clean] },
    });
  });

  it('20.11 nor in the steps of a check', () => {
    const step = { name: 'bind', outcome: 'failed', detail: text, remedy: text } as const;
    expect(redactedSteps([step], redactor)).toEqual([{ ...step, detail: clean, remedy: clean }]);
  });
});
