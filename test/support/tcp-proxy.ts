import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { MessageSplitter } from './ldap-messages.ts';

/** Where the proxy forwards to, and when it fails. */
export type TcpProxyOptions = {
  readonly host?: string;
  readonly port: number;
  /**
   * Ends the connection behind the answer's page with this number, from 1. LDAP in clear only: a page is a
   * SearchResultDone with the paged-results control. `thenBytes` of what follows still pass. It ends by FIN, because a reset
   * makes the receiver's kernel throw away what the client has not read yet, and tests could not count on anything.
   */
  readonly cutAfterPages?: { readonly pages: number; readonly thenBytes?: number };
};

/** A TCP proxy on 127.0.0.1 that sees what an LDAP client does. */
export type TcpProxy = {
  readonly port: number;
  readonly seen: {
    /** Bind requests, whatever became of them. */
    readonly binds: number;
    readonly connections: number;
    readonly pages: number;
    /** The bytes of the clients, as latin1. */
    readonly sent: string;
  };
  readonly stop: () => Promise<void>;
};

// RFC 4511: protocol operations. RFC 2696: the control.
const BIND_REQUEST = 0x60;
const SEARCH_RESULT_DONE = 0x65;
const PAGED_RESULTS = '1.2.840.113556.1.4.319';

/** Starts a proxy on a free port. */
export async function startTcpProxy(options: TcpProxyOptions): Promise<TcpProxy> {
  const seen = { binds: 0, connections: 0, pages: 0, sent: '' };
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    seen.connections += 1;
    const upstream = connect({ host: options.host ?? '127.0.0.1', port: options.port });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
    }
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroySoon());
    const requests = new MessageSplitter((operation) => {
      if (operation === BIND_REQUEST) seen.binds += 1;
    });
    client.on('data', (chunk) => {
      seen.sent += chunk.toString('latin1');
      requests.push(chunk);
      upstream.write(chunk);
    });
    forwardAnswers(upstream, client, seen, options);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function forwardAnswers(upstream: Socket, client: Socket, seen: { pages: number }, options: TcpProxyOptions): void {
  const { cutAfterPages } = options;
  let bytesLeft: number | undefined;
  const answers = new MessageSplitter((operation, message, bytesBehind) => {
    if (operation !== SEARCH_RESULT_DONE || !message.includes(PAGED_RESULTS)) return;
    seen.pages += 1;
    if (seen.pages === cutAfterPages?.pages) bytesLeft = (cutAfterPages.thenBytes ?? 0) - bytesBehind;
  });
  upstream.on('data', (chunk: Buffer) => {
    const wasCounting = bytesLeft !== undefined;
    answers.push(chunk);
    if (bytesLeft === undefined) {
      client.write(chunk);
      return;
    }
    if (wasCounting) bytesLeft -= chunk.length;
    client.write(bytesLeft < 0 ? chunk.subarray(0, Math.max(0, chunk.length + bytesLeft)) : chunk, () => {
      if ((bytesLeft ?? 0) <= 0) client.end();
    });
  });
}
