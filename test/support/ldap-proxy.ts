import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import { tag } from '../../src/connector-kit/ldap/ber.ts';
import { cutValues, replaceTexts, replaceValue, shiftTime } from './ldap-entries.ts';
import { messageIdOf, MessageSplitter, readEntry, readRequest, writeEntry, writeResult } from './ldap-messages.ts';
import type { LdapEntry, LdapRefusal, LdapRequest } from './ldap-messages.ts';

const DIRSYNC = '1.2.840.113556.1.4.841';
const PAGED_RESULTS = '1.2.840.113556.1.4.319';

/** What a request costs whom; searches are told apart by what they are for. */
export type RequestKind =
  | Exclude<LdapRequest['operation'], 'search'>
  | 'root-dse'
  | 'dirsync'
  /** Asks for `attribute;range=…`. */
  | 'range'
  /** One page of a paged search. */
  | 'page'
  | 'search';

/** A request on its way through the proxy. */
type ProxiedRequest = LdapRequest & {
  readonly kind: RequestKind;
  /** Counted from 0 since the last {@link LdapProxy.behave}. */
  readonly connection: number;
  /** Which request of its kind this is, from 1, since the last {@link LdapProxy.behave}. */
  readonly nth: number;
};

/**
 * What a request gets instead of the server's result, or that its connection ends; first so many of its entries pass. A
 * connection that ends behind entries does so in the middle of the next one.
 */
export type Refusal = (LdapRefusal | { readonly cut: true }) & { readonly afterEntries?: number };

/** How the proxy differs from the server behind it; without a key it does not. */
export type LdapBehaviour = {
  readonly refuse?: (request: ProxiedRequest) => Refusal | undefined;
  /** Other values in the root DSE, such as `{ dnsHostName: 'dc2.corp.example.com', highestCommittedUSN: '7' }`. */
  readonly rootDse?: Readonly<Record<string, string>>;
  /** The server's clock is off: the root DSE's currentTime says so much later, in milliseconds. */
  readonly clockShiftMs?: number;
  /** The 16 bytes that every invocationId has. */
  readonly invocationId?: Buffer;
  /** Another domain: the 24 bytes of the SID that its head has. */
  readonly domainSid?: Buffer;
  /** Attributes with more values come in ranges of so many, asked for or not: 1,500 on Windows Server (MaxValRange). */
  readonly mostValues?: number;
  /** Attributes that no entry shows, as if the right to read them were missing. */
  readonly hidden?: readonly string[];
  /**
   * Ends a connection behind the server's message with this number, from 1; by FIN, since a reset makes the receiver's
   * kernel throw away what was not read yet. The connections are counted from 0 since the last {@link LdapProxy.behave}.
   */
  readonly cutAfter?: (connection: number) => number | undefined;
};

/** An LDAP server on 127.0.0.1 that passes every message to a real one and back, and changes what a test wants changed. */
export type LdapProxy = {
  /** `ldaps://127.0.0.1:PORT` where it has a certificate, otherwise `ldap://127.0.0.1:PORT`. */
  readonly url: string;
  readonly port: number;
  /** From now on: only these differences. Starts the counts anew. */
  readonly behave: (behaviour: LdapBehaviour) => void;
  /** Every request since the last {@link LdapProxy.behave}, refused ones included. */
  readonly requests: () => readonly ProxiedRequest[];
  /** How many requests of each kind there were since the last {@link LdapProxy.behave}. */
  readonly counts: () => Partial<Record<RequestKind, number>>;
  /** Connections since the last {@link LdapProxy.behave}; with TLS, those whose handshake succeeded. */
  readonly connections: () => number;
  readonly stop: () => Promise<void>;
};

/** The server behind a proxy. Its side is always encrypted: Active Directory refuses log-ins in clear. */
export type LdapTarget = { readonly ldapsUrl: string; readonly caFile: string };

