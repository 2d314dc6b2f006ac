import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { askerOf } from '../../../api/authentication.ts';
import type { TeamBinding } from '../../../api/schemas/teams.ts';
import type { TeamActed } from '../../../users/team-ports.ts';
import { formBase, optionalReason, optionalText } from '../../fields.ts';
import { html, type Html } from '../../html.ts';
import { forPage, show, type PageKit, type PageRoutes } from '../../page-kit.ts';
import { changeLine } from '../../parts/changes.ts';
import { button, choice, field, hidden, postForm } from '../../parts/form.ts';
import { badge, empty } from '../../parts/notice.ts';
import { numberText } from '../../parts/time.ts';
import { goTo } from '../../reply.ts';
import { visitOf, type Visit } from '../../visit.ts';

/** Moving thousands of members takes a while; the same bound as in the API. */
const moveTimeoutMs = 120_000;
/** As many people are named before the act; their number is said in full. */
const mostNamed = 100;

const name = z.string().min(1).max(256);
const step = z.enum(['preview', 'do']);
const merging = z.object({ ...formBase, into: name, reason: optionalReason, step });
const binding = z.object({
  ...formBase,
  source: z.string().min(1).max(64),
  externalId: z.string().min(1).max(1_000),
  team: optionalText(256),
  reason: optionalReason,
  step,
});

interface Asked {
  readonly action: string;
  readonly title: string;
  readonly values: Readonly<Record<string, string | undefined>>;
}

/** The teams of sources and what they are bound to, and one team taking another's place (spec 11.6): shown before it is done. */
export const teamMoveRoutes: PageRoutes = (app, kit) => {
  app.get('/team-bindings', forPage('view'), async (request, reply) => {
    const queries = kit.queries(request);
    const [bindings, teams] = await Promise.all([queries.teams.bindings(), queries.teams.names()]);
    return show(kit, request, reply, (visit) => ({
      title: visit.words.teams.bindingsTitle,
      place: 'teams',
      body: bindingList(visit, bindings, teams),
    }));
  });

  app.post(
    '/team-bindings',
    { ...forPage('edit-users'), handlerTimeout: moveTimeoutMs, schema: { body: binding } },
    async (request, reply) => {
      const { source, externalId, team, reason, step: at } = request.body;
      const preview = at === 'preview';
      const bound = { source, externalId, team: team ?? null, preview, reason, ...askerOf(request) };
      const acted = await kit.teams.bind(bound);
      const { words } = visitOf(request, kit.zone);
      const title = words.teams.bindTitle(externalId, team ?? words.teams.leftOut);
      if (preview)
        return shown(
          kit,
          request,
          reply,
          { action: '/team-bindings', title, values: { source, externalId, team } },
          acted,
        );
      return goTo(request, reply, '/team-bindings', { text: words.teams.done(title), tone: 'good' });
    },
  );

  app.post(
    '/teams/:team/merge',
    {
      ...forPage('edit-users'),
      handlerTimeout: moveTimeoutMs,
      schema: { params: z.object({ team: name }), body: merging },
    },
    async (request, reply) => {
      const { team } = request.params;
      const { into, reason, step: at } = request.body;
      const preview = at === 'preview';
      const acted = await kit.teams.merge({ team, into, preview, reason, ...askerOf(request) });
      const { words } = visitOf(request, kit.zone);
      const title = words.teams.mergeTitle(team, into);
      const action = `/teams/${encodeURIComponent(team)}/merge`;
      if (preview) return shown(kit, request, reply, { action, title, values: { into } }, acted);
      const text = acted.event === null ? words.teams.done(title) : words.teams.merged(title, acted.event);
      return goTo(request, reply, `/teams/${encodeURIComponent(into)}`, { text, tone: 'good' });
    },
  );
};

