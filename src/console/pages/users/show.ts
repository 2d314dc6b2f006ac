import { z } from 'zod';
import { found } from '../../../api/instance.ts';
import type { Event } from '../../../api/schemas/events.ts';
import type { Explanation } from '../../../api/schemas/explanation.ts';
import type { User } from '../../../api/schemas/users.ts';
import { idInPath } from '../../fields.ts';
import { html, type Html, type Part } from '../../html.ts';
import { forPage, show, type PageRoutes } from '../../page-kit.ts';
import { eventList } from '../../parts/event-list.ts';
import { button, postForm } from '../../parts/form.ts';
import { badge } from '../../parts/notice.ts';
import { timeText } from '../../parts/time.ts';
import type { Visit } from '../../visit.ts';
import { accountsSection, fieldsSection, rolesSection, teamsSection } from './explained.ts';
import { hasSync, nameOf } from './present.ts';
import { syncCell } from './sync-cell.ts';

const params = z.object({ id: idInPath });
/** The latest; the log has the rest. */
const shownEvents = 15;

/** One user: every field with its source and why, what is held back, roles, teams, and what happened. */
export const userPageRoutes: PageRoutes = (app, kit) => {
  app.get('/users/:id', { ...forPage('view'), schema: { params } }, async (request, reply) => {
    const { id } = request.params;
    const queries = kit.queries(request);
    const user = found(await queries.users.get(id), 'user-unknown', `user ${String(id)}`);
    const explanation = found(await queries.explain(id), 'user-unknown', `user ${String(id)}`);
    const mayReadLog = request.principal?.permissions.has('view-log') === true;
    const events = mayReadLog ? await queries.events.list({ userId: id, order: 'desc', limit: shownEvents }) : null;
    return show(kit, request, reply, (visit) => ({
      title: nameOf(user),
      place: 'users',
      body: userPage(visit, user, explanation, events?.items ?? null),
    }));
  });
};

function userPage(visit: Visit, user: User, explanation: Explanation, events: readonly Event[] | null): Html {
  const { words, may } = visit;
  return html`<p class="crumbs"><a href="/users">${words.users.title}</a> › ${nameOf(user)}</p>
    <header class="subject">
      <h1>${nameOf(user)}</h1>
      <p>
        ${user.active ? badge('good', words.user.active) : badge('quiet', words.users.inactive)}
        <span class="quiet"
          >${words.user.id(user.id)}${user.username === null ? '' : ` · ${user.username}`} · ${words.user.since}
          ${timeText(visit, user.createdAt)}${
            user.deactivatedAt === null ? '' : html` · ${words.user.deactivated} ${timeText(visit, user.deactivatedAt)}`
          }</span
        >
      </p>
    </header>
    <div class="columns">
      <div>
        ${accountsSection(visit, user, explanation)} ${fieldsSection(visit, user, explanation)}
        ${events === null ? '' : timeline(visit, user, events)}
      </div>
      <aside>
        <section class="card">
          <h2>${words.users.sync}</h2>
          ${syncCell(visit, user)}
          ${
            hasSync(user) &&
            may.has('run-and-approve') &&
            explanation.accounts.some(({ state }) => state !== 'unlinked')
              ? postForm(visit, `/users/${String(user.id)}/refresh`, [
                  html`<p class="hint">${words.refresh.hint}</p>`,
                  button(words.refresh.button, 'plain'),
                ])
              : ''
          }
        </section>
        ${rolesSection(visit, user, explanation)} ${teamsSection(visit, user, explanation)} ${actions(visit, user)}
      </aside>
    </div>`;
}

function timeline(visit: Visit, user: User, events: readonly Event[]): Html {
  const { words } = visit;
  return html`<section aria-labelledby="timeline">
    <h2 id="timeline">${words.user.timeline}</h2>
    ${eventList(visit, events, { ofUser: true })}
    <p><a href="/log?user=${user.id}">${words.user.wholeLog}</a></p>
  </section>`;
}

/** What can be done, each with a page that shows it before. */
function actions(visit: Visit, user: User): Html {
  const { words, may } = visit;
  const link = (act: keyof typeof words.actNames): Part =>
    html`<li><a href="/users/${user.id}/acts/${act}">${words.actNames[act]}</a></li>`;
  const some = [
    may.has('activate') && link(user.active ? 'deactivate' : 'activate'),
    may.has('edit-users') && user.profiles.length > 0 && link('unlink'),
    may.has('edit-users') && link('link'),
    may.has('edit-users') && !user.active && user.profiles.length > 0 && link('repurpose'),
    may.has('assign-user-roles') && link('scope'),
    may.has('edit-users') && user.blocked === 'true' && link('unlock'),
    may.has('manage-operators') &&
      !user.active &&
      html`<li><a href="/users/${user.id}/purge">${words.life.purge}</a></li>`,
  ].filter((each) => each !== false);
  if (some.length === 0) return html``;
  return html`<section class="card" aria-labelledby="acts">
    <h2 id="acts">${words.user.acts}</h2>
    <ul class="plain">
      ${some}
    </ul>
  </section>`;
}
