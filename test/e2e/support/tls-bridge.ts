import { readFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import { startTcpProxy } from '../../support/tcp-proxy.ts';
import type { TcpProxy, TcpProxyOptions } from '../../support/tcp-proxy.ts';
import { makeCertificates } from '../../support/services/certificates.ts';
import type { TempDir } from '../../support/services/temp.ts';
import { createTempDir } from '../../support/services/temp.ts';

/** What happens to one connection: nothing, or its end behind a page of the answer. */
type Cut = TcpProxyOptions['cutAfterPages'];

/**
 * An LDAPS server in front of another one: it takes TLS off, passes the messages through a {@link TcpProxy} of each
 * connection's own, and puts TLS on again. Active Directory refuses log-ins in clear, and in TLS no page can be counted.
 */
export type TlsBridge = {
  /** `ldaps://127.0.0.1:PORT` */
  readonly url: string;
  readonly caFile: string;
  /** What becomes of the following connections, by their number from 0. */
  readonly cut: (choose: (connection: number) => Cut) => void;
  /** Bind requests and connections since the last {@link TlsBridge.cut}. */
  readonly seen: () => { readonly binds: number; readonly connections: number };
  readonly stop: () => Promise<void>;
};

/** Starts a bridge to an LDAPS server with a certificate of `caFile`. */
export async function startTlsBridge(target: {
  readonly ldapsUrl: string;
  readonly caFile: string;
}): Promise<TlsBridge> {
  const directory: TempDir = createTempDir('bridge');
  const certificates = await makeCertificates(directory.path, { hostNames: ['localhost'], addresses: ['127.0.0.1'] });
  const sockets = new Set<Socket>();
  const { hostname, port } = new URL(target.ldapsUrl);
  const ca = await readFile(target.caFile);
  const outward = createServer({ allowHalfOpen: true }, (clear) => {
    join(clear, connectTls({ host: hostname, port: Number(port), ca, servername: '' }), sockets);
  });
  const outwardPort = await listen(outward);

  let choose: (connection: number) => Cut = () => undefined;
  let proxies: TcpProxy[] = [];
  let connections = 0;
  const keys = { cert: await readFile(certificates.certFile), key: await readFile(certificates.keyFile) };
  const inward = createTlsServer({ ...keys, allowHalfOpen: true }, (client) => {
    const cutAfterPages = choose(connections++);
    const options = { port: outwardPort, ...(cutAfterPages === undefined ? {} : { cutAfterPages }) };
    client.pause();
    startTcpProxy(options)
      .then((proxy) => {
        proxies.push(proxy);
        join(client, connect({ host: '127.0.0.1', port: proxy.port, allowHalfOpen: true }), sockets);
      })
      .catch((error: unknown) => client.destroy(error instanceof Error ? error : new Error(String(error))));
  });
  // A client that does not trust the certificate leaves a connection that never becomes one of TLS.
  inward.on('connection', (raw: Socket) => {
    sockets.add(raw);
    raw.on('close', () => sockets.delete(raw));
  });
  const inwardPort = await listen(inward);

  return {
    url: `ldaps://127.0.0.1:${inwardPort}`,
    caFile: certificates.caFile,
    cut: (next) => {
      choose = next;
      connections = 0;
      proxies = [];
    },
    seen: () => ({ binds: proxies.reduce((sum, { seen }) => sum + seen.binds, 0), connections }),
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await Promise.all([...proxies.map((proxy) => proxy.stop()), close(inward), close(outward)]);
      await directory.remove();
    },
  };
}

/** Passes bytes both ways, ends included; a failure of either side ends both. */
function join(one: Socket, other: Socket, sockets: Set<Socket>): void {
  for (const [socket, peer] of [
    [one, other],
    [other, one],
  ] as const) {
    sockets.add(socket);
    socket.on('error', () => peer.destroy());
    socket.on('close', () => {
      sockets.delete(socket);
      peer.destroySoon();
    });
    socket.pipe(peer);
  }
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