/** Whom it would move, by name, and the button that does it. */
function shown(
  kit: PageKit,
  request: FastifyRequest,
  reply: FastifyReply,
  { action, title, values }: Asked,
  { moved, told }: TeamActed,
): FastifyReply {
  return show(kit, request, reply, (visit) => {
    const { words } = visit;
    return {
      title,
      place: 'teams',
      body: html`<p class="crumbs"><a href="/teams">${words.teams.title}</a></p>
        <h1>${title}</h1>
        ${told.map((text) => html`<p>${text}</p>`)}
        <h2>${words.teams.moves} ${numberText(visit, moved.length)}</h2>
        <ul class="plain">
          ${moved.slice(0, mostNamed).map(({ userId, username, changes }) => html`<li><a href="/users/${userId}">${username ?? `#${String(userId)}`}</a> ${changeLine(words, changes)}</li>`)}
        </ul>
        ${moved.length > mostNamed ? html`<p class="quiet">${words.teams.more(moved.length - mostNamed)}</p>` : ''}
        ${postForm(
          visit,
          action,
          [
            hidden('step', 'do'),
            Object.entries(values).map(([key, value]) => hidden(key, value)),
            field({ id: 'reason', name: 'reason', label: words.acts.reason }),
            html`<p class="actions">${button(words.teams.doIt)}</p>`,
          ],
          'card',
        )}`,
    };
  });
}

function bindingList(visit: Visit, bindings: readonly TeamBinding[], teams: readonly string[]): Html {
  const { words } = visit;
  return html`<p class="crumbs"><a href="/teams">${words.teams.title}</a></p>
    <h1>${words.teams.bindingsTitle}</h1>
    <p class="quiet">${words.teams.bindingsText}</p>
    ${
      bindings.length === 0
        ? empty(words.teams.none, words.teams.noneNext)
        : html`<table class="list">
            <thead>
              <tr>
                <th scope="col">${words.teams.called}</th>
                <th scope="col">${words.acts.source}</th>
                <th scope="col">${words.teams.boundTo}</th>
                <th scope="col">${words.teams.members}</th>
                ${visit.may.has('edit-users') ? html`<th scope="col">${words.operators.acts}</th>` : ''}
              </tr>
            </thead>
            <tbody>
              ${bindings.map((each, at) => bindingRow(visit, each, teams, at))}
            </tbody>
          </table>`
    }`;
}

function bindingRow(visit: Visit, each: TeamBinding, teams: readonly string[], at: number): Html {
  const { words } = visit;
  const { source, externalId, name: called, team, state, members, gone } = each;
  const unbound = state === 'unbound' ? words.teams.leftOut : words.teams.undecided;
  const options = [['', words.teams.leftOut] as const, ...teams.map((one) => [one, one] as const)];
  return html`<tr>
    <th scope="row">
      ${called} <span class="quiet">${externalId}</span>${gone ? html` ${badge('note', words.teams.gone)}` : ''}
    </th>
    <td data-label="${words.acts.source}"><a href="/sources/${source}">${source}</a></td>
    <td data-label="${words.teams.boundTo}">
      ${team === null ? html`<em>${unbound}</em>` : html`<a href="/teams/${encodeURIComponent(team)}">${team}</a>`}
    </td>
    <td data-label="${words.teams.members}">${numberText(visit, members)}</td>
    ${
      visit.may.has('edit-users')
        ? html`<td data-label="${words.operators.acts}">
            <details>
              <summary>${words.teams.bindOther}<span class="unseen"> ${called}</span></summary>
              ${postForm(visit, '/team-bindings', [
                hidden('source', source),
                hidden('externalId', externalId),
                hidden('step', 'preview'),
                choice({
                  id: `bind-${String(at)}`,
                  name: 'team',
                  label: words.teams.boundTo,
                  value: team ?? '',
                  options,
                }),
                html`<p class="actions">${button(words.teams.preview, 'plain')}</p>`,
              ])}
            </details>
          </td>`
        : ''
    }
  </tr>`;
}
