import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acquireDataDirectory, readHolder } from '../../../src/store/embedded/data-directory.ts';
import { DataDirectoryError } from '../../../src/store/embedded/errors.ts';
import { createTempDir, type TempDir } from '../../support/services/temp.ts';
import { startChild, type Child } from './child.ts';

/** Longer than any test may take: who waits for it has not been refused at once. */
const FOR_EVER_MS = 600_000;

let temp: TempDir;
let dir: string;
let children: Child[];

beforeEach(() => {
  temp = createTempDir('data-directory');
  dir = join(temp.path, 'store');
  children = [];
});
afterEach(async () => {
  for (const child of children) await child.kill();
  await temp.remove();
});

async function holdElsewhere(role: 'daemon' | 'command'): Promise<Child> {
  const child = startChild(new URL('./hold.ts', import.meta.url), [dir, role]);
  children.push(child);
  expect(await child.nextLine()).toBe('held');
  return child;
}

async function refusal(attempt: Promise<unknown>): Promise<DataDirectoryError> {
  const error = await attempt.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof DataDirectoryError) return error;
  throw new Error(`not refused: ${String(error)}`);
}

describe('a data directory', () => {
  it('of another user is refused, as root too, and so is one with a link in it (issue 10, point 15)', async () => {
    for (const plant of [
      () => chownSync(dir, 65_534, 65_534),
      () => {
        writeFileSync(join(dir, 'lock'), '');
        chownSync(join(dir, 'lock'), 65_534, 65_534);
      },
      () => symlinkSync('/etc/passwd', join(dir, 'lock')),
      () => symlinkSync(temp.path, join(dir, 'pg')),
    ]) {
      mkdirSync(dir, { mode: 0o700 });
      plant();
      const error = await refusal(acquireDataDirectory(dir, { role: 'daemon', waitMs: 0 }));
      expect(error.code).toBe('data-directory-unusable');
      expect(error.message).toMatch(/belongs to another user|is a symbolic link/);
      rmSync(dir, { recursive: true });
    }
    mkdirSync(dir, { mode: 0o700 });
    const link = join(temp.path, 'link');
    symlinkSync(dir, link);
    lchownSync(link, 65_534, 65_534);
    expect((await refusal(acquireDataDirectory(link, { role: 'daemon', waitMs: 0 }))).message).toContain(
      'another user',
    );
  });

  it('closes to others what an open umask or a restored backup has left in it', async () => {
    mkdirSync(dir, { mode: 0o700 });
    for (const name of ['daemon.json', 'holder.json', 'lock']) writeFileSync(join(dir, name), '');
    mkdirSync(join(dir, 'pg'));
    for (const name of readdirSync(dir)) chmodSync(join(dir, name), 0o777);
    const owned = await acquireDataDirectory(dir, { role: 'daemon', waitMs: 0 });
    const open = readdirSync(dir).filter((name) => (statSync(join(dir, name)).mode & 0o077) !== 0);
    owned.release();
    expect(open).toEqual([]);
  });

  it('refuses a second daemon at once and names the first', async () => {
    const daemon = await holdElsewhere('daemon');
    daemon.say('describe http://127.0.0.1:8080');
    await daemon.nextLine();

    const error = await refusal(acquireDataDirectory(dir, { role: 'daemon', waitMs: FOR_EVER_MS }));

    expect(error.code).toBe('data-directory-held');
    expect(error.message).toContain(`held by rosterd daemon, pid ${daemon.pid} on host ${hostname()} since 20`);
    expect(error.message).toContain('stop it or use its API at http://127.0.0.1:8080');
    expect(error.holder).toMatchObject({
      pid: daemon.pid,
      role: 'daemon',
      host: hostname(),
      address: 'http://127.0.0.1:8080',
    });
    expect(readHolder(dir)).toEqual(error.holder);
  });

  it('refuses a second daemon also while the first is still starting', async () => {
    const daemon = await holdElsewhere('daemon');
    const error = await refusal(acquireDataDirectory(dir, { role: 'daemon', waitMs: FOR_EVER_MS }));
    expect(error.holder?.pid).toBe(daemon.pid);
  });

  it('is free after kill -9 of its holder, whatever holder.json still says', async () => {
    const daemon = await holdElsewhere('daemon');
    await daemon.kill();

    expect(existsSync(join(dir, 'holder.json'))).toBe(true);
    expect(readHolder(dir)).toBeNull();
    const held = await acquireDataDirectory(dir, { role: 'daemon', waitMs: 0 });
    expect(readHolder(dir)?.pid).toBe(process.pid);
    held.release();
    expect(readHolder(dir)).toBeNull();
  });

  it('lets a command wait until a starting daemon ends', async () => {
    const daemon = await holdElsewhere('daemon');
    const waiting = acquireDataDirectory(dir, { role: 'command', waitMs: FOR_EVER_MS });
    expect(await Promise.race([waiting, delay(600, 'waiting')])).toBe('waiting');
    daemon.say('release');
    (await waiting).release();
  });

  it('tells a waiting command the address of the daemon as soon as there is one', async () => {
    const daemon = await holdElsewhere('daemon');
    const waiting = refusal(acquireDataDirectory(dir, { role: 'command', waitMs: FOR_EVER_MS }));
    daemon.say('describe http://127.0.0.1:9090');
    expect((await waiting).holder?.address).toBe('http://127.0.0.1:9090');
  });

  it('lets a daemon wait for a command', async () => {
    const command = await holdElsewhere('command');
    const waiting = acquireDataDirectory(dir, { role: 'daemon', waitMs: FOR_EVER_MS });
    expect(await Promise.race([waiting, delay(600, 'waiting')])).toBe('waiting');
    await command.kill();
    (await waiting).release();
  });

  it('ends the waiting when the time is up', async () => {
    await holdElsewhere('command');
    const error = await refusal(acquireDataDirectory(dir, { role: 'daemon', waitMs: 300 }));
    expect(error.message).toContain('wait until it has ended, or stop it');
  });

  it('refuses a second holder in the same process', async () => {
    const first = await acquireDataDirectory(dir, { role: 'daemon', waitMs: 0 });
    expect((await refusal(acquireDataDirectory(dir, { role: 'daemon', waitMs: 0 }))).code).toBe('data-directory-held');
    first.release();
    (await acquireDataDirectory(dir, { role: 'daemon', waitMs: 0 })).release();
  });

  it('is never made by a command that only reads', async () => {
    const read = (): Promise<unknown> => acquireDataDirectory(dir, { role: 'command', waitMs: 0, create: false });
    const error = await refusal(read());
    expect(error.code).toBe('no-store');
    expect(error.message).toContain('npm start');
    expect(existsSync(dir)).toBe(false);

    (await acquireDataDirectory(dir, { role: 'daemon', waitMs: 0 })).release();
    expect((await refusal(read())).code, 'a lock alone is no store').toBe('no-store');
    expect(readHolder(dir)).toBeNull();
  });

  it('leaves an open directory with files of others alone', async () => {
    mkdirSync(dir);
    chmodSync(dir, 0o755);
    writeFileSync(join(dir, 'accounts.xlsx'), '');
    const error = await refusal(acquireDataDirectory(dir, { role: 'daemon', waitMs: 0 }));
    expect(error.code).toBe('data-directory-unusable');
  });
});
