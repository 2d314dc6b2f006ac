import { z } from 'zod';

/** Where a server listens, and when the connection becomes encrypted: from the start (`tls`), on request, or never. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly encryption: 'none' | 'start-tls' | 'tls';
}

/** Host and port, for messages. */
export function placeOf(endpoint: Endpoint): string {
  return `${endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host}:${endpoint.port}`;
}

/** The key `tls` of a connection, whatever protocol is spoken over it. */
export const tlsSettings = z.strictObject({
  /** PEM file with the only CAs that are trusted; without it, those that Node brings along. */
  caFile: z.string().min(1).optional(),
  /** Accepts every certificate: anybody in between can read the password. */
  insecure: z.boolean().default(false),
});

export type TlsSettings = z.infer<typeof tlsSettings>;
