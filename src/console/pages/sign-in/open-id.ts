import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { OpenIdSignIn } from '../../../access/open-id/sign-in.ts';
import { ownOrigin } from '../../../api/own-address.ts';
import { ApiError } from '../../../api/problem.ts';
import { openIdBrowserOf, openIdCookie, sessionCookie } from '../../../api/session-cookie.ts';
import { back } from '../../fields.ts';
import { html } from '../../html.ts';
import { forPage, show, type PageKit, type PageRoutes } from '../../page-kit.ts';
import { addCookie } from '../../reply.ts';
import { localPath } from '../../visit.ts';
import { refusalOf, signInPage } from './sign-in.ts';

const begins = '/sign-in/openid';
const answers = '/sign-in/openid/callback';

/**
 * Signing in at a provider of OpenID Connect (spec 19.2). A link leads there, not a form, so that the policy of our pages
 * (`form-action`) need not allow the provider's address.
 */
export const openIdRoutes: PageRoutes = (app, kit) => {
  app.get(begins, { ...forPage('anybody'), schema: { querystring: z.object({ next: back }) } }, (request, reply) => {
    const next = localPath(request.query.next);
    return orSignInPage(kit, request, reply, next, async (signIn) => {
      const { browser, address } = await signIn.begin({
        browser: openIdBrowserOf(request.headers.cookie),
        redirectUri: `${ownOrigin(request, kit.http.hostNames)}${answers}`,
        next,
      });
      addCookie(reply, openIdCookie(browser, request.protocol === 'https'));
      return reply.redirect(address, 303);
    });
  });

  app.get(answers, forPage('anybody'), (request, reply) =>
    orSignInPage(kit, request, reply, undefined, async (signIn) => {
      const { session, next } = await signIn.finish({
        browser: openIdBrowserOf(request.headers.cookie),
        answer: request.url.split('?').slice(1).join('?'),
        address: request.ip,
        agent: request.headers['user-agent'] ?? null,
      });
      addCookie(reply, sessionCookie(session, request.protocol === 'https'));
      return goOnPage(kit, request, reply, localPath(next));
    }),
  );
};

/** Not a redirect: the browser came by a link of the provider, and would not send our strict cookie along a redirect from it. */
function goOnPage(kit: PageKit, request: FastifyRequest, reply: FastifyReply, next: string): FastifyReply {
  return show(kit, request, reply, ({ words: { signIn: words } }) => ({
    title: words.done,
    place: null,
    goOn: next,
    body: html`<section class="card narrow">
      <h1>${words.done}</h1>
      <p class="actions"><a class="button main" href="${next}">${words.goOn}</a></p>
    </section>`,
  }));
}

/** What is refused is shown where another way can be taken. */
async function orSignInPage(
  kit: PageKit,
  request: FastifyRequest,
  reply: FastifyReply,
  next: string | undefined,
  work: (signIn: OpenIdSignIn) => Promise<FastifyReply>,
): Promise<FastifyReply> {
  if (kit.openIdSignIn === null)
    throw new ApiError(404, 'path-unknown', 'Sign-in by OpenID Connect is not configured here (signIn.openIdConnect).');
  try {
    return await work(kit.openIdSignIn);
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === null) throw error;
    return signInPage(kit, request, reply, { next, refusal });
  }
}
