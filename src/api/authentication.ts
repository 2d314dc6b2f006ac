import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Authenticate, Principal } from '../access/authentication.ts';
import type { Permission } from '../access/permissions.ts';
import { ApiError } from './problem.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What the route asks of the caller; `none` is for the health checks alone. */
    access?: Permission | 'none';
  }
  interface FastifyRequest {
    principal: Principal | null;
  }
}

/**
 * Lets nobody in without a proof (spec 19.3): every route states the permission that it needs, one that states none cannot
 * be registered, and an unknown path asks for a token before it says that it does not exist.
 */
export function requireAccess(app: FastifyInstance, authenticate: Authenticate): void {
  app.decorateRequest('principal', null);
  app.addHook('onRoute', (route) => {
    if (route.config?.access === undefined) throw new Error(`the route ${route.url} does not say who may use it`);
  });
  app.addHook('onRequest', async (request) => {
    const needed = request.routeOptions.config.access;
    if (needed === 'none') return;
    request.principal = await authenticateRequest(request, authenticate);
    if (needed !== undefined) requirePermission(request, needed);
  });
}

/** Refuses whoever does not have the permission; for what only some requests of a route need. */
export function requirePermission({ principal }: FastifyRequest, needed: Permission): void {
  if (principal?.permissions.has(needed) !== true)
    throw new ApiError(403, 'permission-missing', `${principal?.name ?? ''} does not have the permission "${needed}".`);
}

/** Who asks; for handlers of routes that need a permission. */
export function operatorOf(request: FastifyRequest): string {
  if (request.principal === null) throw new Error('a route without authentication asked who is asking');
  return request.principal.name;
}

async function authenticateRequest(request: FastifyRequest, authenticate: Authenticate): Promise<Principal> {
  const [, token] = /^Bearer ([\x21-\x7e]{1,500})$/i.exec(request.headers.authorization ?? '') ?? [];
  const osUser = request.headers['x-rosterd-os-user'];
  const known =
    token === undefined ? null : await authenticate({ token, osUser: typeof osUser === 'string' ? osUser : undefined });
  if (known === null)
    throw new ApiError(401, 'token-required', 'Send a valid token in the header "Authorization: Bearer TOKEN".');
  return known;
}
