import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { found } from '../../../api/instance.ts';
import type { Page } from '../../../api/dependencies.ts';
import type { Event } from '../../../api/schemas/events.ts';
import { eventTypes } from '../../../domain/event-types.ts';
import { personsActs } from '../../../domain/permitted.ts';
import { html, type Html, type Part } from '../../html.ts';
import { forPage, show, showPart, type PageKit, type PageRoutes } from '../../page-kit.ts';
import { eventList } from '../../parts/event-list.ts';
import { filterByName, filterChoice, filterForm } from '../../parts/filters.ts';
import { field, hidden } from '../../parts/form.ts';
import { empty } from '../../parts/notice.ts';
import { pager } from '../../parts/pager.ts';
import { tabs } from '../../parts/tabs.ts';
import type { Visit } from '../../visit.ts';
import { namesOf } from '../users/present.ts';
import { exportAddress, logQuery, timesOf, type LogQuery } from './query.ts';

const perPage = 50;
/** Of everything, or of what people did. */
type Which = 'log' | 'audit';

/** The log and the audit log (spec 15): what the sync did and what people did, by filters that stand in the address. */
export const logRoutes: PageRoutes = (app, kit) => {
  app.get('/log', { ...forPage('view-log'), schema: { querystring: logQuery } }, (request, reply) =>
    page(kit, request, reply, 'log', request.query),
  );
  app.get('/audit', { ...forPage('view-log'), schema: { querystring: logQuery } }, (request, reply) =>
    page(kit, request, reply, 'audit', { ...request.query, kind: 'operator' }),
  );

  const params = z.object({
    event: z
      .string()
      .regex(/^[1-9]\d{0,14}$/)
      .transform(Number),
  });
  app.get('/log/:event', { ...forPage('view-log'), schema: { params } }, async (request, reply) => {
    const { event: id } = request.params;
    const queries = kit.queries(request);
    const { items } = await queries.events.list({ id, order: 'desc', limit: 1 });
    found(items[0] ?? null, 'event-unknown', `entry ${String(id)}`);
    const names = await whom(kit, request, items);
    return show(kit, request, reply, (visit) => ({
      title: visit.words.log.entry(id),
      place: 'log',
      body: html`<p class="crumbs"><a href="/log">${visit.words.log.title}</a></p>
        <h1>${visit.words.log.entry(id)}</h1>
        ${eventList(visit, items, { names })}`,
    }));
  });
};

async function page(
  kit: PageKit,
  request: FastifyRequest,
  reply: FastifyReply,
  which: Which,
  query: LogQuery,
): Promise<FastifyReply> {
  const { user, kind, actor, type, source, run, text, after } = query;
  const queries = kit.queries(request);
  const userId =
    user === undefined ? undefined : found(await queries.users.resolve(user), 'user-unknown', `user ${user}`);
  const events = await queries.events.list({
    ...{ kind, actor, type, source, run, text, after, userId, ...timesOf(query, kit.zone) },
    ...{ order: 'desc', limit: perPage },
  });
  const names = await whom(kit, request, events.items);
  return showPart(
    kit,
    request,
    reply,
    (visit) => logPart(visit, which, query, events, names),
    (visit, part) => ({
      title: visit.words.log.titles[which],
      place: 'log',
      body: html`<h1>${visit.words.log.titles[which]}</h1>
        ${tabs(
          visit.words.log.title,
          (['log', 'audit'] as const).map((each) => ({
            ...{ href: `/${each}`, text: visit.words.log.titles[each], current: each === which },
          })),
        )}
        ${filters(visit, which, query, kit.sourceIds)}${part}`,
    }),
  );
}

async function whom(
  kit: PageKit,
  request: FastifyRequest,
  events: readonly Event[],
): Promise<ReadonlyMap<number, string>> {
  const ids = [...new Set(events.flatMap(({ userId }) => userId ?? []))];
  return namesOf(await kit.queries(request).users.named(ids));
}

function filters(visit: Visit, which: Which, query: LogQuery, sources: readonly string[]): Html {
  const { words, zone } = visit;
  const who = [
    ['sync', words.log.bySync],
    ['operator', words.log.people],
  ] as const;
  const names: Readonly<Record<string, string>> = words.eventTypes;
  const types = (which === 'audit' ? [...personsActs] : eventTypes)
    .map((each) => [each, names[each] ?? each] as const)
    .sort(([, one], [, other]) => one.localeCompare(other, visit.language));
  return filterForm(visit, { action: `/${which}`, target: 'log', clear: true }, [
    which === 'log' && filterChoice(visit, 'kind', words.log.who, query.kind, who),
    which === 'audit' &&
      field({ id: 'actor', name: 'actor', label: words.log.actor, value: query.actor, maxlength: 200 }),
    filterChoice(visit, 'type', words.log.type, query.type, types),
    filterByName(visit, 'source', words.acts.source, query.source, sources),
    field({ id: 'user', name: 'user', label: words.log.user, value: query.user, maxlength: 256 }),
    field({ id: 'text', name: 'text', label: words.log.text, value: query.text, type: 'search', maxlength: 200 }),
    field({ id: 'since', name: 'since', label: words.log.since(zone), value: query.since, type: 'date' }),
    field({ id: 'until', name: 'until', label: words.log.until, value: query.until, type: 'date' }),
    hidden('run', query.run),
  ]);
}

function logPart(
  visit: Visit,
  which: Which,
  query: LogQuery,
  { items, next }: Page<Event>,
  names: ReadonlyMap<number, string>,
): Html {
  const { words } = visit;
  return html`<div id="log">
    <p role="status" class="quiet" id="log-status">${words.log.count(items.length, next !== null)}</p>
    ${items.length === 0 ? nothing(visit, which, next) : eventList(visit, items, { names })}
    ${
      items.length === 0
        ? ''
        : html`<p class="quiet">
            ${words.accounts.export}
            <a href="${exportAddress(query, visit.zone, 'csv')}" download>CSV</a>
            <a href="${exportAddress(query, visit.zone, 'ndjson')}" download>NDJSON</a>
          </p>`
    }
    ${pager(visit, next)}
  </div>`;
}

/** A rare text is looked for in parts of the history, one a page. */
function nothing({ words }: Visit, which: Which, next: string | null): Part {
  if (next !== null) return empty(words.log.notYet, words.log.notYetNext);
  return empty(words.log.nothing, html`<a href="/${which}">${words.log.clear}</a>`);
}
