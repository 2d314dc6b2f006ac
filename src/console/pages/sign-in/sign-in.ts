import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { AccessRefusedError } from '../../../access/errors.ts';
import { ways, type Way } from '../../../access/sign-in.ts';
import { describe } from '../../../api/problem.ts';
import { endedCookie, sessionCookie, sessionOf } from '../../../api/session-cookie.ts';
import { back, formBase } from '../../fields.ts';
import { html, type Html } from '../../html.ts';
import { forPage, show, type PageKit, type PageRoutes } from '../../page-kit.ts';
import { button, field, hidden } from '../../parts/form.ts';
import { notice } from '../../parts/notice.ts';
import { addCookie, goTo } from '../../reply.ts';
import { localPath } from '../../visit.ts';
import { languages, type Words } from '../../words/words.ts';

const form = z.object({
  ...formBase,
  name: z.string().max(100),
  password: z.string().max(1_000),
  way: z.enum(ways).optional(),
  next: z.string().max(2_000).optional(),
});

/** Signing in with a password or the Windows account, and out (spec 19.2). */
export const signInRoutes: PageRoutes = (app, kit) => {
  const query = z.object({ next: back, way: z.enum(ways).optional() });
  app.get('/sign-in', { ...forPage('anybody'), schema: { querystring: query } }, (request, reply) =>
    signInPage(kit, request, reply, request.query),
  );

  app.post('/sign-in', { ...forPage('anybody'), schema: { body: form } }, async (request, reply) => {
    const { name, password, way, next } = request.body;
    try {
      await signInWith(kit, request, reply, { name, password, way });
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal === null) throw error;
      return signInPage(kit, request, reply, { next, name, way, refusal });
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
  given: { readonly name: string; readonly password: string; readonly way?: Way | undefined },
): Promise<void> {
  const agent = request.headers['user-agent'] ?? null;
  const { session } = await signIn.signIn({ ...given, address: request.ip, agent });
  addCookie(reply, sessionCookie(session, request.protocol === 'https'));
}

/** Why somebody was not let in, as the page of signing in shows it; null for what is no such refusal. */
export function refusalOf(error: unknown): SignInRefusal | null {
  if (!(error instanceof AccessRefusedError) || !isRefusalCode(error.code)) return null;
  const { status } = describe(error);
  return { status, code: error.code, operator: error.operator };
}

interface SignInRefusal {
  readonly status: number;
  readonly code: keyof Words['signIn']['refusals'];
  readonly operator: string | undefined;
}

function isRefusalCode(code: string): code is SignInRefusal['code'] {
  return Object.hasOwn(languages.en.signIn.refusals, code);
}

/** The form, with what went wrong and the other ways that there are. */
export function signInPage(
  kit: PageKit,
  request: FastifyRequest,
  reply: FastifyReply,
  given: {
    readonly next?: string | undefined;
    readonly name?: string;
    readonly way?: Way | undefined;
    readonly refusal?: SignInRefusal;
  },
): FastifyReply {
  const { next, name, refusal } = given;
  const way = kit.signIn.takesWindows ? (given.way ?? 'password') : 'password';
  return show(kit, request, reply, ({ words: { signIn: words } }) => ({
    status: refusal?.status ?? 200,
    title: words.title,
    place: null,
    body: html`<section class="card narrow">
      <h1>${words.title}</h1>
      ${refusal === undefined ? '' : refused(refusal, words)}
      <form method="post" action="/sign-in">
        ${hidden('next', next)} ${way === 'windows' ? hidden('way', way) : ''}
        ${field({ id: 'name', name: 'name', label: way === 'windows' ? words.windowsName : words.name, value: name, autocomplete: 'username', required: true, autofocus: true, maxlength: 100 })}
        ${field({ id: 'password', name: 'password', label: way === 'windows' ? words.windowsPassword : words.password, type: 'password', autocomplete: 'current-password', required: true })}
        <p class="actions">${button(words.title)}</p>
      </form>
      ${otherWays(kit, way, next, words)}
      <p class="quiet">${words.noPassword}</p>
    </section>`,
  }));
}

function refused({ code, operator }: SignInRefusal, { refusals }: Words['signIn']): Html {
  const { title, next } = refusals[code];
  return notice(
    'bad',
    title,
    html`${operator === undefined ? '' : html`<p><code>${operator}</code></p>`}
      <p>${next}</p>`,
  );
}

/** Links, so that each is a way of its own and the key Enter sends what was typed to where it belongs. */
function otherWays(kit: PageKit, way: Way, next: string | undefined, words: Words['signIn']): Html {
  const address = (path: string, asked: Readonly<Record<string, string>> = {}): string => {
    const query = new URLSearchParams({ ...asked, ...(next === undefined ? {} : { next }) }).toString();
    return query === '' ? path : `${path}?${query}`;
  };
  const others: readonly (readonly [href: string, text: string] | null)[] = [
    kit.openIdSignIn === null ? null : [address('/sign-in/openid'), words.openId(kit.openIdSignIn.place)],
    !kit.signIn.takesWindows
      ? null
      : way === 'windows'
        ? [address('/sign-in'), words.withPassword]
        : [address('/sign-in', { way: 'windows' }), words.withWindows],
  ];
  const offered = others.filter((each) => each !== null);
  if (offered.length === 0) return html``;
  return html`<p class="actions">
    ${offered.map(([href, text]) => html`<a class="button plain" href="${href}">${text}</a>`)}
  </p>`;
}
