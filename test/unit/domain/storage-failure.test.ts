import { describe, expect, it } from 'vitest';
import { storageFailureCode } from '../../../src/domain/storage-failure.ts';

const withCode = (code: unknown): Error => Object.assign(new Error('it failed'), { code });

describe('14.4 what says that nothing can be stored now', () => {
  it.each([
    ['disk full', '53100'],
    ['too many connections', '53300'],
    ['the server shuts down', '57P01'],
    ['a system error of the server', '58030'],
    ['a read-only transaction', '25006'],
    ['a broken connection', '08006'],
    ['a lock not had in time', '55P03'],
    ['a damaged page', 'XX001'],
    ['a damaged index', 'XX002'],
    ['nobody listens', 'ECONNREFUSED'],
    ['a reset', 'ECONNRESET'],
    ['no socket', 'ENOENT'],
    ['a closed socket', 'EPIPE'],
    ['no space', 'ENOSPC'],
    ['a read-only file system', 'EROFS'],
    ['no answer in time', 'ETIMEDOUT'],
  ])('14.4 %s: %s', (_what, code) => {
    expect(storageFailureCode(withCode(code))).toBe(code);
  });

  it('14.4 connections that ended, or were not had, say so without a code', () => {
    expect(storageFailureCode(new Error('Connection terminated unexpectedly'))).toBe('connection lost');
    expect(storageFailureCode(new Error('Client is not queryable'))).toBe('connection lost');
    const none = Object.assign(new Error('Knex: Timeout acquiring a connection'), { name: 'KnexTimeoutError' });
    expect(storageFailureCode(none)).toBe('no connection in time');
  });

  it.each([
    ['a broken constraint', withCode('23505')],
    ['a serialisation failure', withCode('40001')],
    ['a code that only holds one of these', withCode('X53100')],
    ['an error without a code', new Error('it failed')],
    ['a code that is no text', withCode(53_100)],
    ['something thrown that is no error', { code: 'ENOSPC', message: 'Connection terminated' }],
    ['nothing', undefined],
  ])('14.4 %s is no such failure', (_what, error) => {
    expect(storageFailureCode(error)).toBeNull();
  });
});
