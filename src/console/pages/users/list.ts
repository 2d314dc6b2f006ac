import type { Page } from '../../../api/dependencies.ts';
import type { ListedUser } from '../../../api/schemas/users.ts';
import { html, type Html } from '../../html.ts';
import { forPage, showPart, type PageRoutes } from '../../page-kit.ts';
import { changeLine } from '../../parts/changes.ts';
import { badge, empty } from '../../parts/notice.ts';
import { pager } from '../../parts/pager.ts';
import type { Visit } from '../../visit.ts';
import { chooser, mayAct, tick } from '../bulk/chooser.ts';
import { mainTeamOf, nameOf } from './present.ts';
import { isFiltered, selectionOf, userQuery, type UserQuery } from './query.ts';
import { userFilters } from './user-filters.ts';
import { syncCell } from './sync-cell.ts';

const perPage = 50;

/** Users: search as you type, filters in the address, the sync switch in the row, and acting on those who are chosen. */
export const userListRoutes: PageRoutes = (app, kit) => {
  const roles = Object.keys(kit.roleCatalogue);
  app.get('/users', { ...forPage('view'), schema: { querystring: userQuery } }, async (request, reply) => {
    const { query } = request;
    const users = await kit.queries(request).users.list({ ...selectionOf(query), after: query.after, limit: perPage });
    return showPart(
      kit,
      request,
      reply,
      (visit) => listPart(visit, query, users),
      (visit, part) => ({
        title: visit.words.users.title,
        place: 'users',
        body: html`<header class="head">
            <h1>${visit.words.users.title}</h1>
            <p>
              ${visit.may.has('edit-users') ? html`<a class="act" href="/users/new">${visit.words.life.create}</a>` : ''}
              ${mayAct(visit) ? html`<a class="act" href="/bulk">${visit.words.users.jobs}</a>` : ''}
            </p>
          </header>
          ${userFilters(visit, query, { sources: kit.sourceIds, roles })}${part}`,
      }),
    );
  });
};

function listPart(visit: Visit, query: UserQuery, { items, next }: Page<ListedUser>): Html {
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
                ${mayAct(visit) ? html`<th scope="col"><span class="unseen">${words.bulk.choose}</span></th>` : ''}
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
    ${items.length === 0 ? '' : chooser(visit)} ${pager(visit, next)}
  </div>`;
}

function row(visit: Visit, user: ListedUser, waiting: boolean): Html {
  const { words } = visit;
  return html`<tr id="user-${user.id}">
    ${mayAct(visit) ? tick(visit, user.id, nameOf(user)) : ''}
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

function nobody({ words }: Visit, query: UserQuery): Html {
  const { q, sync } = query;
  if (q !== undefined)
    return empty(words.users.notFound(q), html`${words.users.notFoundNext} <a href="/users">${words.users.all}</a>`);
  if (sync === 'off') return empty(words.users.nobodyOff, html`<a href="/users">${words.users.all}</a>`);
  if (isFiltered(query)) return empty(words.users.nobodyFits, html`<a href="/users">${words.users.all}</a>`);
  return empty(words.users.nobody, html`${words.users.nobodyNext} <a href="/">${words.places.overview}</a>`);
}
