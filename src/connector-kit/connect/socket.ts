import { readFile } from 'node:fs/promises';
import { connect as connectPlain, isIP } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectSecure } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { SourceError } from '../errors.ts';
import { isLoopback, placeOf } from './endpoint.ts';
import type { Endpoint, TlsSettings } from './endpoint.ts';
import { connectionFailure } from './failures.ts';

/** What a connection's configuration says of the socket, whatever protocol is spoken over it. */
export interface SocketSettings {
  readonly tls?: TlsSettings | undefined;
  readonly timeoutMs: number;
  readonly allowPlaintext: boolean;
}

/** A host that takes longer is as good as down, however long its answers may take. */
export const longestConnectMs = 15_000;

/**
 * Opens the TCP connection. Throws a SourceError; fatal `configuration` when it turns out to leave this machine although
 * everything would be sent in clear.
 */
export async function openTcp(endpoint: Endpoint, connection: SocketSettings, signal: AbortSignal): Promise<Socket> {
  const socket = connectPlain({ host: endpoint.host, port: endpoint.port, keepAlive: true, noDelay: true });
  await settle(socket, 'connect', connection, placeOf(endpoint), signal);
  if (endpoint.encryption === 'none' && !connection.allowPlaintext && !isLoopback(socket.remoteAddress ?? '')) {
    socket.destroy();
    const message = `${placeOf(endpoint)} is not on this machine: the password would travel in clear; use an encrypted connection`;
    throw new SourceError('fatal', 'configuration', message);
  }
  return socket;
}

/** Encrypts an open connection, with certificate chain and host name checked unless `tls.insecure`. Throws a SourceError. */
export async function openTls(
  socket: Socket,
  endpoint: Endpoint,
  connection: SocketSettings,
  signal: AbortSignal,
): Promise<TLSSocket> {
  const authorities = await readAuthorities(connection.tls?.caFile).catch((error: unknown) => {
    socket.destroy();
    throw error;
  });
  const secure = connectSecure({
    socket,
    host: endpoint.host,
    // A server name must not be an address (RFC 6066); the certificate is checked against `host` then.
    ...(isIP(endpoint.host) === 0 ? { servername: endpoint.host } : {}),
    ...(authorities === undefined ? {} : { ca: authorities }),
    rejectUnauthorized: connection.tls?.insecure !== true,
    minVersion: 'TLSv1.2',
  });
  try {
    await settle(secure, 'secureConnect', connection, placeOf(endpoint), signal);
  } catch (error) {
    socket.destroy();
    throw error;
  }
  return secure;
}

/** The CAs of `tls.caFile`, as PEM; undefined where there is none. Throws a fatal SourceError `configuration`. */
export async function readAuthorities(caFile: string | undefined): Promise<Buffer | undefined> {
  if (caFile === undefined) return undefined;
  try {
    return await readFile(caFile);
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown reason';
    throw new SourceError('fatal', 'configuration', `connection.tls.caFile ${caFile} cannot be read (${reason})`, {
      cause,
    });
  }
}

/** Waits for the socket's event, its error, the time limit or the abort, whichever is first; destroys it unless the event came. */
async function settle(
  socket: Socket,
  event: 'connect' | 'secureConnect',
  connection: SocketSettings,
  place: string,
  signal: AbortSignal,
): Promise<void> {
  const waitMs = Math.min(connection.timeoutMs, longestConnectMs);
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const failed = (error: Error): void => reject(error);
  const closed = (): void =>
    reject(new SourceError('retryable', 'unreachable', `${place} closed the connection before it was ready`));
  const aborted = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
  const late = (): void =>
    reject(new SourceError('retryable', 'timeout', `${place} did not answer within ${waitMs} ms (${event})`));
  const timer = setTimeout(late, waitMs);
  socket.once(event, resolve).once('error', failed).once('close', closed);
  signal.addEventListener('abort', aborted, { once: true });
  try {
    if (signal.aborted) aborted();
    await promise;
  } catch (error) {
    socket.on('error', ignoreAfterFailure).destroy();
    throw signal.aborted ? error : connectionFailure(error, place);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', aborted);
    socket.off(event, resolve).off('error', failed).off('close', closed);
  }
}

/** The first error has been reported; what a dying socket says after that is of no use, and unheard it would end the process. */
function ignoreAfterFailure(): void {
  return;
}
