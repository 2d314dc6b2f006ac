import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { askerOf } from '../../../api/authentication.ts';
import { found } from '../../../api/instance.ts';
import { describe, type Described } from '../../../api/problem.ts';
import type { User } from '../../../api/schemas/users.ts';
import { formBase, idInPath, optionalReason, optionalText } from '../../fields.ts';
import { html, type Html } from '../../html.ts';
import { forPage, show, type PageKit, type PageRoutes } from '../../page-kit.ts';
import { codeLink } from '../../parts/code.ts';
import { button, field, hidden, postForm } from '../../parts/form.ts';
import { notice } from '../../parts/notice.ts';
import { numberText } from '../../parts/time.ts';
import { goTo } from '../../reply.ts';
import { visitOf, type Visit } from '../../visit.ts';
import { nameOf } from './present.ts';

const params = z.object({ id: idInPath });
const form = z.object({
  ...formBase,
  reason: optionalReason,
  word: optionalText(1_000),
  version: z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number),
});
type Purged = Awaited<ReturnType<PageKit['purge']>>;

/** Blanking a person for good (spec 9.6): how much is shown first, and their name has to be typed. */
export const purgeRoutes: PageRoutes = (app, kit) => {
  app.get('/users/:id/purge', { ...forPage('manage-operators'), schema: { params } }, (request, reply) =>
    page(kit, request, reply, request.params.id, null),
  );

  app.post(
    '/users/:id/purge',
    { ...forPage('manage-operators'), schema: { params, body: form } },
    async (request, reply) => {
      const { id } = request.params;
      const { reason, word, version } = request.body;
      const user = await userOf(kit, request, id);
      const { life } = visitOf(request, kit.zone).words;
      if ((word ?? '').trim() !== nameOf(user)) return page(kit, request, reply, id, life.purgeWrong);
      try {
        await kit.purge({ userId: id, ...askerOf(request), reason, expectedVersion: version, preview: false });
      } catch (error) {
        return page(kit, request, reply, id, refusalOf(error).detail);
      }
      return goTo(request, reply, '/users', { text: life.purged(id), tone: 'good' });
    },
  );
};

async function userOf(kit: PageKit, request: FastifyRequest, id: number): Promise<User> {
  return found(await kit.queries(request).users.get(id), 'user-unknown', `user ${String(id)}`);
}

function refusalOf(error: unknown): Described {
  const refusal = describe(error as Parameters<typeof describe>[0]);
  if (![409, 412, 422].includes(refusal.status)) throw error;
  return refusal;
}

async function page(
  kit: PageKit,
  request: FastifyRequest,
  reply: FastifyReply,
  id: number,
  wrong: string | null,
): Promise<FastifyReply> {
  const user = await userOf(kit, request, id);
  let [preview, refusal]: [Purged | null, Described | null] = [null, null];
  try {
    preview = await kit.purge({ userId: id, ...askerOf(request), preview: true });
  } catch (error) {
    refusal = refusalOf(error);
  }
  return show(kit, request, reply, (visit) => ({
    title: visit.words.life.purgeTitle(nameOf(user)),
    place: 'users',
    status: refusal?.status ?? (wrong === null ? 200 : 422),
    body: html`<p class="crumbs">
        <a href="/users">${visit.words.users.title}</a> › <a href="/users/${id}">${nameOf(user)}</a>
      </p>
      <h1>${visit.words.life.purgeTitle(nameOf(user))}</h1>
      <p>${visit.words.life.purgeText}</p>
      ${wrong === null ? '' : notice('bad', wrong)}
      ${refusal === null ? '' : notice('bad', visit.words.acts.refused, html`<p>${refusal.detail} ${codeLink(visit, refusal.code)}</p>`)}
      ${preview === null ? '' : purgeForm(visit, user, preview)}
      <p><a href="/users/${id}">${visit.words.acts.leave}</a></p>`,
  }));
}

function purgeForm(visit: Visit, user: User, { events, accounts }: Purged): Html {
  const { words } = visit;
  return postForm(
    visit,
    `/users/${String(user.id)}/purge`,
    [
      html`<p><strong>${words.life.purgeWill(numberText(visit, events), numberText(visit, accounts))}</strong></p>`,
      hidden('version', user.version),
      field({ id: 'reason', name: 'reason', label: words.acts.reason }),
      field({ id: 'word', name: 'word', label: words.life.purgeWord(nameOf(user)), required: true }),
      html`<p class="actions">${button(words.life.purgeButton, 'danger')}</p>`,
    ],
    'card',
  );
}
