import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { challengeHeader, proofHeader, proofOf } from '../../../src/access/daemon-proof.ts';
import { Status } from './fake-world.ts';
import type { Sent } from './fake-world.ts';

/** One request as it arrived, with what only HTTP shows. */
interface Arrived extends Sent {
  readonly authorization: string | undefined;
  readonly osUser: string | undefined;
}

/** A real HTTP server on the loopback that answers as told; `/health/live` always does. */
export interface HttpApi {
  readonly address: string;
  readonly arrived: Arrived[];
  close(): Promise<void>;
  /** Listens again on the same port. */
  reopen(): Promise<void>;
}

/** `knows`: the local token, which a daemon knows and whoever took its port does not. */
export async function startApi(
  answer: (request: Sent) => unknown,
  knows: string | null = 'local-token-1',
): Promise<HttpApi> {
  const arrived: Arrived[] = [];
  let server: Server;
  const listen = async (port: number): Promise<number> => {
    server = createServer((request, response) => {
      response.setHeader('connection', 'close');
      readRequest(request)
        .then((sent) => {
          if (sent.path === '/health/live') {
            const challenge = String(request.headers[challengeHeader]);
            const port = request.socket.localPort ?? 0;
            if (knows !== null) response.setHeader(proofHeader, proofOf(knows, challenge, port));
            return response.end('{"status":"ok"}');
          }
          arrived.push(sent);
          const said = answer(sent);
          const { status, body } = said instanceof Status ? said : { status: 200, body: said };
          if (status === 429) response.setHeader('retry-after', '0.01');
          return response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
        })
        .catch((error: unknown) => response.destroy(error as Error));
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  };
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  const port = await listen(0);
  const reopen = async (): Promise<void> => {
    await listen(port);
  };
  return { address: `http://127.0.0.1:${port}`, arrived, close, reopen };
}

async function readRequest(request: IncomingMessage): Promise<Arrived> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
  const text = Buffer.concat(chunks).toString();
  const osUser = request.headers['x-rosterd-os-user'];
  return {
    method: request.method ?? '',
    path: pathname,
    query: Object.fromEntries(searchParams),
    authorization: request.headers.authorization,
    osUser: typeof osUser === 'string' ? osUser : undefined,
    ...(text === '' ? {} : { body: JSON.parse(text) as unknown }),
  };
}
