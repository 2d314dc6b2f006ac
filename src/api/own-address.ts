import type { FastifyRequest } from 'fastify';
import { hostNameProblem } from './host-names.ts';

/**
 * Where the browser of this request finds us: scheme and host as it asked for them, which a proxy that ends TLS says where it is
 * one of `http.trustedProxies`. The one place that decides it. @throws ApiError for a host name that is not ours
 */
export function ownOrigin({ protocol, host }: FastifyRequest, hostNames: readonly string[]): string {
  const problem = hostNameProblem(['host', host], hostNames);
  if (problem !== null) throw problem;
  return `${protocol}://${host}`;
}
