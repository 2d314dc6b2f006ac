import { expect } from 'vitest';
import type { Permission } from '../../../src/domain/permissions.ts';
import type { TestApi } from '../api/test-api.ts';
import { browse, type Browser } from './browse.ts';

/** Long enough, and the same for everybody of a test. */
const password = 'a longer sentence 4 you';

/** A browser in which an operator of their own is signed in, who sees everything. */
export async function signedIn(api: TestApi, name: string, permissions: readonly Permission[]): Promise<Browser> {
  const body = { name, permissions, scope: { full: true } };
  const { link } = (await api.ask<{ link: string }>('POST', '/api/v1/operators', { body })).json;
  const browser = browse(api.app);
  await browser.get(`/link/${link}`);
  expect((await browser.post(`/link/${link}`, { password, again: password })).location).toBe('/');
  return browser;
}
