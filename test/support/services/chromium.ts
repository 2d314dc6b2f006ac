import { chromium, type Browser } from 'playwright-core';
import { requireServices } from './install.ts';
import { programPath } from './program.ts';

const quietly = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Debian's Chromium without a window, with a profile of its own. Whoever opens it closes it. */
export async function openChromium(): Promise<Browser> {
  await requireServices('chromium');
  return chromium.launch({ executablePath: programPath('chromium'), args: quietly });
}