/** What a proxy shows to its clients (PEM files); without it, the clients' side is in clear. */
export type ProxyCertificate = { readonly certFile: string; readonly keyFile: string };

/** A server that refuses DirSync: without the control (12), or without the right (50). */
export function refuseDirSync(code: 12 | 50): Pick<LdapBehaviour, 'refuse'> {
  return { refuse: ({ kind }) => (kind === 'dirsync' ? { code } : undefined) };
}

/** What one connection needs of the proxy. */
type Shared = {
  readonly behaviour: () => LdapBehaviour;
  readonly take: (request: LdapRequest, connection: number) => ProxiedRequest;
  readonly sockets: Set<Socket>;
};

/** Starts a proxy on a free port. */
export async function startLdapProxy(target: LdapTarget, certificate?: ProxyCertificate): Promise<LdapProxy> {
  const ca = await readFile(target.caFile);
  const { hostname, port: targetPort } = new URL(target.ldapsUrl);
  const sockets = new Set<Socket>();
  let behaviour: LdapBehaviour = {};
  let requests: ProxiedRequest[] = [];
  let connections = 0;
  const shared: Shared = {
    behaviour: () => behaviour,
    take: (request, connection) => {
      const kind = kindOf(request);
      const nth = requests.filter((earlier) => earlier.kind === kind).length + 1;
      const proxied = { ...request, kind, connection, nth };
      requests.push(proxied);
      return proxied;
    },
    sockets,
  };
  const serve = (client: Socket): void => {
    const upstream = connectTls({ host: hostname, port: Number(targetPort), ca, servername: '' });
    joinSockets(client, upstream, sockets);
    passMessages(client, upstream, connections++, shared);
  };
  const server = await createProxyServer(certificate, serve, sockets);
  const port = await listen(server);
  return {
    url: `${certificate === undefined ? 'ldap' : 'ldaps'}://127.0.0.1:${port}`,
    port,
    behave: (next) => {
      behaviour = next;
      requests = [];
      connections = 0;
    },
    requests: () => requests,
    counts: () => countKinds(requests),
    connections: () => connections,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

async function createProxyServer(
  certificate: ProxyCertificate | undefined,
  serve: (client: Socket) => void,
  sockets: Set<Socket>,
): Promise<Server> {
  if (certificate === undefined) return createServer(serve);
  const keys = { cert: await readFile(certificate.certFile), key: await readFile(certificate.keyFile) };
  const server = createTlsServer(keys, serve);
  // A client that does not trust the certificate leaves a connection that never becomes one of TLS.
  server.on('connection', (raw: Socket) => {
    sockets.add(raw);
    raw.on('close', () => sockets.delete(raw));
  });
  return server;
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** The end of either side, or its failure, ends the other. */
function joinSockets(client: Socket, upstream: Socket, sockets: Set<Socket>): void {
  for (const socket of [client, upstream]) {
    sockets.add(socket);
    socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
  }
  client.on('close', () => upstream.destroy());
  upstream.on('close', () => client.destroySoon());
}

/** A request that the server works on, and what becomes of its entries. */
type Open = {
  readonly request: ProxiedRequest;
  readonly refusal: Refusal | undefined;
  entries: number;
};

/** What goes to the client; `last`: its connection ends with it. */
type Sent = { readonly bytes: Buffer; readonly last?: true };

function passMessages(client: Socket, upstream: Socket, connection: number, shared: Shared): void {
  const open = new Map<number, Open>();
  let sent = 0;
  let cut = false;
  const end = (): void => {
    cut = true;
    client.end();
  };
  const send = ({ bytes, last }: Sent): void => {
    if (cut) return;
    client.write(bytes);
    if (last) return end();
    sent += 1;
    if (sent === shared.behaviour().cutAfter?.(connection)) end();
  };
  const requests = new MessageSplitter((_operation, message) => {
    const request = shared.take(readRequest(message), connection);
    const refusal = shared.behaviour().refuse?.(request);
    if (refusal !== undefined && refusal.afterEntries === undefined) return send(refused(request, refusal));
    open.set(request.messageId, { request, refusal, entries: 0 });
    upstream.write(message);
  });
  const answers = new MessageSplitter((operation, message) => {
    const answer = answerOf(operation, message, open, shared.behaviour());
    if (answer !== undefined) send(answer);
  });
  client.on('data', (chunk: Buffer) => requests.push(chunk));
  upstream.on('data', (chunk: Buffer) => answers.push(chunk));
}

function refused(request: LdapRequest, refusal: Refusal): Sent {
  return 'cut' in refusal ? { bytes: Buffer.alloc(0), last: true } : { bytes: writeResult(request, refusal) };
}

/** What the client gets for a message of the server; undefined for nothing. */
function answerOf(
  operation: number,
  message: Buffer,
  open: Map<number, Open>,
  behaviour: LdapBehaviour,
): Sent | undefined {
  const id = messageIdOf(message);
  const asked = open.get(id);
  if (asked === undefined) return { bytes: message };
  if (operation === tag.searchEntry) {
    asked.entries += 1;
    if (asked.entries > (asked.refusal?.afterEntries ?? Infinity)) return behindLast(message, asked.refusal);
    const entry = readEntry(message);
    const changed = changeEntry(entry, asked.request, behaviour);
    return { bytes: changed === entry ? message : writeEntry(id, changed) };
  }
  if (operation === tag.searchReference || operation === tag.intermediateResponse) return { bytes: message };
  open.delete(id);
  return asked.refusal === undefined ? { bytes: message } : refused(asked.request, asked.refusal);
}

/** What the client gets of an entry that no longer passes. */
function behindLast(entry: Buffer, refusal: Refusal | undefined): Sent | undefined {
  if (refusal === undefined || !('cut' in refusal)) return undefined;
  return { bytes: entry.subarray(0, Math.floor(entry.length / 2)), last: true };
}

/** The same object where nothing changes. */
function changeEntry(entry: LdapEntry, request: ProxiedRequest, behaviour: LdapBehaviour): LdapEntry {
  const { rootDse, clockShiftMs, invocationId, domainSid, mostValues, hidden = [] } = behaviour;
  let changed = entry;
  if (request.kind === 'root-dse') {
    if (rootDse !== undefined) changed = replaceTexts(changed, rootDse);
    if (clockShiftMs !== undefined) changed = shiftTime(changed, 'currentTime', clockShiftMs);
    return changed;
  }
  if (invocationId !== undefined) changed = replaceValue(changed, 'invocationId', invocationId);
  if (domainSid !== undefined && isDomainHead(entry)) changed = replaceValue(changed, 'objectSid', domainSid);
  if (mostValues !== undefined) changed = cutValues(changed, mostValues);
  const isHidden = (name: string): boolean => hidden.some((each) => each.toLowerCase() === name.toLowerCase());
  if (!changed.attributes.some(([name]) => isHidden(name))) return changed;
  return { ...changed, attributes: changed.attributes.filter(([name]) => !isHidden(name)) };
}

/** The SIDs of a domain's accounts are longer than its own (MS-DTYP 2.4.2). */
function isDomainHead({ attributes }: LdapEntry): boolean {
  return attributes.some(([name, [sid]]) => name.toLowerCase() === 'objectsid' && sid?.length === 24);
}

function kindOf({ operation, base, scope, controls, attributes }: LdapRequest): RequestKind {
  if (operation !== 'search') return operation;
  if (base === '' && scope === 'base') return 'root-dse';
  if (controls.includes(DIRSYNC)) return 'dirsync';
  if (attributes.some((name) => /;range=/i.test(name))) return 'range';
  return controls.includes(PAGED_RESULTS) ? 'page' : 'search';
}

function countKinds(requests: readonly ProxiedRequest[]): Partial<Record<RequestKind, number>> {
  const counts: Partial<Record<RequestKind, number>> = {};
  for (const { kind } of requests) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}
