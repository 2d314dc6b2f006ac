import { createServer } from 'node:https';
import type { Server } from 'node:https';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createTempDir } from '../../services/temp.ts';
import { makeAuthority, makeCertificate } from './certificates.ts';
import type { CertificateKind } from './certificates.ts';
import type { CommunicationManager } from './communication-manager.ts';
import { passed, send } from './delivery.ts';
import type { Wire } from './delivery.ts';
import { FaultSwitch } from './faults.ts';
import { Service } from './service.ts';
import { CallsUnderWay, Sessions } from './sessions.ts';
import type { Counters } from './sessions.ts';

/** How the simulated service is administered. */
export type AvayaSmsOptions = {
  /** Who may log in; the user name of HTTP Basic is `login@cm-host`. Default `rosterd` with a password of its own. */
  readonly login?: string;
  readonly password?: string;
  /** The Communication Managers behind the service; all answer from the same `cm`. Default one, `cm.example`. */
  readonly cmHosts?: readonly string[];
  /** SAT sessions that a CM has for the service. Default 5. */
  readonly maxSessions?: number;
  /** A session that is not used for so long ends. Default 15 minutes. */
  readonly sessionIdleMs?: number;
  /** How long a call takes; calls that come meanwhile are counted as overlaps. Default 3 ms. */
  readonly callMs?: number;
  /** What a wrong login or password meets: the web server's 401 (default) or the CM's refusal as a fault. */
  readonly wrongLogin?: 'http-401' | 'soap-fault';
  /** Told of each request with what was asked and answered, in a line. */
  readonly onCall?: (line: string) => void;
};

/** A running System Management Service of Avaya Application Enablement Services, with a CM behind it. */
export type AvayaSms = {
  /** `https://127.0.0.1:PORT/smsxml/SystemManagementService.php` */
  readonly url: string;
  /** The authority of its certificate. */
  readonly caFile: string;
  /** What HTTP Basic needs: `login@cm-host` of the first CM. */
  readonly username: string;
  readonly password: string;
  /** What is administered; change it at any time. */
  readonly cm: CommunicationManager;
  readonly faults: FaultSwitch;
  readonly counters: () => Counters;
  readonly resetCounters: () => void;
  /** Ends all sessions, as a restart of the service does. */
  readonly expireSessions: () => void;
  /** Shows another certificate to connections from now on; those that are open end. */
  readonly useCertificate: (kind: CertificateKind) => Promise<void>;
  readonly close: () => Promise<void>;
};

const PATH = '/smsxml/SystemManagementService.php';
/** Where a redirect leads; a client that follows it is seen there. */
const ELSEWHERE = '/elsewhere';
const IDLE_MS = 15 * 60_000;
const MAX_BODY = 1_000_000;

/** Starts the service on a free port of 127.0.0.1 with an empty CM. */
export async function startAvayaSms(options: AvayaSmsOptions = {}): Promise<AvayaSms> {
  const { login = 'rosterd', password = 'sms-Pässword-1', cmHosts = ['cm.example'] } = options;
  const directory = createTempDir('avaya');
  const caFile = await makeAuthority(directory.path);
  const cm: CommunicationManager = { agents: new Map(), huntGroups: new Map() };
  const faults = new FaultSwitch();
  const sessions = new Sessions(options.maxSessions ?? 5, options.sessionIdleMs ?? IDLE_MS);
  const underWay = new CallsUnderWay();
  const wrongLogin = options.wrongLogin ?? 'http-401';
  const service = new Service({ cm, sessions, faults, login, password, cmHosts, wrongLogin, elsewhere: ELSEWHERE });
  const seen = { requests: 0, elsewhere: 0 };
  const wires = new Wires();

  const server = createServer(await makeCertificate(directory.path, 'trusted'), (request, response) => {
    seen.requests += 1;
    if (request.url?.startsWith(ELSEWHERE) === true) seen.elsewhere += 1;
    if (request.url !== PATH || request.method !== 'POST') {
      response.writeHead(request.url === PATH ? 405 : 404).end();
      return;
    }
    serve(request, { response, reset: () => wires.reset(request.socket) }).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : new Error(String(error)));
    });
  });
  server.on('connection', (socket: Socket) => wires.add(socket));

  /** One request from its first byte until its answer is on its way, or the client has gone. */
  async function serve(request: IncomingMessage, wire: Wire): Promise<void> {
    const gone = new AbortController();
    wire.response.on('close', () => gone.abort());
    const call = underWay.begin(service.cmHostOf(request.headers.authorization));
    try {
      const body = await bodyOf(request);
      await passed(options.callMs ?? 3, gone.signal);
      const reply = await service.reply(request.headers.authorization, body, gone.signal);
      options.onCall?.(reply.line);
      if (reply.delivery === 'never') await passed(Number.POSITIVE_INFINITY, gone.signal);
      else await send(wire, reply, gone.signal, call.end);
    } catch (error) {
      if (!gone.signal.aborted) throw error;
    } finally {
      call.end();
    }
  }

  const port = await listen(server);
  return {
    url: `https://127.0.0.1:${port}${PATH}`,
    caFile,
    username: `${login}@${cmHosts[0] ?? ''}`,
    password,
    cm,
    faults,
    counters: () => ({ ...seen, ...service.counters(), ...underWay.counters(), sessions: sessions.counters() }),
    resetCounters: () => {
      Object.assign(seen, { requests: 0, elsewhere: 0 });
      service.resetCounters();
      underWay.resetCounters();
      sessions.resetCounters();
    },
    expireSessions: () => sessions.expireAll(),
    useCertificate: async (kind) => {
      server.setSecureContext(await makeCertificate(directory.path, kind));
      wires.end();
    },
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      wires.end();
      await closed;
      await directory.remove();
    },
  };
}

/** The TCP connections below TLS. */
class Wires {
  readonly #sockets = new Set<Socket>();

  add(socket: Socket): void {
    this.#sockets.add(socket);
    // A client that breaks off is no error of the server.
    socket.on('error', () => socket.destroy()).on('close', () => this.#sockets.delete(socket));
  }

  end(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Ends the connection that carries `secured` with a reset (TCP RST). */
  reset(secured: Socket): void {
    for (const socket of this.#sockets) if (socket.remotePort === secured.remotePort) socket.resetAndDestroy();
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  request.setEncoding('utf8');
  for await (const chunk of request) {
    body += String(chunk);
    if (body.length > MAX_BODY) throw new Error('a request of more than 1 MB');
  }
  return body;
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
