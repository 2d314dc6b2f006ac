import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { askerOf } from '../../../api/authentication.ts';
import { describe, type Described } from '../../../api/problem.ts';
import { formBase, optionalReason, optionalText } from '../../fields.ts';
import { html, type Html } from '../../html.ts';
import { forPage, show, type PageKit, type PageRoutes } from '../../page-kit.ts';
import { codeLink } from '../../parts/code.ts';
import { button, choice, field, postForm } from '../../parts/form.ts';
import { notice } from '../../parts/notice.ts';
import { goTo } from '../../reply.ts';
import { visitOf, type Visit } from '../../visit.ts';

const fieldNames = ['username', 'firstName', 'lastName', 'email', 'mobileNumber', 'language'] as const;
const given = z.object({
  username: optionalText(1_000),
  firstName: optionalText(1_000),
  lastName: optionalText(1_000),
  email: optionalText(1_000),
  mobileNumber: optionalText(1_000),
  language: optionalText(1_000),
});
const form = z.object({ ...formBase, ...given.shape, team: optionalText(256), reason: optionalReason });
type Form = z.output<typeof form>;

/** Making a user by hand (spec 12.4). */
export const createUserRoutes: PageRoutes = (app, kit) => {
  app.get('/users/new', forPage('edit-users'), (request, reply) => page(kit, request, reply, {}, null));

  app.post('/users/new', { ...forPage('edit-users'), schema: { body: form } }, async (request, reply) => {
    const { team, reason } = request.body;
    const fields = Object.fromEntries(
      fieldNames.flatMap((name) => {
        const value = request.body[name];
        return value === undefined ? [] : [[name, value]];
      }),
    );
    try {
      const id = await kit.createUser({ fields, team, reason, ...askerOf(request) });
      const text = visitOf(request, kit.zone).words.life.created(request.body.username ?? String(id));
      return await goTo(request, reply, `/users/${String(id)}`, { text, tone: 'good' });
    } catch (error) {
      const refusal = describe(error as Parameters<typeof describe>[0]);
      if (![403, 404, 409, 422].includes(refusal.status)) throw error;
      return page(kit, request, reply, request.body, refusal);
    }
  });
};

async function page(
  kit: PageKit,
  request: FastifyRequest,
  reply: FastifyReply,
  typed: Partial<Form>,
  refusal: Described | null,
): Promise<FastifyReply> {
  const teams = await kit.queries(request).teams.names();
  return show(kit, request, reply, (visit) => ({
    title: visit.words.life.create,
    place: 'users',
    status: refusal?.status ?? 200,
    body: createPage(visit, teams, typed, refusal),
  }));
}

function createPage(visit: Visit, teams: readonly string[], typed: Partial<Form>, refusal: Described | null): Html {
  const { words } = visit;
  return html`<p class="crumbs"><a href="/users">${words.users.title}</a></p>
    <h1>${words.life.create}</h1>
    <p class="quiet">${words.life.createText}</p>
    ${refusal === null ? '' : notice('bad', words.life.refused, html`<p>${refusal.detail} ${codeLink(visit, refusal.code)}</p>`)}
    ${postForm(
      visit,
      '/users/new',
      [
        html`<p class="hint">${words.life.needed}</p>`,
        fieldNames.map((name) =>
          field({
            ...{ id: name, name, label: words.fields[name], value: typed[name] },
            required: name === 'username' || name === 'language',
          }),
        ),
        choice({
          ...{ id: 'team', name: 'team', label: words.users.team, value: typed.team ?? '' },
          options: [['', words.life.defaultTeam], ...teams.map((each) => [each, each] as const)],
        }),
        field({ id: 'reason', name: 'reason', label: words.acts.reason, value: typed.reason }),
        html`<p class="actions">${button(words.life.button)}</p>`,
      ],
      'card',
    )}`;
}
