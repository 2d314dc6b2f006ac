import { z } from 'zod';
import { found } from '../../../api/instance.ts';
import type { Page } from '../../../api/dependencies.ts';
import type { Event } from '../../../api/schemas/events.ts';
import { endOfDay, startOfDay } from '../../days.ts';
import { after, optionalDay, optionalOf, optionalText } from '../../fields.ts';
import { html, type Html } from '../../html.ts';
import { forPage, showPart, type PageRoutes } from '../../page-kit.ts';
import { eventList } from '../../parts/event-list.ts';
import { choice, field } from '../../parts/form.ts';
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
  const any = ['', words.users.any] as const;
  return html`<form
    method="get"
    action="/log"
    class="filters"
    hx-get="/log"
    hx-trigger="input delay:250ms, submit"
    hx-target="#log"
    hx-swap="outerMorph"
    hx-replace-url="true"
  >
    ${choice({ id: 'kind', name: 'kind', label: words.log.who, value: query.kind ?? '', options: [any, ['sync', words.log.bySync], ['operator', words.log.people]] })}
    ${choice({ id: 'type', name: 'type', label: words.log.type, value: query.type ?? '', options: [any, ...Object.entries(words.eventTypes)] })}
    ${choice({ id: 'source', name: 'source', label: words.acts.source, value: query.source ?? '', options: [any, ...sources.map((each) => [each, each] as const)] })}
    ${field({ id: 'user', name: 'user', label: words.log.user, value: query.user, maxlength: 256 })}
    ${field({ id: 'text', name: 'text', label: words.log.text, value: query.text, type: 'search', maxlength: 200 })}
    ${field({ id: 'since', name: 'since', label: words.log.since(zone), value: query.since, type: 'date' })}
    ${field({ id: 'until', name: 'until', label: words.log.until, value: query.until, type: 'date' })}
    ${query.run === undefined ? '' : html`<input type="hidden" name="run" value="${query.run}" />`}
    <button class="button plain">${words.users.find}</button>
    <a class="act" href="/log">${words.log.clear}</a>
  </form>`;
}

function logPart(visit: Visit, { items, next }: Page<Event>, names: ReadonlyMap<number, string>): Html {
  const { words } = visit;
  return html`<div id="log">
    <p role="status" class="quiet" id="log-status">${words.log.count(items.length, next !== null)}</p>
    ${items.length === 0 ? empty(words.log.nothing, html`<a href="/log">${words.log.clear}</a>`) : eventList(visit, items, { names })}
    ${pager(visit, next)}
  </div>`;
}
