import { readFile } from 'node:fs/promises';
import { connect as connectPlain, isIP } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectSecure } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { SourceError } from '../errors.ts';
import { isLoopback } from '../../loopback.ts';
import { placeOf } from './endpoint.ts';
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
    throw withTlsHint(error);
  }
  return secure;
}

/** A server that expects something else than TLS at this port closes the connection, or waits. */
function withTlsHint(error: unknown): unknown {
  if (!(error instanceof SourceError) || (error.code !== 'unreachable' && error.code !== 'timeout')) return error;
  const hint = 'does this port speak TLS (ldaps://, https://)? Check the port in connection.url';
  return new SourceError('retryable', error.code, `${error.message}; ${hint}`, { cause: error });
}

/** The CAs of `tls.caFile`, as PEM; undefined where there is none. Throws a fatal SourceError `configuration`. */
export async function readAuthorities(caFile: string | undefined): Promise<Buffer | undefined> {
  if (caFile === undefined) return undefined;
  let bytes: Buffer;
  try {
    bytes = await readFile(caFile);
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown reason';
    throw new SourceError('fatal', 'configuration', `connection.tls.caFile ${caFile} cannot be read (${reason})`, {
      cause,
    });
  }
  const problem = whyNoCertificates(bytes, caFile);
  if (problem !== undefined)
    throw new SourceError('fatal', 'configuration', `connection.tls.caFile ${caFile} ${problem}`);
  return bytes.subarray(bytes.subarray(0, 3).equals(utf8Mark) ? 3 : 0);
}

const utf8Mark = Buffer.from([0xef, 0xbb, 0xbf]);

/** Why a file gives no certificate to trust; Node would take it without a word, and trust nobody. */
function whyNoCertificates(bytes: Buffer, path: string): string | undefined {
  const text = bytes.toString('latin1');
  if (/-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----/.test(text)) return undefined;
  if (bytes.length === 0) return 'holds no certificate: it is empty';
  if (text.includes('-----BEGIN PKCS7-----') || (bytes[0] === 0x30 && bytes.includes(signedData)))
    return `is PKCS7, not PEM: openssl pkcs7 ${text.includes('-----') ? '' : '-inform der '}-in ${path} -print_certs -out ca.pem`;
  if (bytes[0] === 0x30) return `is in DER, not PEM: openssl x509 -inform der -in ${path} -out ca.pem`;
  if (bytes.includes(0)) return 'holds no certificate in PEM; it seems to be in UTF-16: save it as plain text';
  return 'holds no certificate in PEM (-----BEGIN CERTIFICATE-----)';
}

/** The OID of PKCS7's signed data, 1.2.840.113549.1.7.2. */
const signedData = Buffer.from('06092a864886f70d010702', 'hex');

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
