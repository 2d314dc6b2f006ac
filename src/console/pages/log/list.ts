import { z } from 'zod';
import { found } from '../../../api/instance.ts';
import type { Page } from '../../../api/dependencies.ts';
import type { Event } from '../../../api/schemas/events.ts';
import { endOfDay, startOfDay } from '../../days.ts';
import { after, optionalDay, optionalOf, optionalText } from '../../fields.ts';
import { html, type Html } from '../../html.ts';
import { forPage, showPart, type PageRoutes } from '../../page-kit.ts';
import { eventList } from '../../parts/event-list.ts';
import { filterByName, filterChoice, filterForm } from '../../parts/filters.ts';
import { field, hidden } from '../../parts/form.ts';
import { empty } from '../../parts/notice.ts';
import { pager } from '../../parts/pager.ts';
import type { Visit } from '../../visit.ts';
import { namesOf } from '../users/present.ts';

const querystring = z.object({
  kind: optionalOf(['sync', 'operator', 'system']),
  type: optionalText(100),
  source: optionalText(64),
  user: optionalText(256),
  run: z.preprocess(
    (given) => (given === '' ? undefined : given),
    z
      .string()
      .regex(/^[1-9]\d{0,8}$/)
      .transform(Number)
      .optional(),
  ),
  since: optionalDay,
  until: optionalDay,
  text: optionalText(200),
  after,
});
type Query = z.output<typeof querystring>;

const perPage = 50;

/** The log (spec 15): what the sync did and what people did, by filters that stand in the address. */
export const logRoutes: PageRoutes = (app, kit) => {
  app.get('/log', { ...forPage('view-log'), schema: { querystring } }, async (request, reply) => {
    const { user, since, until, ...filter } = request.query;
    const queries = kit.queries(request);
    const userId =
      user === undefined ? undefined : found(await queries.users.resolve(user), 'user-unknown', `user ${user}`);
    const events = await queries.events.list({
      ...filter,
      ...{ userId, order: 'desc', limit: perPage },
      since: since === undefined ? undefined : startOfDay(since, kit.zone),
      until: until === undefined ? undefined : endOfDay(until, kit.zone),
    });
    const ids = [...new Set(events.items.flatMap(({ userId: id }) => id ?? []))];
    const names = namesOf(await queries.users.named(ids));
    return showPart(
      kit,
      request,
      reply,
      (visit) => logPart(visit, events, names),
      (visit, part) => ({
        title: visit.words.log.title,
        place: 'log',
        body: html`<h1>${visit.words.log.title}</h1>
          ${filters(visit, request.query, kit.sourceIds)}${part}`,
      }),
    );
  });
};

function filters(visit: Visit, query: Query, sources: readonly string[]): Html {
  const { words, zone } = visit;
  const who = [
    ['sync', words.log.bySync],
    ['operator', words.log.people],
  ] as const;
  return filterForm(visit, { action: '/log', target: 'log', clear: true }, [
    filterChoice(visit, 'kind', words.log.who, query.kind, who),
    filterChoice(visit, 'type', words.log.type, query.type, Object.entries(words.eventTypes)),
    filterByName(visit, 'source', words.acts.source, query.source, sources),
    field({ id: 'user', name: 'user', label: words.log.user, value: query.user, maxlength: 256 }),
    field({ id: 'text', name: 'text', label: words.log.text, value: query.text, type: 'search', maxlength: 200 }),
    field({ id: 'since', name: 'since', label: words.log.since(zone), value: query.since, type: 'date' }),
    field({ id: 'until', name: 'until', label: words.log.until, value: query.until, type: 'date' }),
    hidden('run', query.run),
  ]);
}

function logPart(visit: Visit, { items, next }: Page<Event>, names: ReadonlyMap<number, string>): Html {
  const { words } = visit;
  return html`<div id="log">
    <p role="status" class="quiet" id="log-status">${words.log.count(items.length, next !== null)}</p>
    ${items.length === 0 ? empty(words.log.nothing, html`<a href="/log">${words.log.clear}</a>`) : eventList(visit, items, { names })}
    ${pager(visit, next)}
  </div>`;
}
