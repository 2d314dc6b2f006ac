import { isIPv6, type Socket } from 'node:net';
import { fastifyRateLimit } from '@fastify/rate-limit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Authenticate, Principal } from '../access/authentication.ts';
import type { Permission } from '../access/permissions.ts';
import type { Sight } from '../domain/scope.ts';
import type { Asker } from '../domain/permissions.ts';
import type { ApiDependencies } from './dependencies.ts';
import { isLoopback } from '../loopback.ts';
import { hostNameProblem } from './host-names.ts';
import type { ApiInstance } from './instance.ts';
import { sessionOf } from './session-cookie.ts';
import { isCsrf } from '../access/sign-in.ts';
import { ApiError } from './problem.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * What the route asks of the caller; `none` is for health checks and the console's style sheet and scripts, `anybody` for
     * signing in, `signed-in` for what everybody may who has a proof.
     */
    access?: Permission | 'none' | 'anybody' | 'signed-in';
    /** A page of the console: what it is refused with is a page too, and its forms carry the proof that they are ours. */
    page?: boolean;
  }
  interface FastifyRequest {
    principal: Principal | null;
    /** What they see; null: everything. */
    sight: Sight | null;
  }
}

/** Far above what a person or a script does, far below what would hurt. */
const requestsPerMinute = 6_000;
const minuteMs = 60_000;
/** Of signing in: per address, whoever it is for. */
const attemptsPerMinute = 30;

type Why = 'token' | 'host-name' | 'failed';

/**
 * Lets nobody in without a proof (spec 19.3): every route states the permission that it needs, one that states none cannot
 * be registered, and an unknown path asks for a token before it says that it does not exist.
 *
 * Requests that are refused are counted per address, those with a valid token per operator: nobody without a token can
 * keep out somebody who has one. They are counted before anything that can fail, and named in the log once per address
 * and minute.
 */
export async function admit(app: ApiInstance, dependencies: ApiDependencies): Promise<void> {
  const { http, log, metrics, sightOf } = dependencies;
  const max = http.requestsPerMinute ?? requestsPerMinute;
  const addressOf = addresses(app);
  await app.register(fastifyRateLimit, { global: false });
  const refusals = app.createRateLimit({ max, timeWindow: minuteMs, keyGenerator: addressOf });
  const attempts = app.createRateLimit({ max: attemptsPerMinute, timeWindow: minuteMs, keyGenerator: addressOf });
  const requests = app.createRateLimit({
    max,
    timeWindow: minuteMs,
    keyGenerator: ({ principal }: FastifyRequest) => String(principal?.operatorId),
  });

  /** Counts a request that is refused. @throws ApiError where its address has had too many of them */
  async function countRefusal(request: FastifyRequest, reply: FastifyReply, why: Why, err?: unknown): Promise<void> {
    const counted = await refusals(request);
    if (counted.isAllowed) return;
    metrics?.refused(counted.isExceeded ? 'rate' : why);
    if (counted.remaining === max - 1)
      log.warn(
        { address: addressOf(request), why, requestId: request.id, ...(err === undefined ? {} : { err }) },
        'a request was refused; further ones from this address are not named for a minute',
      );
    if (counted.isExceeded) throw tooMany(reply, max, counted.ttlInSeconds);
  }

  app.decorateRequest('principal', null);
  app.decorateRequest('sight', null);
  app.addHook('onRoute', (route) => {
    if (route.config?.access === undefined) throw new Error(`the route ${route.url} does not say who may use it`);
  });
  app.addHook('onRequest', async (request, reply) => {
    const needed = request.routeOptions.config.access;
    if (needed === 'none') return;
    if (request.raw.socket.destroyed) {
      // Nobody is there to hear an answer, and nothing is to be done for nobody.
      reply.hijack();
      return;
    }
    const problem = hostNameProblem(request.raw.rawHeaders, http.hostNames);
    if (problem !== null) {
      await countRefusal(request, reply, 'host-name');
      throw problem;
    }
    if (needed === 'anybody') {
      const tried = await attempts(request);
      if (!tried.isAllowed && tried.isExceeded) throw tooMany(reply, attemptsPerMinute, tried.ttlInSeconds);
      return;
    }
    request.principal = await authenticateRequest(request, dependencies.authenticate).catch(async (error: unknown) => {
      await countRefusal(request, reply, 'failed', error);
      throw error;
    });
    if (request.principal === null) {
      await countRefusal(request, reply, 'token');
      reply.header('www-authenticate', 'Bearer realm="rosterd"');
      throw new ApiError(401, 'token-required', 'Send a valid token in the header "Authorization: Bearer TOKEN".');
    }
    const counted = await requests(request);
    if (!counted.isAllowed && counted.isExceeded) throw tooMany(reply, max, counted.ttlInSeconds);
    if (request.routeOptions.config.page !== true) refuseForeignPage(request);
    if (needed !== undefined && needed !== 'signed-in') requirePermission(request, needed);
    if (!request.principal.local) request.sight = await sightOf(request.principal.name);
  });
  // A form's proof stands in its body, which is read later than the headers; until then nothing has been done for anybody.
  app.addHook('preValidation', (request, _reply, done) => {
    if (request.routeOptions.config.page === true && request.method === 'POST') refuseForeignForm(request);
    done();
  });
}

