import { challengeHeader, proofHeader } from '../../access/daemon-proof.ts';
import type { ApiDependencies } from '../dependencies.ts';
import type { ApiInstance } from '../instance.ts';
import { health } from '../schemas/system.ts';

/** For load balancers and Prometheus. `live` touches nothing but the event loop: a slow database is no reason for a restart. */
export function healthRoutes(app: ApiInstance, { notReady, metrics, prove }: ApiDependencies): void {
  app.get(
    '/health/live',
    { config: { access: 'none' }, schema: { tags: ['system'], security: [], response: { 200: health } } },
    (request, reply) => {
      const challenge = request.headers[challengeHeader];
      if (typeof challenge === 'string' && challenge.length <= 100)
        reply.header(proofHeader, prove(challenge, request.raw.socket.localPort ?? 0));
      return { status: 'ok' as const };
    },
  );

  app.get(
    '/health/ready',
    { config: { access: 'none' }, schema: { tags: ['system'], security: [], response: { 200: health, 503: health } } },
    async (_request, reply) => {
      const reason = await notReady();
      if (reason === null) return { status: 'ok' as const };
      reply.code(503);
      return { status: 'unavailable' as const, reason };
    },
  );

  if (metrics !== null)
    app.get('/metrics', { config: { access: 'view' }, schema: { hide: true } }, async (_request, reply) => {
      reply.type(metrics.contentType);
      return metrics.text();
    });
}
