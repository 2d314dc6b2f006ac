import { BlockList, isIP } from 'node:net';
import { hostOf, isLoopback } from '../loopback.ts';

/**
 * Where no webhook goes, whatever the configuration says: link-local addresses (RFC 3927, RFC 4291), where clouds have
 * the metadata of a machine with its credentials, their other known metadata addresses, and what names no host.
 */
const refused = new BlockList();
refused.addSubnet('169.254.0.0', 16, 'ipv4');
refused.addAddress('100.100.100.200', 'ipv4'); // Alibaba Cloud
refused.addAddress('168.63.129.16', 'ipv4'); // Azure
refused.addAddress('192.0.0.192', 'ipv4'); // Oracle Cloud
refused.addSubnet('0.0.0.0', 8, 'ipv4');
refused.addSubnet('224.0.0.0', 3, 'ipv4');
refused.addSubnet('fe80::', 10, 'ipv6');
refused.addAddress('fd00:ec2::254', 'ipv6'); // AWS
refused.addAddress('fd20:ce::254', 'ipv6'); // Google Cloud
refused.addAddress('::', 'ipv6');
refused.addSubnet('ff00::', 8, 'ipv6');
refused.addSubnet('64:ff9b::', 96, 'ipv6'); // NAT64: any IPv4 address in disguise

/** Whether a webhook may be sent to this IP address, where a host name led to it. */
export function isAllowedAddress(address: string): boolean {
  return !refused.check(address, familyOf(address));
}

/** What is wrong with the address of a webhook, without repeating it; undefined where nothing is. */
export function webhookAddressProblem(text: string): string | undefined {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) return 'holds no address https://HOST[:PORT]/PATH';
  if (url.username !== '' || url.password !== '') return 'has a user name or password in its address';
  const host = hostOf(url);
  if (url.protocol === 'http:' && !isLoopback(host))
    return 'is http://, which is allowed to this machine only; use https://';
  return isIP(host) === 0 || isAllowedAddress(host) ? undefined : 'is a link-local or metadata address';
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}