function tooMany(reply: FastifyReply, max: number, seconds: number): ApiError {
  reply.header('retry-after', seconds);
  return new ApiError(
    429,
    'too-many-requests',
    `More than ${String(max)} requests in a minute; try again in ${String(seconds)} s.`,
  );
}

/**
 * The address that a request counts for. It is remembered when the connection is made, since a client that has gone has
 * none any more; the 64 bits of an IPv6 network that one customer has count as one.
 */
function addresses(app: ApiInstance): (request: FastifyRequest) => string {
  const known = new WeakMap<Socket, string>();
  app.server.on('connection', (socket) => {
    known.set(socket, socket.remoteAddress ?? 'unknown');
  });
  return (request) => {
    const { socket } = request.raw;
    const address = socket.remoteAddress === undefined ? (known.get(socket) ?? 'unknown') : request.ip;
    return isIPv6(address) && !address.startsWith('::ffff:') ? address.split(':').slice(0, 4).join(':') : address;
  };
}

/** Refuses whoever does not have the permission; for what only some requests of a route need. */
export function requirePermission({ principal }: FastifyRequest, needed: Permission): void {
  if (principal?.permissions.has(needed) !== true)
    throw new ApiError(403, 'permission-missing', `${principal?.name ?? ''} does not have the permission "${needed}".`);
}

/** Refuses whoever does not see everything; `what` begins the sentence. */
export function requireFullScope({ sight }: FastifyRequest, what: string): void {
  if (sight !== null)
    throw new ApiError(403, 'beyond-scope', `${what}: somebody with full scope has to do this, not ${sight.operator}.`);
}

/** The name of who asks; for what no permissions follow from beside the route's own. */
export function operatorOf(request: FastifyRequest): string {
  return askerOf(request).operator;
}

/** Who asks, and what they may do; for handlers of routes that need a permission. */
export function askerOf({ principal }: FastifyRequest): Asker {
  if (principal === null) throw new Error('a route without authentication asked who is asking');
  return { operator: principal.name, may: principal.permissions };
}

async function authenticateRequest(request: FastifyRequest, authenticate: Authenticate): Promise<Principal | null> {
  const [, token] = /^Bearer ([\x21-\x7e]{1,500})$/i.exec(request.headers.authorization ?? '') ?? [];
  if (token === undefined) {
    const session = request.headers.authorization === undefined ? sessionOf(request.headers.cookie) : null;
    return session === null ? null : authenticate({ session });
  }
  const osUser = request.headers['x-rosterd-os-user'];
  return authenticate({
    token,
    osUser: typeof osUser === 'string' ? osUser : undefined,
    fromThisMachine: isFromThisMachine(request),
  });
}

const forwarded = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'];

/**
 * Whether the connection comes from this machine: from the loopback, or from the very address that it goes to. What a
 * proxy on this machine passes on comes from elsewhere, whatever its connection says.
 */
function isFromThisMachine({ raw, headers }: FastifyRequest): boolean {
  const [peer, own] = [raw.socket.remoteAddress ?? '', raw.socket.localAddress];
  if (forwarded.some((name) => headers[name] !== undefined)) return false;
  return isLoopback(peer.replace(/^::ffff:/i, '')) || peer === own;
}

/**
 * Whoever comes with a cookie proves with each change that the page which asks is ours (spec 19.2): browsers send cookies
 * along with what foreign pages ask for, and `SameSite` alone is not kept by all of them.
 */
function refuseForeignPage({ headers, method }: FastifyRequest): void {
  const session = headers.authorization === undefined ? sessionOf(headers.cookie) : null;
  if (session === null || method === 'GET' || method === 'HEAD') return;
  const given = headers['x-rosterd-csrf'];
  if (typeof given !== 'string' || !isCsrf(given, session))
    throw new ApiError(403, 'csrf', 'Send the value that signing in gave in the header "x-rosterd-csrf".');
}

/** The same for the forms of the console; those for signing in, where there is no session yet, say where they come from. */
function refuseForeignForm({ headers, host, body, routeOptions }: FastifyRequest): void {
  if (routeOptions.config.access === 'anybody') {
    const { origin } = headers;
    const own = origin === undefined || URL.parse(origin)?.host === host;
    if (own && ['same-origin', 'none', undefined].includes(headers['sec-fetch-site'])) return;
    throw new ApiError(403, 'csrf', 'This form came from another site: open the console and sign in there.');
  }
  const session = sessionOf(headers.cookie);
  const given = typeof body === 'object' && body !== null && 'csrf' in body ? body.csrf : undefined;
  if (session === null || typeof given !== 'string' || !isCsrf(given, session))
    throw new ApiError(403, 'csrf', 'This form belongs to another session: open its page anew and send it again.');
}
