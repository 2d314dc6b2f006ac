import { z } from 'zod';
import { askerOf } from '../../../api/authentication.ts';
import { found } from '../../../api/instance.ts';
import type { Account } from '../../../api/schemas/accounts.ts';
import type { Page } from '../../../api/dependencies.ts';
import { formBase, optionalReason } from '../../fields.ts';
import { html, type Html } from '../../html.ts';
import { forPage, showPart, type PageRoutes } from '../../page-kit.ts';
import { filterByName, filterChoice, filterForm } from '../../parts/filters.ts';
import { hidden } from '../../parts/form.ts';
import { empty } from '../../parts/notice.ts';
import { pager } from '../../parts/pager.ts';
import { tabs } from '../../parts/tabs.ts';
import { goTo } from '../../reply.ts';
import { localPath, visitOf, type Visit } from '../../visit.ts';
import { namesOf } from '../users/present.ts';
import { accountTable } from './account-table.ts';
import {
  accountFilterOf,
  accountQuery,
  accountTabs,
  exportAddress,
  tabOf,
  whyNot,
  type AccountQuery,
} from './present.ts';

const ignoring = z.object({
  ...formBase,
  source: z.string().min(1).max(64),
  externalId: z.string().min(1).max(1_000),
  reason: optionalReason,
});

/** Matched, Not matched, Ignored, Unlinked (spec 4.5, 2.7): whose each account is, or why nobody's; and their export. */
export const accountListRoutes: PageRoutes = (app, kit) => {
  app.get('/accounts', { ...forPage('view'), schema: { querystring: accountQuery } }, async (request, reply) => {
    const { query } = request;
    const queries = kit.queries(request);
    const accounts = await queries.accounts.list({ ...accountFilterOf(query), after: query.after, limit: 50 });
    const ids = [...new Set(accounts.items.flatMap(({ userId }) => userId ?? []))];
    const names = namesOf(await queries.users.named(ids));
    return showPart(
      kit,
      request,
      reply,
      (visit) => listPart(visit, query, accounts, names),
      (visit, part) => ({
        title: visit.words.accounts.title,
        place: 'accounts',
        body: html`<h1>${visit.words.accounts.title}</h1>
          ${around(visit, query, kit.sourceIds)} ${part}`,
      }),
    );
  });

  for (const act of ['ignore', 'unignore'] as const)
    app.post(`/accounts/${act}`, { ...forPage('edit-users'), schema: { body: ignoring } }, async (request, reply) => {
      const { source, externalId, reason, back } = request.body;
      // What is out of sight is not there.
      found(
        await kit.queries(request).accounts.get(source, externalId),
        'account-unknown',
        `account ${externalId} of ${source}`,
      );
      await kit.accountIgnore[act]({ source, externalId, reason, ...askerOf(request) });
      const { accounts } = visitOf(request, kit.zone).words;
      const text = act === 'ignore' ? accounts.ignored(externalId) : accounts.unignored(externalId);
      return goTo(request, reply, localPath(back, '/accounts'), { text, tone: 'good' });
    });
};

function around(visit: Visit, query: AccountQuery, sources: readonly string[]): Html {
  const { words } = visit;
  const current = tabOf(query);
  const states = (['present', 'disabled', 'gone'] as const).map((each) => [each, words.profileStates[each]] as const);
  const reasons = whyNot.map((each) => [each, words.accounts.matches[each]] as const);
  const source = query.source === undefined ? '' : `&source=${encodeURIComponent(query.source)}`;
  return html`${tabs(
      words.accounts.lists,
      accountTabs.map((tab) => ({
        ...{ href: `/accounts?tab=${tab}${source}`, text: words.accounts.tabs[tab], current: tab === current },
      })),
    )}
    <p class="quiet">${words.accounts.about[current]}</p>
    ${filterForm(visit, { action: '/accounts', target: 'accounts' }, [
      hidden('tab', current),
      filterByName(visit, 'source', words.acts.source, query.source, sources),
      filterChoice(visit, 'state', words.accounts.state, query.state, states),
      current === 'not-matched' ? filterChoice(visit, 'why', words.accounts.why, query.why, reasons) : '',
    ])}`;
}

function listPart(
  visit: Visit,
  query: AccountQuery,
  { items, next }: Page<Account>,
  names: ReadonlyMap<number, string>,
): Html {
  const { words } = visit;
  const tab = tabOf(query);
  const filtered = [query.source, query.state, query.why].some((each) => each !== undefined);
  return html`<div id="accounts">
    ${
      items.length === 0
        ? filtered
          ? empty(words.accounts.noneFits, html`<a href="/accounts?tab=${tab}">${words.log.clear}</a>`)
          : empty(words.accounts.none[tab], words.accounts.noneNext[tab])
        : accountTable(visit, items, names)
    }
    ${
      items.length === 0
        ? ''
        : html`<p class="quiet">
            ${words.accounts.export}
            <a href="${exportAddress(query, 'csv')}" download>CSV</a>
            <a href="${exportAddress(query, 'ndjson')}" download>NDJSON</a>
          </p>`
    }
    ${pager(visit, next)}
  </div>`;
}
