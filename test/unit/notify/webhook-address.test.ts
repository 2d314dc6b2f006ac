import { describe, expect, it } from 'vitest';
import { isAllowedAddress, webhookAddressProblem } from '../../../src/notify/webhook-address.ts';

describe('14.6 the address of a webhook', () => {
  it.each([
    'https://chat.example/hook/T0K3N',
    'https://10.1.2.3:8443/x',
    'https://[2001:db8::1]/x',
    'http://localhost:8080/x',
    'http://127.0.0.1/x',
    'http://[::1]:9/x',
  ])('%s is allowed', (url) => {
    expect(webhookAddressProblem(url)).toBeUndefined();
  });

  it.each([
    ['http://chat.example/hook', /https/],
    ['http://127.0.0.1.example.com/', /https/],
    ['http://10.0.0.1/', /https/],
    ['ftp://chat.example/', /https/],
    ['chat.example/hook', /https/],
    ['https://me:pw@chat.example/', /password/],
    ['https://169.254.169.254/latest/meta-data', /metadata/],
    ['https://2852039166/', /metadata/],
    ['https://[fe80::1]/', /link-local/],
    ['https://[::ffff:169.254.169.254]/', /metadata/],
    ['https://[64:ff9b::a9fe:a9fe]/', /metadata/],
    ['https://[fd00:ec2::254]/', /metadata/],
    ['https://0.0.0.0/', /metadata/],
  ])('%s is refused', (url, problem) => {
    expect(webhookAddressProblem(url)).toMatch(problem);
  });

  it.each(['169.254.0.1', '100.100.100.200', 'fe80::abcd', 'febf::1', '::', '::ffff:a9fe:a9fe', '255.255.255.255'])(
    'a name may not lead to %s',
    (address) => {
      expect(isAllowedAddress(address)).toBe(false);
    },
  );

  it.each(['10.0.0.1', '192.168.1.1', '8.8.8.8', '::1', '127.0.0.1', '2001:db8::1', 'fd12:3456::1'])(
    'a name may lead to %s',
    (address) => {
      expect(isAllowedAddress(address)).toBe(true);
    },
  );
});
