import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createRequire } from 'node:module';
import type { BrowserContextOptions, Browser, Page } from 'playwright-core';
import { parse } from 'yaml';
import { createSite, until, type Daemon, type Site } from './rosterd.ts';

const repository = join(import.meta.dirname, '../../..');
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** A site with what `npm start` runs, whose files a test may change. */
export async function demoSite(label: string): Promise<Site> {
  const site = await createSite(label);
  for (const name of ['demo/corp-ad.ldif', 'demo/acd-prague.csv'])
    await site.write(name, await readFile(join(repository, 'config', name)));
  const demo = parse(await readFile(join(repository, 'config/rosterd.yaml'), 'utf8')) as Record<string, unknown>;
  await site.configure({ ...demo, dataDir: '../data' });
  return site;
}

/** The link that a start without a terminal leaves for the first operator. */
export function firstLink(site: Site, daemon: Daemon): Promise<string> {
  return until(`the link is left; ${daemon.log()}`, async () => {
    const text = await readFile(join(site.dataDir, 'first-sign-in.txt'), 'utf8').catch(() => '');
    return text.trim() === '' ? undefined : text.trim();
  });
}

/** A page with everything that it complained about: errors of scripts, what the policy refused, failed loads. */
export interface WatchedPage {
  readonly page: Page;
  readonly complaints: string[];
  /** What a person who does not see or has no mouse would stumble over, by axe's rules. */
  readonly stumbles: () => Promise<string[]>;
}

export async function watchedPage(browser: Browser, options: BrowserContextOptions = {}): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 850 }, locale: 'en-GB', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  return { page, complaints, stumbles: () => stumbles(page) };
}

async function stumbles(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const found = await page.evaluate<readonly Violation[]>('axe.run().then(({ violations }) => violations)');
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`);
}

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string }[];
}

/** Goes on by the tabulator until what has the focus is called so; whoever cannot get there has no mouse either. */
export async function tabTo(page: Page, called: RegExp): Promise<void> {
  const seen: string[] = [];
  for (let press = 0; press < 120; press += 1) {
    await page.keyboard.press('Tab');
    const name = await page.evaluate<string>(nameOfFocus);
    if (called.test(name)) return;
    seen.push(name.slice(0, 40));
  }
  throw new Error(`nothing called ${String(called)} takes the focus, but: ${seen.join(' · ')}`);
}

/** Runs in the page, whose types are not those of this program. */
const nameOfFocus = `(() => {
  const at = document.activeElement;
  return (at?.labels?.[0]?.textContent ?? at?.textContent ?? '').replace(/\\s+/g, ' ').trim();
})()`;
