import { csrfOf } from '../../access/sign-in.ts';
import { askerOf } from '../authentication.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { answers, type ApiInstance } from '../instance.ts';
import {
  done,
  redeemed,
  redeemForm,
  sessionList,
  sessionParameters,
  signedIn,
  signInForm,
  whoAmI,
} from '../schemas/access.ts';
import { endedCookie, sessionCookie, sessionOf } from '../session-cookie.ts';

/** Signing in and out, one-time links, and the sessions of who asks (spec 19.2). */
export function signInRoutes(app: ApiInstance, { signIn }: ApiDependencies): void {
  const tags = ['access'];
  const open = { access: 'anybody' } as const;

  app.post(
    '/sign-in',
    { config: open, schema: { tags, security: [], body: signInForm, response: answers(signedIn) } },
    async (request, reply) => {
      const agent = request.headers['user-agent'] ?? null;
      const { operator, session, csrf } = await signIn.signIn({ ...request.body, address: request.ip, agent });
      reply.header('set-cookie', sessionCookie(session, request.protocol === 'https'));
      return { operator, csrf };
    },
  );

  // Opening the link does not use it up, only this does: mail programs open links to look at them.
  app.post(
    '/links/redeem',
    { config: open, schema: { tags, security: [], body: redeemForm, response: answers(redeemed) } },
    async (request) => ({ operator: await signIn.redeem(request.body) }),
  );

  app.post(
    '/sign-out',
    { config: { access: 'signed-in' }, schema: { tags, response: answers(done) } },
    async (request, reply) => {
      const session = sessionOf(request.headers.cookie);
      if (session !== null) await signIn.signOut(session);
      reply.header('set-cookie', endedCookie(request.protocol === 'https'));
      return { done: true as const };
    },
  );

  app.get('/whoami', { config: { access: 'signed-in' }, schema: { tags, response: answers(whoAmI) } }, (request) => {
    const { operator, may } = askerOf(request);
    const session = sessionOf(request.headers.cookie);
    return { operator, permissions: [...may], csrf: session === null ? null : csrfOf(session) };
  });

  app.get(
    '/sessions',
    { config: { access: 'signed-in' }, schema: { tags, response: answers(sessionList) } },
    async (request) => {
      const { operator, may } = askerOf(request);
      const sessions = await signIn.sessions(may.has('manage-operators') ? null : operator);
      return {
        items: sessions.map(({ createdAt, lastSeenAt, ...each }) => ({
          ...each,
          createdAt: createdAt.toISOString(),
          lastSeenAt: lastSeenAt.toISOString(),
        })),
      };
    },
  );

  app.post(
    '/sessions/:id/revoke',
    { config: { access: 'signed-in' }, schema: { tags, params: sessionParameters, response: answers(done) } },
    async (request) => {
      const { operator, may } = askerOf(request);
      await signIn.endSession(request.params.id, may.has('manage-operators') ? null : operator);
      return { done: true as const };
    },
  );
}
