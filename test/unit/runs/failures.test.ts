import { describe, expect, it } from 'vitest';
import { SourceError } from '../../../src/connector-kit/errors.ts';
import { failureOf, incompleteRead, isRetryable } from '../../../src/runs/failures.ts';

const withCode = (code: string): Error => Object.assign(new Error('it said no'), { code });

describe('what a run says of an error', () => {
  for (const row of [
    {
      rule: '3.2',
      situation: 'a source’s own error',
      error: new SourceError('fatal', 'tls', 'bad certificate'),
      code: 'tls',
      says: 'bad certificate',
    },
    { rule: '14.4', situation: 'a full disk', error: withCode('53100'), code: 'storage', says: 'no cursor moved' },
    {
      rule: '14.4',
      situation: 'a read-only database',
      error: withCode('25006'),
      code: 'storage',
      says: 'no cursor moved',
    },
    {
      rule: '14.4',
      situation: 'a database that shuts down',
      error: withCode('57P01'),
      code: 'storage',
      says: 'restore its connection',
    },
    { rule: '14.4', situation: 'a lost database connection', error: withCode('08006'), code: 'storage', says: '08006' },
    {
      rule: '14.4',
      situation: 'a refused database connection',
      error: withCode('ECONNREFUSED'),
      code: 'storage',
      says: 'ECONNREFUSED',
    },
    {
      rule: '14.4',
      situation: 'a disk without space below the embedded database',
      error: withCode('ENOSPC'),
      code: 'storage',
      says: 'ENOSPC',
    },
    {
      rule: '14.2',
      situation: 'a violated constraint: a defect, not the disk',
      error: withCode('23505'),
      code: 'internal',
      says: 'report it',
    },
    { rule: '14.2', situation: 'an error without a code', error: new Error('oops'), code: 'internal', says: 'oops' },
    { rule: '14.2', situation: 'something thrown that is no error', error: 'oops', code: 'internal', says: 'oops' },
  ])
    it(`${row.rule} ${row.situation} → ${row.code}`, () => {
      const failure = failureOf(row.error);
      expect(failure.code).toBe(row.code);
      expect(failure.message).toContain(row.says);
    });

  it('3.2 an incomplete read says why, and that nothing is concluded from it', () => {
    const { code, message } = incompleteRead('size limit');
    expect(code).toBe('incomplete-read');
    expect(message).toContain('size limit');
    expect(message).toContain('nothing is concluded');
  });
});

describe('3.4 what is worth another attempt', () => {
  for (const row of [
    { situation: 'a busy source', error: new SourceError('retryable', 'busy', ''), retry: true },
    { situation: 'a refused log-in', error: new SourceError('fatal', 'login-refused', ''), retry: false },
    { situation: 'an error that is not the source’s', error: withCode('ECONNRESET'), retry: false },
  ])
    it(`3.4 ${row.situation} → ${row.retry ? 'tried again' : 'not tried again'}`, () => {
      expect(isRetryable(row.error)).toBe(row.retry);
    });
});
