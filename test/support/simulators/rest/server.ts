import { createServer } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createTempDir } from '../../services/temp.ts';
import { makeAuthority, makeCertificate } from '../avaya-sms/certificates.ts';
import type { CertificateKind } from '../avaya-sms/certificates.ts';
import { passed, send } from '../avaya-sms/delivery.ts';
import type { Reply } from '../avaya-sms/delivery.ts';
import { RestFaults } from './faults.ts';
import type { RestFault } from './faults.ts';

/** A request as an interface sees it. */
export type RestRequest = {
  readonly method: string;
  /** Decoded parts of the path. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
};

/** What an interface answers. */
export type RestAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** How a record ends, for an answer that is cut between two. */
  readonly recordEnd?: string;
};

/** An interface behind the server. */
export type RestInterface = {
  /** What a request does, for faults and counters: `list agent`. */
  readonly operationOf: (request: RestRequest) => string;
  /** `fault` is one that the interface itself has to commit, or none. */
  readonly answer: (request: RestRequest, fault: RestFault | undefined) => RestAnswer | Promise<RestAnswer>;
};

/** A running server with an interface. */
export type RestServer = {
  /** `https://127.0.0.1:PORT` */
  readonly origin: string;
  /** The authority of its certificate. */
  readonly caFile: string;
  readonly faults: RestFaults;
  /** Requests by operation, and those that would have changed something. */
  readonly counters: () => RestCounters;
  readonly resetCounters: () => void;
  /** Shows another certificate to connections from now on; those that are open end. */
  readonly useCertificate: (kind: CertificateKind) => Promise<void>;
  readonly close: () => Promise<void>;
};

type RestCounters = {
  readonly byOperation: Readonly<Record<string, number>>;
  readonly writes: number;
  /** Requests at the address that a redirect names. */
  readonly elsewhere: number;
};

const ELSEWHERE = 'elsewhere';
const LOGIN_PAGE =
  '<!DOCTYPE html>\n<html><head><title>Log in</title></head><body><form><input name="user"><input type="password"></form></body></html>';
const BOMB = `<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "${'x'.repeat(1e4)}"><!ENTITY b "${'&a;'.repeat(1e3)}">]><a>${'&b;'.repeat(1e3)}</a>`;

/** Starts the server on a free port of 127.0.0.1. `onCall` is told of each request in a line. */
export async function startRestServer(
  service: RestInterface,
  onCall: (line: string) => void = () => undefined,
): Promise<RestServer> {
  const directory = createTempDir('rest');
  const caFile = await makeAuthority(directory.path);
  const faults = new RestFaults();
  const seen = { byOperation: new Map<string, number>(), writes: 0, elsewhere: 0 };
  const sockets = new Set<Socket>();
  const reset = (secured: Socket): void => {
    for (const socket of sockets) if (socket.remotePort === secured.remotePort) socket.resetAndDestroy();
  };
  const server = createServer(await makeCertificate(directory.path, 'trusted'), (request, response) => {
    serve(request, response).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : new Error(String(error)));
    });
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    // A client that breaks off is no error of the server.
    socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
  });

  async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    const request = await read(incoming);
    const operation = service.operationOf(request);
    seen.byOperation.set(operation, (seen.byOperation.get(operation) ?? 0) + 1);
    if (request.path[0] === ELSEWHERE) seen.elsewhere += 1;
    if (/^(?:PUT|DELETE|PATCH)$/.test(request.method)) seen.writes += 1;
    const fault = faults.take(operation);
    try {
      if (fault?.kind === 'slow') await passed(fault.ms, gone.signal);
      const reply = earlyReply(fault) ?? cutReply(await service.answer(request, fault), fault);
      onCall(`${operation}: HTTP ${reply.status}, ${reply.body.length} bytes`);
      if (reply.delivery === 'never') await passed(Number.POSITIVE_INFINITY, gone.signal);
      else await send({ response, reset: () => reset(incoming.socket) }, reply, gone.signal, () => undefined);
    } catch (error) {
      if (!gone.signal.aborted) throw error;
    }
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const end = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    origin: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    caFile,
    faults,
    counters: () => ({ ...seen, byOperation: Object.fromEntries(seen.byOperation) }),
    resetCounters: () => Object.assign(seen, { byOperation: new Map(), writes: 0, elsewhere: 0 }),
    useCertificate: async (kind) => {
      server.setSecureContext(await makeCertificate(directory.path, kind));
      end();
    },
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      end();
      await closed;
      await directory.remove();
    },
  };
}

async function read(incoming: IncomingMessage): Promise<RestRequest> {
  let body = '';
  incoming.setEncoding('utf8');
  for await (const chunk of incoming) body += String(chunk);
  const [path = '', query = ''] = (incoming.url ?? '/').split('?', 2);
  return {
    method: incoming.method ?? 'GET',
    path: path
      .split('/')
      .filter((part) => part !== '')
      .map(decoded),
    query: new URLSearchParams(query),
    headers: incoming.headers,
    body,
  };
}

/** A path that no client should send stays as it came. */
function decoded(part: string): string {
  return URL.canParse(`x:/${part}`) && /^(?:[^%]|%[0-9a-f]{2})*$/i.test(part) ? decodeURIComponent(part) : part;
}

function earlyReply(fault: RestFault | undefined): Reply | undefined {
  const html = { 'content-type': 'text/html' };
  const whole = (status: number, headers: Record<string, string>, body: string): Reply => ({
    ...{ status, headers, body, delivery: 'whole', line: '' },
  });
  switch (fault?.kind) {
    case 'http': {
      const retry = fault.retryAfter === undefined ? {} : { 'retry-after': fault.retryAfter };
      return whole(fault.status, { ...html, ...retry }, `<html><body>${fault.status}</body></html>`);
    }
    case 'redirect':
      return whole(302, { location: `/${ELSEWHERE}/login` }, '');
    case 'login-page':
      return whole(200, html, LOGIN_PAGE);
    case 'entity-bomb':
      return whole(200, { 'content-type': 'application/xml' }, BOMB);
    case 'never-answers':
      return { ...whole(200, {}, ''), delivery: 'never' };
    case 'reset':
      return { ...whole(200, {}, ''), delivery: 'reset' };
    default:
      return undefined;
  }
}

function cutReply(answer: RestAnswer, fault: RestFault | undefined): Reply {
  const reply: Reply = { ...answer, delivery: 'whole', line: '' };
  if (fault?.kind === 'reset-in-body') return { ...reply, delivery: 'reset-in-body' };
  if (fault?.kind !== 'cut') return reply;
  if (fault.framing !== 'between-records') return { ...reply, delivery: `cut-${fault.framing}` };
  const { recordEnd = '>' } = answer;
  const end = answer.body.indexOf(recordEnd, answer.body.length >> 1);
  return { ...reply, body: answer.body.slice(0, end < 0 ? answer.body.length >> 1 : end + recordEnd.length) };
}
