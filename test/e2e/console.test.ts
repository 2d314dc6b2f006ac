import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Locator } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openChromium } from '../support/services/chromium.ts';
import { demoSite, firstLink, tabTo, watchedPage, type WatchedPage } from './support/console.ts';
import type { Daemon, Site } from './support/rosterd.ts';

const password = 'a longer sentence 4 you';
const toNightShift = (row: string, at: number): string =>
  at === 0 ? row : row.replace(/,(Care|Billing|Support),/, ',Night,');

describe('the console in a browser, from a fresh start with the demo sources', () => {
  let browser: Browser;
  let site: Site;
  let daemon: Daemon;
  let watched: WatchedPage;

  beforeAll(async () => {
    browser = await openChromium();
    site = await demoSite('console');
    daemon = await site.start();
    watched = await watchedPage(browser);
  }, 240_000);
  afterAll(async () => {
    await browser.close();
    await site.remove();
  });

  /** The agent's team and address as the ACD has them now. */
  const changeAtTheAcd = async (login: string, change: (row: string) => string): Promise<void> => {
    const file = join(site.folder, 'config/demo/acd-prague.csv');
    const rows = (await readFile(file, 'utf8')).split('\n');
    await site.write(
      'demo/acd-prague.csv',
      rows.map((row) => (row.includes(`,${login},`) ? change(row) : row)).join('\n'),
    );
  };

  test(
    '19.2, 6, 15.2 by keyboard alone: sign in by the link, find by three letters, switch off, sync, read why, switch on',
    { timeout: 240_000 },
    async () => {
      const { page, complaints, stumbles } = watched;
      const press = (key: string) => page.keyboard.press(key);
      await page.goto(await firstLink(site, daemon));
      expect(await stumbles()).toEqual([]);
      await page.keyboard.type('eva');
      for (let field = 0; field < 2; field += 1) {
        await press('Tab');
        await page.keyboard.type(password);
      }
      await press('Enter');
      await page.waitForURL(/\/$/);
      await page.getByText('Everything is in order').nth(1).waitFor({ timeout: 90_000 });
      expect(await stumbles()).toEqual([]);

      await tabTo(page, /^Users$/);
      await press('Enter');
      await page.waitForURL(/\/users$/);
      await page.keyboard.type('vák');
      await page.waitForURL(/q=v%C3%A1k/);
      await page.getByText('1 user', { exact: true }).waitFor();
      expect(await page.locator('tbody tr').innerText()).toContain('Jana Nováková');
      expect(await page.evaluate('document.activeElement.id'), 'the focus stays while the list changes').toBe('q');
      await tabTo(page, /Switch off the synchronisation of Jana/);
      await press('Enter');
      await press('Tab');
      await page.keyboard.type('on leave until spring');
      expect(await stumbles()).toEqual([]);
      await press('Enter');
      await page.getByText('The synchronisation of Jana Nováková is off').waitFor();
      expect(page.url()).toContain('q=v%C3%A1k');
      expect(await page.getByRole('button', { name: 'Undo' }).count()).toBe(1);
      expect(await stumbles()).toEqual([]);

      await changeAtTheAcd('jnovakova', (row) => row.replace(',Care,', ',Billing,'));
      await tabTo(page, /^Runs$/);
      await press('Enter');
      await page.waitForURL(/\/runs$/);
      await tabTo(page, /^Sync now$/);
      await press('Enter');
      await page.waitForURL(/\/syncs\//);
      await page.getByText('Done, and at rest.').waitFor({ timeout: 90_000 });
      expect(await stumbles()).toEqual([]);

      await tabTo(page, /^Log$/);
      await press('Enter');
      await page.waitForURL(/\/log$/);
      await tabTo(page, /^What$/);
      await page.keyboard.type('left alone');
      await page.waitForURL(/type=refused/);
      const entry = page.locator('.event', { hasText: 'left alone' }).filter({ hasText: 'Jana Nováková' });
      await entry.waitFor();
      expect(await entry.innerText()).toContain('The synchronisation of this user is off');
      expect(await entry.innerText()).toContain('Billing');
      expect(await stumbles()).toEqual([]);

      await tabTo(page, /^Jana Nováková$/);
      await press('Enter');
      await page.waitForURL(/\/users\/\d+$/);
      expect(await stumbles()).toEqual([]);
      await tabTo(page, /^Switch on/);
      await press('Enter');
      await page.getByText('This is what it will change').waitFor();
      expect(await page.locator('.changes').innerText()).toMatch(/Care[\s\S]*Billing/);
      expect(await stumbles()).toEqual([]);
      await tabTo(page, /^Switch the synchronisation on$/);
      await press('Enter');
      await page.getByText('Done: Switch the synchronisation on').waitFor();
      expect(await page.locator('[aria-labelledby=teams]').innerText()).toContain('Billing');
      expect(complaints).toEqual([]);
    },
  );

  test('A5 the same without script, in the dark, on a phone', { timeout: 180_000 }, async () => {
    const plain = { javaScriptEnabled: false, colorScheme: 'dark', viewport: { width: 390, height: 844 } } as const;
    const { page, complaints } = await watchedPage(browser, plain);
    await page.goto(`${daemon.address}/users`);
    await page.getByLabel('Name').fill('eva');
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByLabel('Find a user').fill('vobod');
    await page.getByRole('button', { name: 'Find' }).click();
    await page.getByText('1 user', { exact: true }).waitFor();
    await page.locator('.switch summary').click();
    await page.getByLabel('Reason').fill('moves house');
    await page.getByRole('button', { name: 'Switch the synchronisation off' }).click();
    await page.getByText('The synchronisation of Petr Svoboda is off').waitFor();
    await changeAtTheAcd('psvoboda', (row) => row.replace(',Care,', ',Support,'));
    await page.getByRole('link', { name: 'Runs' }).click();
    await page.getByRole('button', { name: 'Sync now' }).click();
    await page.getByText('Done, and at rest.').waitFor({ timeout: 90_000 });
    await page.goto(`${daemon.address}/log?type=refused`);
    expect(await page.locator('.event', { hasText: 'Petr Svoboda' }).innerText()).toContain('Support');
    await page.getByRole('link', { name: 'Petr Svoboda' }).first().click();
    await page.getByRole('link', { name: /Switch on/ }).click();
    expect(await page.locator('.changes').innerText()).toContain('Support');
    await page.getByRole('button', { name: 'Switch the synchronisation on' }).click();
    await page.getByText('Done: Switch the synchronisation on').waitFor();
    const wide = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
    expect(wide, 'nothing has to be scrolled sideways').toBe(0);
    expect(complaints).toEqual([]);
  });

  /** Has the ACD's file read, from its source's page. */
  const syncTheAcd = async (): Promise<void> => {
    const { page } = watched;
    await page.goto(`${daemon.address}/sources/acd-prague`);
    await page.getByRole('button', { name: 'Sync now' }).click();
    await page.getByText('Done, and at rest.').waitFor({ timeout: 90_000 });
  };

  test(
    '13.2 discarding a held run needs a reason, and leaves everybody as they are',
    { timeout: 120_000 },
    async () => {
      const { page, complaints, stumbles } = watched;
      const file = join(site.folder, 'config/demo/acd-prague.csv');
      const before = await readFile(file, 'utf8');
      const moved = before.trimEnd().split('\n');
      await site.write('demo/acd-prague.csv', `${moved.map(toNightShift).join('\n')}\n`);
      await syncTheAcd();
      await page.goto(`${daemon.address}/runs?state=held`);
      await page.locator('tbody th a').first().click();
      const held = page.url();
      await page.getByRole('button', { name: 'Discard' }).click();
      expect(page.url(), 'not without a reason').toBe(held);
      await page.locator('#reason').fill('the export of another shift');
      await page.getByRole('button', { name: 'Discard' }).click();
      await page.getByText(/Run \d+ is discarded: \d+ changes are refused/).waitFor();
      expect(await page.locator('#run-status').innerText()).toContain('cancelled');
      expect(await stumbles()).toEqual([]);
      await page.goto(`${daemon.address}/users?team=Night`);
      await page.getByText('Nobody fits these filters.').waitFor();
      await site.write('demo/acd-prague.csv', before);
      expect(complaints).toEqual([]);
    },
  );

  test(
    '13.2 a held run: from the red mark on the overview to the approval in three clicks, with every name on the way',
    { timeout: 180_000 },
    async () => {
      const { page, complaints, stumbles } = watched;
      const file = join(site.folder, 'config/demo/acd-prague.csv');
      const rows = (await readFile(file, 'utf8')).trimEnd().split('\n');
      const missing = rows.slice(14).map((row) => row.split(',').slice(2, 4).join(' '));
      await site.write('demo/acd-prague.csv', `${rows.slice(0, 14).join('\n')}\n`);
      await syncTheAcd();
      await page.goto(daemon.address);
      let clicks = 0;
      const click = async (what: Locator): Promise<void> => {
        clicks += 1;
        await what.click();
      };
      const redMark = page.locator('.waiting .bad a');
      expect(await redMark.innerText()).toMatch(/1\s+run held/);
      await click(redMark);
      await page.locator('.held').waitFor();
      const table = await page.locator('.held').innerText();
      for (const name of missing) expect(table).toContain(name);
      expect(await stumbles()).toEqual([]);
      await click(page.getByRole('button', { name: 'Approve' }));
      await page.getByText(/Run \d+ is approved/).waitFor();
      expect(clicks).toBeLessThanOrEqual(3);
      await page.locator('#run-status', { hasText: 'completed' }).waitFor({ timeout: 60_000 });

      await page.goto(`${daemon.address}/worklist`);
      for (const name of missing) await page.getByRole('link', { name }).first().waitFor();
      expect(await stumbles()).toEqual([]);
      const [first = ''] = missing;
      const entry = page.locator('.sources > li', { hasText: first });
      await entry.locator('summary').click();
      await entry.getByLabel('Note').fill('works in Brno now');
      expect(await stumbles()).toEqual([]);
      await entry.getByRole('button', { name: 'I have seen this' }).click();
      await page.getByText('Noted: it comes back when the evidence changes.').waitFor();
      expect(await entry.count()).toBe(0);
      await page.getByRole('link', { name: 'Those that were seen, too' }).click();
      expect(await entry.innerText()).toMatch(/Seen by eva[\s\S]*works in Brno now/);
      expect(complaints).toEqual([]);
    },
  );

  test('4.10, 14.4 a question is answered after its preview; a source is paused and resumed', async () => {
    const { page, complaints, stumbles } = watched;
    await page.goto(`${daemon.address}/questions`);
    const asked = await page.locator('tbody tr').count();
    await page.locator('tbody th a').first().click();
    const question = page.url();
    await page.locator('form', { hasText: 'Ignore' }).getByRole('button').click();
    await page.locator('[aria-labelledby=will]').waitFor();
    expect(await stumbles()).toEqual([]);
    await page.getByLabel('Reason').fill('a training account');
    await page.locator('[aria-labelledby=will]').getByRole('button').click();
    await page.getByText('Answered: Ignore.').waitFor();
    expect(await page.locator('tbody tr').count()).toBe(asked - 1);
    await page.goto(question);
    await page.getByText('This question is closed').waitFor();

    await page.goto(`${daemon.address}/sources/corp-ad`);
    await page.locator('#reason-pause').fill('the domain controllers are renewed');
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByText('corp-ad is paused.').waitFor();
    expect(await page.locator('main').innerText()).toMatch(/eva[\s\S]*the domain controllers are renewed/);
    expect(await stumbles()).toEqual([]);
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByText('corp-ad runs again.').waitFor();
    expect(await page.getByRole('button', { name: 'Pause' }).count()).toBe(1);
    expect(complaints).toEqual([]);
  });

  test('19.2 an invited operator comes in by the link once; the second time it is refused', async () => {
    const { page, complaints, stumbles } = watched;
    await page.goto(`${daemon.address}/operators`);
    await page.getByLabel('Name').fill('petra');
    await page.locator('#profile').selectOption('operator');
    await page.getByRole('button', { name: 'Make the link' }).click();
    const link = await page.locator('.notice code').innerText();
    expect(await stumbles()).toEqual([]);
    const guest = await watchedPage(browser);
    await guest.page.goto(link);
    await guest.page.locator('#password').fill(password);
    await guest.page.locator('#again').fill(password);
    expect(await guest.stumbles()).toEqual([]);
    await guest.page.getByRole('button', { name: 'Set the password' }).click();
    await guest.page.waitForURL(/\/$/);
    expect(await guest.page.getByRole('button', { name: 'Sync now' }).count(), 'an operator looks').toBe(0);
    expect([guest.complaints, complaints]).toEqual([[], []]);
    expect((await guest.page.goto(link))?.status()).toBe(409);
    expect(await guest.stumbles()).toEqual([]);
    await guest.page.context().close();
  });

  test(
    '19, A5 questions, a source and its check, operators, sessions and error pages: no complaint, nobody stumbles',
    { timeout: 120_000 },
    async () => {
      const { page, complaints, stumbles } = watched;
      for (const path of [
        '/questions',
        '/questions/1',
        '/sources/corp-ad',
        '/operators',
        '/sessions',
        '/users?sync=off',
        '/users?team=Care',
        '/users/new',
        '/users/1',
        '/users/1/acts/scope',
        '/accounts',
        '/accounts?tab=matched',
        '/teams',
        '/teams/Care',
        '/team-bindings',
        '/audit',
        '/log?live=yes',
        '/bulk',
        '/errors',
        '/diagnostics',
      ]) {
        await page.goto(`${daemon.address}${path}`);
        expect(await stumbles(), path).toEqual([]);
      }
      await page.goto(`${daemon.address}/sources/corp-ad`);
      await page.getByRole('button', { name: 'Check step by step' }).click();
      await page.getByText('Everything works.').waitFor();
      expect(await stumbles()).toEqual([]);
      await page.goto(`${daemon.address}/users/1`);
      await page.getByRole('button', { name: 'Read their accounts again now' }).click();
      await page.getByText('4 · Apply').first().waitFor({ timeout: 60_000 });
      expect(await stumbles()).toEqual([]);
      expect(complaints).toEqual([]);
    },
  );
});
