import { lookup } from 'node:dns/promises';
import type { TLSSocket } from 'node:tls';
import type { CheckStep } from '../contract.ts';
import { SourceError } from '../errors.ts';
import type { SourceErrorCode } from '../errors.ts';
import { LdapConnection } from './connection.ts';
import type { DirectoryConnection } from './connection-config.ts';
import { endpointOf } from './connection-config.ts';
import { connectionFailure } from './failures.ts';
import { openTcp, openTls, placeOf } from './socket.ts';

/** What a step found: it went well, or well enough with something to be done. */
export interface Finding {
  readonly detail: string;
  /** What to do; makes the step a warning. */
  readonly remedy?: string;
}

const remedies: Readonly<Record<SourceErrorCode, string>> = {
  'login-refused': 'correct connection.bindDn or connection.bindPassword, or unlock the account at the directory',
  'right-missing': "grant the right as the connector's README says",
  configuration: 'correct the key that the message names',
  protocol: 'make sure that connection.url names an LDAP server, and see its log',
  unreachable: 'check host, port and firewall',
  timeout: 'check host, port and firewall; raise connection.timeoutMs',
  tls: 'put the CA of the server into connection.tls.caFile and use a host name of its certificate',
  busy: 'try again later',
  'source-identity-changed': 'confirm the change',
  'file-missing': 'put the file there',
};

/** The steps of `source check` in order; after the first failed one nothing more is tried. */
export class CheckReport {
  readonly steps: CheckStep[] = [];

  /** Does one step, and gives its value; undefined once a step has failed. */
  async step<T>(name: string, work: () => Promise<T>, describe: (value: T) => Finding): Promise<T | undefined> {
    if (this.failed) return undefined;
    try {
      const value = await work();
      const { detail, remedy } = describe(value);
      this.steps.push({
        name,
        outcome: remedy === undefined ? 'ok' : 'warning',
        detail,
        ...(remedy === undefined ? {} : { remedy }),
      });
      return value;
    } catch (error) {
      const remedy = error instanceof SourceError ? remedies[error.code] : 'see the log of rosterd';
      this.steps.push({ name, outcome: 'failed', detail: error instanceof Error ? error.message : 'unknown', remedy });
      return undefined;
    }
  }

  get failed(): boolean {
    return this.steps.at(-1)?.outcome === 'failed';
  }
}

const soonDays = 30;
const dayMs = 86_400_000;

/** Checks DNS, TCP, encryption and log-in; gives the connection when all went well. The caller closes it. */
export async function checkConnection(
  report: CheckReport,
  connection: DirectoryConnection,
  signal: AbortSignal,
): Promise<LdapConnection | undefined> {
  const endpoint = endpointOf(connection);
  const place = placeOf(endpoint);
  const { timeoutMs } = connection;
  await report.step(
    'dns',
    () =>
      lookup(endpoint.host, { all: true }).catch((error: unknown) =>
        Promise.reject(connectionFailure(error, endpoint.host)),
      ),
    (addresses) => ({ detail: `${endpoint.host} is ${addresses.map((each) => each.address).join(', ')}` }),
  );
  let socket = await report.step(
    'tcp',
    () => openTcp(endpoint, connection, signal),
    () => ({ detail: `${place} accepts connections` }),
  );
  if (socket !== undefined && endpoint.encryption === 'start-tls') {
    const plain = new LdapConnection(socket, place, timeoutMs);
    socket = await report.step(
      'start-tls',
      () => plain.startTls(signal),
      () => ({ detail: 'the server starts TLS' }),
    );
  }
  if (socket !== undefined && endpoint.encryption !== 'none') {
    const bare = socket;
    socket = await report.step(
      'tls',
      () => openTls(bare, endpoint, connection, signal),
      (secure) => describeTls(secure, connection),
    );
  } else if (socket !== undefined) {
    await report.step(
      'tls',
      () => Promise.resolve(),
      () => describePlaintext(connection),
    );
  }
  if (socket === undefined) return undefined;
  const opened = new LdapConnection(socket, place, timeoutMs);
  const bound = await report.step(
    'bind',
    async () => {
      await opened.bind(connection.bindDn, await connection.bindPassword.read(), signal);
      return opened;
    },
    () => ({ detail: `logged in as ${connection.bindDn}` }),
  );
  if (bound === undefined) opened.destroy();
  return bound;
}

function describeTls(socket: TLSSocket, connection: DirectoryConnection): Finding {
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

function describePlaintext(connection: DirectoryConnection): Finding {
  const detail = 'no TLS: password and data travel in clear';
  return connection.allowPlaintext
    ? { detail, remedy: 'use ldaps:// or connection.startTls: true' }
    : { detail: `${detail}, within this machine` };
}
