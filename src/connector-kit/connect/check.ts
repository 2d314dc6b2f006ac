import { lookup } from 'node:dns/promises';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { CheckReport, Finding } from '../check-report.ts';
import { placeOf } from './endpoint.ts';
import type { Endpoint } from './endpoint.ts';
import { connectionFailure } from './failures.ts';
import { openTcp, openTls } from './socket.ts';
import type { SocketSettings } from './socket.ts';

const soonDays = 30;
const dayMs = 86_400_000;

/** The steps `dns` and `tcp`; gives the connected socket when both went well. The caller closes it. */
export async function checkTcp(
  report: CheckReport,
  endpoint: Endpoint,
  connection: SocketSettings,
  signal: AbortSignal,
): Promise<Socket | undefined> {
  await report.step(
    'dns',
    () =>
      lookup(endpoint.host, { all: true }).catch((error: unknown) =>
        Promise.reject(connectionFailure(error, endpoint.host)),
      ),
    (addresses) => ({ detail: `${endpoint.host} is ${addresses.map((each) => each.address).join(', ')}` }),
  );
  return report.step(
    'tcp',
    () => openTcp(endpoint, connection, signal),
    () => ({ detail: `${placeOf(endpoint)} accepts connections` }),
  );
}

/** The step `tls`, with the expiry of the certificate; gives the socket to go on with, which is the same where there is no TLS. */
export async function checkTls(
  report: CheckReport,
  socket: Socket,
  endpoint: Endpoint,
  connection: SocketSettings,
  signal: AbortSignal,
): Promise<Socket | undefined> {
  if (endpoint.encryption === 'none') {
    const describe = (): Finding => describePlaintext(connection);
    return report.step('tls', () => Promise.resolve(socket), describe);
  }
  const describe = (secure: TLSSocket): Finding => describeTls(secure, connection);
  return report.step('tls', () => openTls(socket, endpoint, connection, signal), describe);
}

function describeTls(socket: TLSSocket, connection: SocketSettings): Finding {
  const certificate = socket.getPeerCertificate();
  const expires = new Date(certificate.valid_to);
  const daysLeft = Math.floor((expires.getTime() - Date.now()) / dayMs);
  const detail = `${socket.getProtocol() ?? 'TLS'}; the certificate expires on ${expires.toISOString().slice(0, 10)} (${daysLeft} days)`;
  if (connection.tls?.insecure === true) {
    return {
      detail: `${detail}; it is not checked`,
      remedy: 'set connection.tls.caFile and take connection.tls.insecure out',
    };
  }
  return daysLeft < soonDays ? { detail, remedy: 'renew the certificate of the server' } : { detail };
}

function describePlaintext(connection: SocketSettings): Finding {
  const detail = 'no TLS: password and data travel in clear';
  return connection.allowPlaintext
    ? { detail, remedy: 'use an encrypted connection: ldaps:// or connection.startTls: true, or https://' }
    : { detail: `${detail}, within this machine` };
}
