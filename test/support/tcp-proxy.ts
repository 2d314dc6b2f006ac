import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

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

/** Cuts a stream into LDAP messages; what is not LDAP (TLS) gives none. */
class MessageSplitter {
  readonly #onMessage: (operation: number, message: Buffer, bytesBehind: number) => void;
  #pending = Buffer.alloc(0);

  constructor(onMessage: (operation: number, message: Buffer, bytesBehind: number) => void) {
    this.#onMessage = onMessage;
  }

  push(chunk: Buffer): void {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    for (;;) {
      const length = messageLength(this.#pending);
      if (length === undefined || length > this.#pending.length) return;
      const message = this.#pending.subarray(0, length);
      this.#pending = this.#pending.subarray(length);
      this.#onMessage(operationOf(message), message, this.#pending.length);
    }
  }
}

/** The length of a BER element, header included; undefined while its header has not arrived. */
function messageLength(bytes: Buffer): number | undefined {
  const first = bytes[1];
  if (first === undefined) return undefined;
  if (first < 0x80) return 2 + first;
  const lengthBytes = first & 0x7f;
  if (lengthBytes === 0 || lengthBytes > 4 || bytes.length < 2 + lengthBytes) return undefined;
  return 2 + lengthBytes + bytes.readUIntBE(2, lengthBytes);
}

/** The tag behind the message id. */
function operationOf(message: Buffer): number {
  const first = message[1] ?? 0;
  const idAt = first < 0x80 ? 2 : 2 + (first & 0x7f);
  return message[idAt + 2 + (message[idAt + 1] ?? 0)] ?? 0;
}
