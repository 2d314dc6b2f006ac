import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { exported } from '../../../src/api/exported.ts';

const csv = { head: 'A\n', line: (entry: number) => `${String(entry)}\n` };

it('an export that nobody reads is broken off, reads no further pages, and lets go of its source (issue 10, point 7)', async () => {
  const pages = { read: 0, ended: false };
  async function* numbers(): AsyncGenerator<readonly number[], void, void> {
    try {
      for (;;) yield [pages.read++];
    } finally {
      pages.ended = true;
    }
  }
  const { body } = exported('csv', csv, numbers(), 20);
  body.once('readable', () => void body.read());
  let reason = '';
  body.once('error', (error) => (reason = error.message));
  await expect.poll(() => reason).toContain('nobody read it');
  expect(pages.read).toBeLessThan(6);
  await expect.poll(() => pages.ended).toBe(true);
});

it('an export that is read slowly goes on to its end', async () => {
  async function* three(): AsyncGenerator<readonly number[], void, void> {
    yield [1];
    yield [2];
    yield [3];
  }
  let text = '';
  for await (const piece of exported('csv', csv, three(), 1_000).body) {
    text += String(piece);
    await sleep(5);
  }
  expect(text).toBe('A\n1\n2\n3\n');
});
