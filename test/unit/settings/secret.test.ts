import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { format, inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { SourceError } from '../../../src/connector-kit/errors.ts';
import { secret, secretFingerprint, SecretRef } from '../../../src/connector-kit/secret.ts';
import { folderWith } from './support.ts';

const key = Buffer.from('key of the installation');

describe('a secret', () => {
  it('20.11 never prints its value', async () => {
    const ref = SecretRef.from({ env: 'PW' }, { env: { PW: 'hunter2' }, folder: '/' });
    const masked = '***** (environment variable PW)';
    expect(await ref.read()).toBe('hunter2');
    expect(JSON.stringify({ ref })).toBe(`{"ref":"${masked}"}`);
    expect(inspect({ ref }, { showHidden: true, depth: 9 })).toContain(masked);
    const printed = [String(ref), format('%o %O %j %s', ref, ref, ref, ref), inspect(ref, { showHidden: true })];
    for (const text of printed) expect(text).not.toContain('hunter2');
  });

  it('is masked when it is fixed, too', () => {
    const ref = SecretRef.fixed('hunter2', 'the test');
    expect(inspect(ref, { showHidden: true }) + JSON.stringify(ref)).not.toContain('hunter2');
  });

  it('is read again each time, without the newline at the end of its file', async () => {
    const folder = await folderWith({ pw: 'first\r\n' });
    const ref = SecretRef.from({ file: 'pw' }, { env: {}, folder });
    expect(await ref.read()).toBe('first');
    await writeFile(join(folder, 'pw'), 'second \n\r\n');
    expect(await ref.read()).toBe('second ');
  });

  it('in a file as editors of Windows write it is read; in another encoding it is refused, never sent as it is', async () => {
    const folder = await folderWith({
      marked: '\ufeffpäss\r\n',
      utf16: Buffer.from('\ufeffpäss\r\n', 'utf16le'),
      big: Buffer.from('\ufeffpäss\n', 'utf16le').swap16(),
      latin1: Buffer.from('päss\n', 'latin1'),
      unmarked: Buffer.from('pass\n', 'utf16le'),
    });
    const read = (file: string) => SecretRef.from({ file }, { env: {}, folder }).read();
    expect(await Promise.all(['marked', 'utf16', 'big'].map(read))).toEqual(['päss', 'päss', 'päss']);
    await expect(read('latin1')).rejects.toThrow(/latin1 is not in UTF-8/);
    await expect(read('unmarked')).rejects.toThrow(/unmarked seems to be in UTF-16/);
    expect(await SecretRef.from({ env: 'PW' }, { env: { PW: 'pw\n' }, folder }).read()).toBe('pw');
  });

  it('that is missing or empty is a fatal error of the configuration that names its origin', async () => {
    const folder = await folderWith({ empty: '' });
    const place = { env: { EMPTY: '' }, folder };
    const refs = [{ env: 'NONE' }, { env: 'EMPTY' }, { file: 'empty' }, { file: 'none' }].map((source) =>
      SecretRef.from(source, place),
    );
    for (const ref of refs) {
      const error = await ref.read().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(SourceError);
      expect(error).toMatchObject({ class: 'fatal', code: 'configuration' });
      expect((error as Error).message).toContain(ref.origin);
    }
  });

  it('is a reference and nothing else in a schema', () => {
    const schema = z.strictObject({ password: secret(), token: secret().optional() });
    expect(schema.parse({ password: { env: 'PW' } }).password.origin).toBe('environment variable PW');
    for (const password of ['hunter2', 5, null, undefined, {}, { env: '' }, { env: 'A B' }, { file: '' }, { env: 5 }]) {
      expect(schema.safeParse({ password }).success).toBe(false);
    }
  });

  it('has a fingerprint that changes with the secret and with the key, and with nothing else', async () => {
    const print = (value: string, by = key): Promise<string> => secretFingerprint(SecretRef.fixed(value, 'test'), by);
    expect(await print('hunter2')).toMatch(/^[0-9a-f]{64}$/);
    expect(await print('hunter2')).toBe(await secretFingerprint(SecretRef.fixed('hunter2', 'elsewhere'), key));
    expect(await print('hunter3')).not.toBe(await print('hunter2'));
    expect(await print('hunter2', Buffer.from('other'))).not.toBe(await print('hunter2'));
  });
});
