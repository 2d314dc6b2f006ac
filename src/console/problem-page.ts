import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Described } from '../api/problem.ts';
import { html } from './html.ts';
import { show, type PageKit } from './page-kit.ts';
import { goTo, isPartial } from './reply.ts';
import { localPath } from './visit.ts';

/** An error as a page: what happened, to whom, what to do; never a stack. Who is not signed in is sent to where they can. */
export function problemPage(
  kit: PageKit,
  request: FastifyRequest,
  reply: FastifyReply,
  problem: Described,
): FastifyReply {
  const { status, code, detail } = problem;
  if (status === 401 && code === 'token-required') {
    const signIn = `/sign-in?next=${encodeURIComponent(localPath(request.method === 'GET' ? request.url : undefined))}`;
    reply.removeHeader('www-authenticate');
    if (isPartial(request)) return reply.code(200).header('hx-redirect', signIn).send('');
    if (request.method === 'GET') return goTo(request, reply, signIn);
  }
  return show(kit, request, reply, (visit) => {
    const { problems } = visit.words;
    const known: Readonly<Record<number, { readonly title: string; readonly next: string }>> = problems.byStatus;
    const { title, next } = known[status] ?? (status >= 500 ? problems.ours : problems.refused);
    const referer = URL.parse(request.headers.referer ?? '');
    const before = localPath(referer?.host === request.host ? `${referer.pathname}${referer.search}` : undefined);
    return {
      status,
      title,
      place: null,
      body: html`<article class="problem">
        <p class="code">${String(status)} · ${code}</p>
        <h1>${title}</h1>
        <p>${status === 401 ? problems.sessionEnded : detail}</p>
        <p>${next}</p>
        <p class="actions">
          ${status === 401 ? html`<a class="button main" href="/sign-in">${visit.words.signIn.title}</a>` : ''}
          <a class="button plain" href="${before}">${problems.back}</a>
        </p>
        <p class="quiet">${problems.request} <code>${request.id}</code></p>
      </article>`,
    };
  });
}
