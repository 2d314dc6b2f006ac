import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { endedCookie, sessionCookie, sessionOf } from '../../../api/session-cookie.ts';
import { back, formBase } from '../../fields.ts';
import { html } from '../../html.ts';
import { forPage, show, type PageKit, type PageRoutes } from '../../page-kit.ts';
import { button, field, hidden } from '../../parts/form.ts';
import { notice } from '../../parts/notice.ts';
import { addCookie, goTo } from '../../reply.ts';
import { localPath } from '../../visit.ts';

const form = z.object({
  ...formBase,
  name: z.string().max(100),
  password: z.string().max(1_000),
  next: z.string().max(2_000).optional(),
});

/** Signing in with a password, and out (spec 19.2). */
export const signInRoutes: PageRoutes = (app, kit) => {
  app.get('/sign-in', { ...forPage('anybody'), schema: { querystring: z.object({ next: back }) } }, (request, reply) =>
    signInPage(kit, request, reply, { next: request.query.next }),
  );

  app.post('/sign-in', { ...forPage('anybody'), schema: { body: form } }, async (request, reply) => {
    const { name, password, next } = request.body;
    try {
      await signInWith(kit, request, reply, name, password);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return signInPage(kit, request, reply, { next, name, refused: true });
    }
    return goTo(request, reply, localPath(next));
  });

  app.post('/sign-out', { ...forPage('signed-in'), schema: { body: z.object(formBase) } }, async (request, reply) => {
    const session = sessionOf(request.headers.cookie);
    if (session !== null) await kit.signIn.signOut(session);
    addCookie(reply, endedCookie(request.protocol === 'https'));
    return goTo(request, reply, '/sign-in');
  });
};

/** Begins a session in this browser. @throws AccessRefusedError */
export async function signInWith(
  { signIn }: PageKit,
  request: FastifyRequest,
  reply: FastifyReply,
  name: string,
  password: string,
): Promise<void> {
  const agent = request.headers['user-agent'] ?? null;
  const { session } = await signIn.signIn({ name, password, address: request.ip, agent });
  addCookie(reply, sessionCookie(session, request.protocol === 'https'));
}

function isRefusal(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'sign-in-refused';
}

function signInPage(
  kit: PageKit,
  request: FastifyRequest,
  reply: FastifyReply,
  given: { readonly next?: string | undefined; readonly name?: string; readonly refused?: boolean },
): FastifyReply {
  return show(kit, request, reply, ({ words: { signIn: words } }) => ({
    status: given.refused === true ? 401 : 200,
    title: words.title,
    place: null,
    body: html`<section class="card narrow">
      <h1>${words.title}</h1>
      ${given.refused === true ? notice('bad', words.refused, html`<p>${words.refusedNext}</p>`) : ''}
      <form method="post" action="/sign-in">
        ${hidden('next', given.next)}
        ${field({ id: 'name', name: 'name', label: words.name, value: given.name, autocomplete: 'username', required: true, autofocus: true, maxlength: 100 })}
        ${field({ id: 'password', name: 'password', label: words.password, type: 'password', autocomplete: 'current-password', required: true })}
        <p class="actions">${button(words.title)}</p>
      </form>
      <p class="quiet">${words.noPassword}</p>
    </section>`,
  }));
}
