import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { describe } from '../../../api/problem.ts';
import { formBase, optionalText } from '../../fields.ts';
import { html } from '../../html.ts';
import { forPage, show, type PageKit, type PageRoutes } from '../../page-kit.ts';
import { button, field } from '../../parts/form.ts';
import { notice } from '../../parts/notice.ts';
import { goTo } from '../../reply.ts';
import { signInWith } from './sign-in.ts';

const params = z.object({ link: z.string().min(1).max(200) });
const password = z.string().max(1_000);
const form = z.object({ ...formBase, name: optionalText(100), password, again: password });

/**
 * A one-time link (spec 19.2): the first operator's, an invitation, or one for a new password. Opening it uses nothing up,
 * since mail programs open links too; the form does, and signs in.
 */
export const linkRoutes: PageRoutes = (app, kit) => {
  app.get('/link/:link', { ...forPage('anybody'), schema: { params } }, async (request, reply) =>
    linkPage(kit, request, reply, { holder: await kit.signIn.holderOf(request.params.link) }),
  );

  app.post('/link/:link', { ...forPage('anybody'), schema: { params, body: form } }, async (request, reply) => {
    const { link } = request.params;
    const { name, password: chosen, again } = request.body;
    const holder = await kit.signIn.holderOf(link);
    if (chosen !== again) return linkPage(kit, request, reply, { holder, name, problem: 'different' });
    let operator: string;
    try {
      operator = await kit.signIn.redeem({ link, name, password: chosen });
    } catch (error) {
      const { status, detail } = describe(error as Parameters<typeof describe>[0]);
      if (status !== 422) throw error;
      return linkPage(kit, request, reply, { holder, name, problem: { detail } });
    }
    await signInWith(kit, request, reply, { name: operator, password: chosen });
    return goTo(request, reply, '/');
  });
};

interface Given {
  readonly holder: string | null;
  readonly name?: string | undefined;
  readonly problem?: 'different' | { readonly detail: string };
}

function linkPage(
  kit: PageKit,
  request: FastifyRequest,
  reply: FastifyReply,
  { holder, name, problem }: Given,
): FastifyReply {
  return show(kit, request, reply, ({ words: { link: words, signIn } }) => {
    const title = holder === null ? words.firstTitle : words.title(holder);
    const wrong = problem === 'different' ? words.different : problem?.detail;
    return {
      status: wrong === undefined ? 200 : 422,
      title,
      place: null,
      body: html`<section class="card narrow">
        <h1>${title}</h1>
        <p>${holder === null ? words.firstText : words.text}</p>
        ${wrong === undefined ? '' : notice('bad', wrong)}
        <form method="post">
          ${holder === null ? field({ id: 'name', name: 'name', label: words.name, hint: words.nameHint, value: name, autocomplete: 'username', required: true, autofocus: true, maxlength: 100 }) : ''}
          ${field({ id: 'password', name: 'password', label: signIn.password, hint: words.passwordHint, type: 'password', autocomplete: 'new-password', required: true, autofocus: holder !== null })}
          ${field({ id: 'again', name: 'again', label: words.again, type: 'password', autocomplete: 'new-password', required: true })}
          <p class="actions">${button(words.button)}</p>
        </form>
      </section>`,
    };
  });
}
