import { BlockList, isIP } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { ApiError } from './problem.ts';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/**
 * Answers under the loopback's names and the configured ones only (spec 19.3): a web page whose name has been pointed at
 * this machine (DNS rebinding) is not served.
 */
export function checkHostNames(app: FastifyInstance, hostNames: readonly string[]): void {
  const known = new Set(hostNames.map(normalise));
  app.addHook('onRequest', async (request) => {
    if (request.routeOptions.config.access === 'none') return;
    const name = hostNameOf(request.headers.host ?? '');
    if (name === null || !(isLoopback(name) || known.has(name)))
      throw new ApiError(
        421,
        'host-name-unknown',
        'Requests under this host name are not answered; http.hostNames lists those that are.',
      );
  });
}

/** The name in a Host header without its port; null where it is no such header. */
function hostNameOf(header: string): string | null {
  const [, bracketed, plain] = /^(?:\[([0-9a-f:.]+)\]|([^:[\]/@\s]+))(?::\d{1,5})?$/i.exec(header) ?? [];
  const name = bracketed ?? plain;
  return name === undefined ? null : normalise(name);
}

function normalise(name: string): string {
  return name.replace(/^\[|\]$|\.$/g, '').toLowerCase();
}

function isLoopback(name: string): boolean {
  if (name === 'localhost') return true;
  const family = isIP(name);
  return family !== 0 && loopback.check(name, family === 4 ? 'ipv4' : 'ipv6');
}
