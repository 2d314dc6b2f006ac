import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readAuthorities } from '../../../src/connector-kit/connect/socket.ts';

const pem = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
const der = Buffer.from([0x30, 0x82, 0x01, 0x0a, 0x02]);
const pkcs7 = Buffer.from('308201060609' + '06092a864886f70d010702', 'hex');

async function written(content: string | Buffer): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'rosterd-ca-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'ca');
  await writeFile(path, content);
  return path;
}

test.each([
  ['as it is', pem],
  ['behind a byte order mark, with CR LF', `\ufeff${pem.replaceAll('\n', '\r\n')}`],
  ['with text around', `Subject: CN=Root\n${pem}that was it\n`],
])('a CA file in PEM %s is taken', async (_name, content) => {
  const read = await readAuthorities(await written(content));
  expect(read?.toString('latin1')).not.toContain('\u00ef');
  expect(read?.includes('-----BEGIN CERTIFICATE-----')).toBe(true);
});

test.each([
  ['DER', der, /is in DER, not PEM: openssl x509 -inform der/],
  ['PKCS7', pkcs7, /is PKCS7, not PEM: openssl pkcs7 -inform der/],
  ['PKCS7 as text', '-----BEGIN PKCS7-----\nMII=\n-----END PKCS7-----\n', /is PKCS7, not PEM: openssl pkcs7 -in/],
  ['an empty file', '', /holds no certificate: it is empty/],
  ['UTF-16', Buffer.from(pem, 'utf16le'), /UTF-16/],
  ['a key', '-----BEGIN PRIVATE KEY-----\nMII=\n-----END PRIVATE KEY-----\n', /holds no certificate in PEM/],
])('%s is refused with what to do', async (_name, content, message) => {
  await expect(readAuthorities(await written(content))).rejects.toMatchObject({
    class: 'fatal',
    code: 'configuration',
    message: expect.stringMatching(message) as string,
  });
});
