import { z } from 'zod';
import type { Page } from '../../../api/dependencies.ts';
import type { ListedUser } from '../../../api/schemas/users.ts';
import { after, optionalOf, optionalText } from '../../fields.ts';
import { html, type Html } from '../../html.ts';
import { forPage, showPart, type PageRoutes } from '../../page-kit.ts';
import { choice } from '../../parts/form.ts';
import { changeLine } from '../../parts/changes.ts';
import { badge, empty } from '../../parts/notice.ts';
import { pager } from '../../parts/pager.ts';
import type { Visit } from '../../visit.ts';
import { mainTeamOf, nameOf } from './present.ts';
import { syncCell } from './sync-cell.ts';

const querystring = z.object({
  q: optionalText(200),
  sync: optionalOf(['on', 'off']),
  active: optionalOf(['all']),
  after,
});
type Query = z.output<typeof querystring>;

const perPage = 50;

/** Users: search as you type, filters in the address, the sync switch in the row. */
export const userListRoutes: PageRoutes = (app, kit) => {
  app.get('/users', { ...forPage('view'), schema: { querystring } }, async (request, reply) => {
    const { q, sync, active, after: from } = request.query;
    const users = await kit
      .queries(request)
      .users.list({ search: q, sync, all: active === 'all', after: from, limit: perPage });
    return showPart(
      kit,
      request,
      reply,
      (visit) => listPart(visit, request.query, users),
      (visit, part) => ({
        title: visit.words.users.title,
        place: 'users',
        body: html`<h1>${visit.words.users.title}</h1>
          ${filters(visit, request.query)}${part}`,
      }),
    );
  });
};

function filters({ words }: Visit, { q, sync, active }: Query): Html {
  return html`<form
      method="get"
      action="/users"
      role="search"
      class="filters"
      id="user-filters"
      hx-get="/users"
      hx-trigger="input delay:150ms, submit"
      hx-target="#users"
      hx-swap="outerMorph"
      hx-replace-url="true"
    >
      <div class="field grow">
        <label for="q">${words.users.search}</label>
        <input
          id="q"
          name="q"
          type="search"
          value="${q ?? ''}"
          maxlength="200"
          autocomplete="off"
          autofocus
          aria-describedby="q-hint"
        />
      </div>
      ${choice({
        id: 'sync',
        name: 'sync',
        label: words.users.sync,
        value: sync ?? '',
        options: [
          ['', words.users.any],
          ['on', words.users.syncOn],
          ['off', words.users.syncOff],
        ],
      })}
      ${choice({
        id: 'active',
        name: 'active',
        label: words.users.shown,
        value: active ?? '',
        options: [
          ['', words.users.activeOnly],
          ['all', words.users.everybody],
        ],
      })}
      <button class="button plain">${words.users.find}</button>
    </form>
    <p class="hint" id="q-hint">${words.users.searchHint}</p>`;
}

function listPart(visit: Visit, query: Query, { items, next }: Page<ListedUser>): Html {
  const { words } = visit;
  const waiting = query.sync === 'off';
  return html`<div id="users">
    <p role="status" class="quiet" id="users-status">${words.users.count(items.length, next !== null)}</p>
    ${
      items.length === 0
        ? nobody(visit, query)
        : html`<table class="list">
            <thead>
              <tr>
                <th scope="col">${words.users.name}</th>
                <th scope="col">${words.fields.username}</th>
                <th scope="col">${words.fields.acdId}</th>
                <th scope="col">${words.users.team}</th>
                <th scope="col">${words.users.accounts}</th>
                <th scope="col">${words.users.sync}</th>
                ${waiting ? html`<th scope="col">${words.users.waiting}</th>` : ''}
              </tr>
            </thead>
            <tbody>
              ${items.map((user) => row(visit, user, waiting))}
            </tbody>
          </table>`
    }
    ${pager(visit, next)}
  </div>`;
}

function row(visit: Visit, user: ListedUser, waiting: boolean): Html {
  const { words } = visit;
  return html`<tr id="user-${user.id}">
    <th scope="row">
      <a href="/users/${user.id}">${nameOf(user)}</a
      >${user.active ? '' : html` ${badge('quiet', words.users.inactive)}`}
    </th>
    <td data-label="${words.fields.username}">${user.username}</td>
    <td data-label="${words.fields.acdId}">${user.acdId}</td>
    <td data-label="${words.users.team}">${mainTeamOf(user)}</td>
    <td data-label="${words.users.accounts}">${accountsOf(visit, user)}</td>
    <td data-label="${words.users.sync}">${syncCell(visit, user)}</td>
    ${waiting ? html`<td data-label="${words.users.waiting}">${changeLine(words, user.waiting ?? [])}</td>` : ''}
  </tr>`;
}

function accountsOf({ words }: Visit, user: ListedUser): Html {
  if (user.profiles.length === 0) return html`<span class="quiet">${words.users.local}</span>`;
  return html`${user.profiles.map(
    ({ source, state }, index) =>
      html`${index === 0 ? '' : ', '}${source}${
        state === 'present' ? '' : html` <em>(${words.profileStates[state]})</em>`
      }`,
  )}`;
}

function nobody({ words }: Visit, { q, sync }: Query): Html {
  if (q !== undefined)
    return empty(words.users.notFound(q), html`${words.users.notFoundNext} <a href="/users">${words.users.all}</a>`);
  if (sync === 'off') return empty(words.users.nobodyOff, html`<a href="/users">${words.users.all}</a>`);
  return empty(words.users.nobody, html`${words.users.nobodyNext} <a href="/">${words.places.overview}</a>`);
}
