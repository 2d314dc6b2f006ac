import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { MockedAnswer } from './http-mock.ts';

/** What was asked: decoded parts of the path, and the query. */
export interface AskedPath {
  readonly path: readonly string[];
  readonly query: URLSearchParams;
}

/**
 * A server that answers what a script says, over plain HTTP on loopback, until the end of the test; for what a simulator is too
 * well-behaved to say. Gives its origin.
 */
export async function startScriptedHttp(script: (asked: AskedPath) => MockedAnswer): Promise<string> {
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    const path = pathname.split('/').filter((part) => part !== '');
    const { status = 200, headers, body } = script({ path: path.map(decodeURIComponent), query: searchParams });
    response.writeHead(status, { ...headers }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

/** The address of a port that was free a moment ago. */
export async function closedPort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${String(port)}`;
}
