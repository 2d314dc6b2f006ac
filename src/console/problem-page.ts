import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Described } from '../api/problem.ts';
import { html } from './html.ts';
import { show, type PageKit } from './page-kit.ts';
import { codeLink } from './parts/code.ts';
import { goTo, isPartial } from './reply.ts';
import { localPath } from './visit.ts';

/** An error as a page: what happened, to whom, what to do; never a stack. Who is not signed in is sent to where they can. */
export async function problemPage(
  kit: PageKit,
  request: FastifyRequest,
  reply: FastifyReply,
  problem: Described,
): Promise<FastifyReply> {
  const { status, code, detail } = problem;
  if (status === 401 && code === 'token-required') {
    const signIn = `/sign-in?next=${encodeURIComponent(localPath(request.method === 'GET' ? request.url : undefined))}`;
    reply.removeHeader('www-authenticate');
    if (isPartial(request)) return reply.code(200).header('hx-redirect', signIn).send('');
    if (request.method === 'GET') return goTo(request, reply, signIn);
  }
  const next = status === 401 ? await typedSoFar(kit, request) : null;
  return show(kit, request, reply, (visit) => {
    const { problems } = visit.words;
    const known: Readonly<Record<number, { readonly title: string; readonly next: string }>> = problems.byStatus;
    const { title, next: whatNext } = known[status] ?? (status >= 500 ? problems.ours : problems.refused);
    const referer = URL.parse(request.headers.referer ?? '');
    const before = localPath(referer?.host === request.host ? `${referer.pathname}${referer.search}` : undefined);
    return {
      status,
      title,
      place: null,
      body: html`<article class="problem">
        <p class="code">${String(status)} · ${visit.operator === null ? code : codeLink(visit, code)}</p>
        <h1>${title}</h1>
        <p>${status === 401 ? problems.sessionEnded : detail}</p>
        <p>${next === null ? whatNext : visit.words.signIn.keptText}</p>
        <p class="actions">
          ${status === 401 ? html`<a class="button main" href="${next ?? '/sign-in'}">${visit.words.signIn.title}</a>` : ''}
          <a class="button plain" href="${before}">${problems.back}</a>
        </p>
        <p class="quiet">${problems.request} <code>${request.id}</code></p>
      </article>`,
    };
  });
}

/**
 * The way back to a form whose session was over when it was sent: through signing in, to what was typed. Only for a form of
 * our own, so that no other site puts one before somebody; its body has not been read, since nobody was let in.
 */
async function typedSoFar(kit: PageKit, request: FastifyRequest): Promise<string | null> {
  const { headers, method, host, raw, url, body } = request;
  const own = headers.origin !== undefined && URL.parse(headers.origin)?.host === host;
  const small = Number(headers['content-length'] ?? Number.NaN) <= mostKept;
  const isForm = (headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded');
  if (method !== 'POST' || !own || !small || !isForm || body !== undefined) return null;
  const chunks: Buffer[] = [];
  for await (const chunk of raw) chunks.push(Buffer.from(chunk as Uint8Array));
  const word = kit.keptForms.keep(url, Buffer.concat(chunks).toString('utf8'), Date.now());
  return word === null ? null : `/sign-in?next=${encodeURIComponent(`/again?form=${word}`)}`;
}

const mostKept = 4_096;
