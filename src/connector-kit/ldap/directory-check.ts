import { lookup } from 'node:dns/promises';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { CheckStep } from '../contract.ts';
import { SourceError } from '../errors.ts';
import type { SourceErrorCode } from '../errors.ts';
import { LdapConnection, serverDown } from './connection.ts';
import type { DirectoryConnection, Endpoint } from './connection-config.ts';
import { endpointsOf } from './connection-config.ts';
import { connectionFailure } from './failures.ts';
import { openTcp, openTls, placeOf } from './socket.ts';
import type { SocketSettings } from './socket.ts';

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
  tls: 'renew or correct the certificate of the server, or put its CA into connection.tls.caFile, as the message says',
  busy: 'try again later',
  'cursor-unusable': 'nothing: the next import reads in full',
  'source-identity-changed': 'confirm the change',
  'file-missing': 'put the file there',
};

/** The steps of `source check` in order. */
export class CheckReport {
  readonly steps: CheckStep[] = [];
  readonly #remedies: Readonly<Record<SourceErrorCode, string>>;
  #ended = false;

  /** `own` are remedies that differ from those of a directory. */
  constructor(own: Readonly<Partial<Record<SourceErrorCode, string>>> = {}) {
    this.#remedies = { ...remedies, ...own };
  }

  /** Does one step that the following depend on, and gives its value; undefined, and nothing more is tried, once one has failed. */
  async step<T>(name: string, work: () => Promise<T>, describe: (value: T) => Finding): Promise<T | undefined> {
    const value = await this.aside(name, work, describe);
    if (this.steps.at(-1)?.outcome === 'failed') this.#ended = true;
    return value;
  }

  /** Does one step that others do not depend on: the report goes on when it fails, and its value is undefined. */
  async aside<T>(name: string, work: () => Promise<T>, describe: (value: T) => Finding): Promise<T | undefined> {
    if (this.#ended) return undefined;
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
      this.#fail(name, error);
      return undefined;
    }
  }

  /** The code of the step that ended the report; undefined while none has, or where it has none. */
  get failedWith(): SourceErrorCode | undefined {
    return this.#ended ? this.steps.at(-1)?.code : undefined;
  }

  /** An empty report with the same remedies. */
  another(): CheckReport {
    return new CheckReport(this.#remedies);
  }

  /** Takes the steps of another report over, with a word on where they were done; `dispensable` ones do not fail, they warn. */
  take(other: CheckReport, where: string, dispensable: boolean): void {
    for (const { code, ...step } of other.steps) {
      const detail = `${where}${step.detail}`;
      if (step.outcome === 'failed' && dispensable) this.steps.push({ ...step, detail, outcome: 'warning' });
      else this.steps.push({ ...step, detail, ...(code === undefined ? {} : { code }) });
    }
  }

  #fail(name: string, error: unknown): void {
    const detail = error instanceof Error ? error.message : 'unknown';
    const said =
      error instanceof SourceError
        ? { remedy: this.#remedies[error.code], code: error.code }
        : { remedy: 'see the log of rosterd' };
    this.steps.push({ name, outcome: 'failed', detail, ...said });
  }
}

const soonDays = 30;
const dayMs = 86_400_000;

/** A server that can be used, and what it was asked. The caller closes the connection. */
export interface UsableServer<T> {
  readonly connection: LdapConnection;
  readonly answer: T;
}

/**
 * Checks every server of a connection: DNS, TCP, encryption, log-in, and what `ask` asks of each (it adds steps of its own).
 * Gives the server that a read would use, otherwise another usable one. Where a read can do without a server, what failed
 * there is a warning. A refused log-in is not tried at the next server, where it would be refused and count too.
 */
export async function checkServers<T>(
  report: CheckReport,
  connection: DirectoryConnection,
  signal: AbortSignal,
  ask: (report: CheckReport, connection: LdapConnection) => Promise<T | undefined>,
): Promise<UsableServer<T> | undefined> {
  const endpoints = endpointsOf(connection);
  const servers: { readonly place: string; readonly own: CheckReport; readonly usable?: UsableServer<T> }[] = [];
  for (const endpoint of endpoints) {
    const own = report.another();
    const opened = await checkServer(own, endpoint, connection, signal);
    const answer = opened === undefined ? undefined : await ask(own, opened);
    const usable = opened === undefined || answer === undefined ? {} : { usable: { connection: opened, answer } };
    if (answer === undefined) opened?.destroy();
    servers.push({ place: placeOf(endpoint), own, ...usable });
    if (own.failedWith === 'login-refused') break;
  }
  const used = servers.find(({ own }) => own.failedWith === undefined || !serverDown.has(own.failedWith));
  for (const { own, place } of servers) {
    const dispensable = used?.usable !== undefined && own !== used.own;
    report.take(own, endpoints.length > 1 ? `${place}: ` : '', dispensable);
  }
  const [first, ...others] = [used, ...servers].flatMap((each) => each?.usable ?? []);
  for (const { connection: other } of others) if (other !== first?.connection) await other.close();
  return first;
}

/** The same without any question of its own. */
export async function checkConnection(
  report: CheckReport,
  connection: DirectoryConnection,
  signal: AbortSignal,
): Promise<LdapConnection | undefined> {
  return (await checkServers(report, connection, signal, () => Promise.resolve(true)))?.connection;
}

async function checkServer(
  report: CheckReport,
  endpoint: Endpoint,
  connection: DirectoryConnection,
  signal: AbortSignal,
): Promise<LdapConnection | undefined> {
  const place = placeOf(endpoint);
  const { timeoutMs } = connection;
  let socket = await checkTcp(report, endpoint, connection, signal);
  if (socket !== undefined && endpoint.encryption === 'start-tls') {
    const plain = new LdapConnection(socket, place, timeoutMs);
    socket = await report.step(
      'start-tls',
      () => plain.startTls(signal),
      () => ({ detail: 'the server starts TLS' }),
    );
  }
  if (socket !== undefined) socket = await checkTls(report, socket, endpoint, connection, signal);
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
