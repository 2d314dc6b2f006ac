import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ApiInstance } from './instance.ts';
import { ApiError } from './problem.ts';

/**
 * Answers in time, whatever a handler does. Fastify's own `handlerTimeout` ends with the request's stream, which for a
 * request with a body is when the body has been read (5.12): its number is taken from the route, its timer is ours.
 */
export function giveUpInTime(app: ApiInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    const limit = request.routeOptions.handlerTimeout;
    if (limit > 0) {
      const timer = setTimeout(giveUp, limit, request, reply);
      reply.raw.once('close', () => {
        clearTimeout(timer);
      });
    }
    done();
  });
}

function giveUp(_request: FastifyRequest, reply: FastifyReply): void {
  if (reply.raw.writableEnded) return;
  // An answer that has begun can only be broken off: its reader sees that it is not whole.
  if (reply.raw.headersSent) reply.raw.destroy();
  else if (!reply.sent)
    reply.send(new ApiError(503, 'too-slow', 'The request took too long and was given up; try again later.'));
}
