import { isIP } from 'node:net';
import { z } from 'zod';

/** Where a server listens, and when the connection becomes encrypted: from the start (`tls`), on request, or never. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly encryption: 'none' | 'start-tls' | 'tls';
}

/** The host of a URL, an IPv6 address without its brackets. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}

/** Host and port, for messages. */
export function placeOf(endpoint: Endpoint): string {
  return `${endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host}:${endpoint.port}`;
}

/** Whether a host name or address is this machine itself. */
export function isLoopback(host: string): boolean {
  const address = host.replace(/^::ffff:/i, '');
  if (isIP(address) === 4) return address.startsWith('127.');
  return address === '::1' || /^localhost\.?$/i.test(address);
}

/** The key `tls` of a connection, whatever protocol is spoken over it. */
export const tlsSettings = z.strictObject({
  /** PEM file with the only CAs that are trusted; without it, those that Node brings along. */
  caFile: z.string().min(1).optional(),
  /** Accepts every certificate: anybody in between can read the password. */
  insecure: z.boolean().default(false),
});

export type TlsSettings = z.infer<typeof tlsSettings>;
