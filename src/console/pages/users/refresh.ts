import { z } from 'zod';
import { found } from '../../../api/instance.ts';
import { createRefresh, refreshTimeoutMs } from '../../../api/refresh.ts';
import type { Refreshed, RefreshedAccount } from '../../../api/schemas/refresh.ts';
import type { User } from '../../../api/schemas/users.ts';
import { formBase, idInPath } from '../../fields.ts';
import { html, type Html } from '../../html.ts';
import { forPage, show, type PageRoutes } from '../../page-kit.ts';
import { changeTable } from '../../parts/changes.ts';
import { badge, notice } from '../../parts/notice.ts';
import type { Visit } from '../../visit.ts';
import { nameOf } from './present.ts';

const params = z.object({ id: idInPath });

/** "I have changed it in AD, show me": the user's accounts read anew, in the four steps (spec 2.8). */
export const refreshRoutes: PageRoutes = (app, kit) => {
  const refresh = createRefresh(kit);
  app.post(
    '/users/:id/refresh',
    { ...forPage('run-and-approve'), handlerTimeout: refreshTimeoutMs, schema: { params, body: z.object(formBase) } },
    async (request, reply) => {
      const { id } = request.params;
      const told = await refresh.ofUser(request, `id:${String(id)}`);
      const user = found(await kit.queries(request).users.get(id), 'user-unknown', `user ${String(id)}`);
      return show(kit, request, reply, (visit) => ({
        title: visit.words.refresh.title(nameOf(user)),
        place: 'users',
        body: toldPage(visit, user, told),
      }));
    },
  );
};

function toldPage(visit: Visit, user: User, told: Refreshed): Html {
  const { words } = visit;
  return html`<p class="crumbs">
      <a href="/users">${words.users.title}</a> › <a href="/users/${user.id}">${nameOf(user)}</a>
    </p>
    <h1>${words.refresh.title(nameOf(user))}</h1>
    ${told.atRest ? '' : notice('note', words.refresh.goesOn)}
    <div class="tiles">${told.accounts.map((account) => steps(visit, account))}</div>
    <p class="actions"><a class="button plain" href="/users/${user.id}">${words.refresh.toUser}</a></p>`;
}

/** One account on its way: read, match, decide, apply. */
function steps({ words }: Visit, account: RefreshedAccount): Html {
  const { read, match, decide, apply } = account;
  return html`<article class="card">
    <h2>${account.source} <span class="quiet">${account.externalId}</span></h2>
    <ol class="steps">
      <li>
        <p><strong>${words.refresh.read}</strong> ${badge(toneOf(read.outcome), read.outcome)}</p>
        <p>${plain(read.text)}</p>
      </li>
      <li>
        <p><strong>${words.refresh.match}</strong> ${badge(toneOf(match.outcome), match.outcome)}</p>
        <p>${plain(match.text)}</p>
      </li>
      <li>
        <p><strong>${words.refresh.decide}</strong> ${badge(toneOf(decide.outcome), decide.outcome)}</p>
        <p>${plain(decide.text)}</p>
        ${decide.changes.length === 0 ? '' : changeTable(words, decide.changes)}
      </li>
      <li>
        <p><strong>${words.refresh.apply}</strong> ${badge(toneOf(apply.outcome), apply.outcome)}</p>
        <p>${plain(apply.text)}</p>
      </li>
    </ol>
  </article>`;
}

/** The API's sentences name commands in backquotes; on a page they are just words. */
function plain(text: string): string {
  return text.replaceAll('`', '');
}

function toneOf(outcome: string): 'good' | 'note' | 'bad' | 'quiet' {
  if (['failed', 'not-read', 'refused', 'rejected', 'absent'].includes(outcome)) return 'bad';
  if (['held', 'question', 'waiting', 'disabled', 'under-way'].includes(outcome)) return 'note';
  return ['nothing', 'no-account', 'ignored', 'unlinked', 'unmatched'].includes(outcome) ? 'quiet' : 'good';
}
