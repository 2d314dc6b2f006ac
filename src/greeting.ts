import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from './telemetry/logger.ts';

interface Greeting {
  /** Where the console is. */
  readonly address: string;
  readonly dataDir: string;
  /** A new link for the first operator; null where there is an operator. */
  readonly firstLink: string | null;
  /** The terminal of who started it; null where its output is kept, as a log is. */
  readonly terminal: { write(text: string): unknown } | null;
  readonly log: Logger;
}

/**
 * Tells who starts rosterd what to open. The link of the first operator is shown on a terminal, else left in a file that only
 * the owner of the data directory can read; it is in no log (spec 19.2).
 */
export async function greet({ address, dataDir, firstLink, terminal, log }: Greeting): Promise<void> {
  const file = join(dataDir, 'first-sign-in.txt');
  await rm(file, { force: true });
  if (firstLink === null) {
    terminal?.write(`\n  The console: ${address}\n\n`);
    return;
  }
  const link = `${address}/link/${firstLink}`;
  if (terminal === null) {
    await writeFile(file, `${link}\n`, { mode: 0o600, flag: 'wx' });
    log.info({ file }, 'nobody can sign in to the console yet: the link in this file does, once and for an hour');
  } else
    terminal.write(
      `\n  Open this in your browser to sign in (once, within an hour):\n\n    ${link}\n\n  A new one: npx rosterd operator link\n\n`,
    );
}
