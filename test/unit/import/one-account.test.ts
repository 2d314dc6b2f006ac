import { describe, expect, it } from 'vitest';
import type { OneRead, Session } from '../../../src/connector-kit/contract.ts';
import { readOneAccount } from '../../../src/import/one-account.ts';

const { signal } = new AbortController();

function sessionOf(one?: OneRead): Session {
  return {
    systemId: 'system-1',
    readAll: () => {
      throw new Error('only one account was asked for');
    },
    ...(one === undefined ? {} : { readOne: () => Promise.resolve(one) }),
    lookup: () => Promise.resolve('present'),
    close: () => Promise.resolve(),
  };
}

describe('2.8 one account as a delta of one', () => {
  it.each([
    ['there', { record: { externalId: 'a', values: {} } }, { records: [{ externalId: 'a', values: {} }] }],
    ['gone', { gone: 'deleted' as const }, { gone: [{ externalId: 'a', how: 'deleted' }] }],
    [
      'unusable',
      { rejected: { externalId: 'a', position: 'line 2', reason: 'bad' } },
      { rejected: [{ externalId: 'a', position: 'line 2', reason: 'bad' }] },
    ],
  ])('%s: one page with it, and neither a cursor nor anybody else', async (_, one, page) => {
    const read = readOneAccount(sessionOf(one), 'a', signal);
    expect(await read.next()).toEqual({ done: false, value: { records: [], gone: [], rejected: [], ...page } });
    expect(await read.next()).toEqual({ done: true, value: { whole: true } });
  });

  it.each([
    ['says why', { unsupported: 'its id is no login id' }, /its id is no login id$/],
    ['knows no single accounts', undefined, /this kind of source cannot be asked for one$/],
  ])('a source that %s fails, and shows nobody', async (_, one, message) => {
    await expect(readOneAccount(sessionOf(one), 'a', signal).next()).rejects.toMatchObject({
      code: 'one-account-unsupported',
      message: expect.stringMatching(message) as string,
    });
  });
});
