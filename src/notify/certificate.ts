import { isIP } from 'node:net';
import { connect } from 'node:tls';

/** Where a server listens with TLS from the start. */
export interface SecureEndpoint {
  readonly host: string;
  readonly port: number;
}

const timeoutMs = 10_000;

/**
 * When the certificate expires that a server shows; null where none is to be had. Nothing is sent, so the certificate
 * need not be trusted: one that has expired is told of too.
 */
export async function certificateExpiry({ host, port }: SecureEndpoint, signal: AbortSignal): Promise<Date | null> {
  const { promise, resolve } = Promise.withResolvers<Date | null>();
  const socket = connect({ host, port, ...(isIP(host) === 0 ? { servername: host } : {}), rejectUnauthorized: false });
  const give = (expiry: Date | null): void => {
    socket.destroy();
    resolve(expiry);
  };
  const none = (): void => give(null);
  socket.once('secureConnect', () => {
    const expires = new Date(socket.getPeerCertificate().valid_to);
    give(Number.isNaN(expires.getTime()) ? null : expires);
  });
  socket.once('error', none).once('close', none);
  socket.setTimeout(timeoutMs, none);
  signal.addEventListener('abort', none, { once: true });
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', none);
  }
}

/** The servers that a source's connection names (`url`, one or several) and that speak TLS from the start. */
export function secureEndpoints(url: unknown): SecureEndpoint[] {
  const urls = Array.isArray(url) ? (url as unknown[]) : [url];
  return urls.flatMap((each) => {
    const parsed = typeof each === 'string' ? URL.parse(each) : null;
    const standardPort = parsed === null ? undefined : standardPorts[parsed.protocol];
    if (parsed === null || standardPort === undefined) return [];
    return [
      {
        host: parsed.hostname.replace(/^\[(.*)\]$/, '$1'),
        port: parsed.port === '' ? standardPort : Number(parsed.port),
      },
    ];
  });
}

const standardPorts: Readonly<Record<string, number>> = { 'https:': 443, 'ldaps:': 636 };
