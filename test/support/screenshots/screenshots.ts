/**
 * `npm run screenshots`: every screen of the console, light, dark and on a phone, from the demo sources with something to look
 * at in each place. They go into `screenshots/`, for people to look at.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { demoSite, firstLink } from '../../e2e/support/console.ts';
import { until, type Site } from '../../e2e/support/rosterd.ts';
import { openChromium } from '../services/chromium.ts';

const folder = join(import.meta.dirname, '../../../screenshots');
const password = 'a longer sentence 4 you';
const looks = [
  ['light', { colorScheme: 'light', viewport: { width: 1280, height: 800 } }],
  ['dark', { colorScheme: 'dark', viewport: { width: 1280, height: 800 } }],
  ['phone', { colorScheme: 'light', viewport: { width: 390, height: 844 } }],
] as const;

const screens = [
  ['overview', '/'],
  ['users', '/users?q=nov'],
  ['users-off', '/users?sync=off'],
  ['user', '/users/1'],
  ['act', '/users/1/acts/sync-on'],
  ['accounts', '/accounts?tab=matched'],
  ['teams', '/teams'],
  ['team', '/teams/Care'],
  ['new-user', '/users/new'],
  ['bulk-jobs', '/bulk'],
  ['audit', '/audit'],
  ['errors', '/errors'],
  ['diagnostics', '/diagnostics'],
  ['questions', '/questions'],
  ['question', '/questions/1'],
  ['worklist', '/worklist'],
  ['runs', '/runs'],
  ['held', '/runs?state=held'],
  ['source', '/sources/acd-prague'],
  ['log', '/log'],
  ['operators', '/operators'],
  ['not-found', '/nothing'],
] as const;

await mkdir(folder, { recursive: true });
const site = await demoSite('screenshots');
const browser = await openChromium();
try {
  const daemon = await site.start();
  const first = await browser.newContext();
  const page = await first.newPage();
  const link = await firstLink(site, daemon);
  await page.goto(link);
  await page.screenshot({ path: join(folder, 'welcome-light.png') });
  await page.getByLabel('Your name').fill('eva');
  await page.locator('#password').fill(password);
  await page.locator('#again').fill(password);
  await page.getByRole('button', { name: 'Set the password' }).click();
  await page.getByText('Everything is in order').nth(1).waitFor({ timeout: 120_000 });
  await makeNews(page, daemon.address);
  const cookies = await first.cookies();
  for (const [look, options] of looks) {
    const context = await browser.newContext({ ...options, locale: 'en-GB' });
    await context.addCookies(cookies);
    await photograph(context, daemon.address, look);
    await context.close();
  }
} finally {
  await browser.close();
  await site.remove();
}

/** Somebody is switched off and has news waiting; one agent leaves; then half of them are missing, which is held. */
async function makeNews(page: Page, address: string): Promise<void> {
  await page.goto(`${address}/users?q=jnovakova`);
  await page.locator('.switch summary').click();
  await page.getByLabel('Reason').fill('on leave until spring');
  await page.getByRole('button', { name: 'Switch the synchronisation off' }).click();
  await changeAgents(site, (rows) =>
    rows.map((row) => row.replace(/(,jnovakova,.*),Care,/, '$1,Billing,')).slice(0, -2),
  );
  await page.goto(`${address}/runs`);
  await syncNow(page);
  await changeAgents(site, (rows) => rows.slice(0, 14));
  await page.goto(`${address}/sources/acd-prague`);
  await syncNow(page);
}

async function syncNow(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Sync now' }).click();
  await until('the sync is at rest', () => page.getByText('Done, and at rest.').isVisible(), 120_000);
}

async function changeAgents({ folder: at, write }: Site, change: (rows: string[]) => string[]): Promise<void> {
  const name = 'demo/acd-prague.csv';
  const rows = (await readFile(join(at, 'config', name), 'utf8')).trimEnd().split('\n');
  await write(name, `${change(rows).join('\n')}\n`);
}

async function photograph(context: BrowserContext, address: string, look: string): Promise<void> {
  const page = await context.newPage();
  for (const [name, path] of screens) {
    await page.goto(`${address}${path}`);
    if (name === 'held') await page.locator('tbody a').first().click();
    await page.screenshot({ path: join(folder, `${name}-${look}.png`), fullPage: true });
  }
  process.stdout.write(`${look}: ${String(screens.length)} screens\n`);
}
