import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { operatorOf } from '../../../api/authentication.ts';
import { found } from '../../../api/instance.ts';
import { followEvents } from '../../../api/routes/streams.ts';
import { streamHeaders, streamTimeoutMs } from '../../../api/streams.ts';
import type { EventFilter, Page } from '../../../api/dependencies.ts';
import type { Event } from '../../../api/schemas/events.ts';
import { eventTypes } from '../../../domain/event-types.ts';
import { personsActs } from '../../../domain/permitted.ts';
import { html, type Html, type Part } from '../../html.ts';
import { forPage, show, showPart, type PageKit, type PageRoutes } from '../../page-kit.ts';
import { eventList } from '../../parts/event-list.ts';
import { filterByName, filterChoice, filterForm } from '../../parts/filters.ts';
import { field, hidden } from '../../parts/form.ts';
import { badge, empty } from '../../parts/notice.ts';
import { pager } from '../../parts/pager.ts';
import { tabs } from '../../parts/tabs.ts';
import { visitOf, type Visit } from '../../visit.ts';
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

  for (const which of ['log', 'audit'] as const)
    app.get(
      `/${which}/live`,
      {
        ...forPage('view-log'),
        handlerTimeout: streamTimeoutMs,
        schema: { querystring: logQuery, headers: streamHeaders },
      },
      async (request, reply) => {
        const query: LogQuery = {
          ...{ ...request.query, live: 'yes', after: undefined, until: undefined },
          ...(which === 'audit' ? { kind: 'operator' } : {}),
        };
        const filter = await filterOf(kit, request, query);
        const { events } = kit.queries(request);
        const look = followEvents(events, filter, request.headers['last-event-id']);
        const page = new URL(request.url, 'http://here');
        page.searchParams.set('live', 'yes');
        const visit = { ...visitOf(request, kit.zone), address: `/${which}${page.search}` };
        return app.streams.follow(reply, {
          ...{ operator: operatorOf(request), everyMs: 1_000, once: false },
          look: async () => {
            const { items, place, moved } = await look();
            if (items.length === 0) return moved ? [{ id: place, data: null }] : [];
            const latest = await events.list({ ...filter, order: 'desc', limit: perPage });
            const names = await whom(kit, request, latest.items);
            return [{ id: place, data: logPart(visit, which, query, latest, names).toString() }];
          },
        });
      },
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
  const queries = kit.queries(request);
  const filter = await filterOf(kit, request, query);
  const events = await queries.events.list({
    ...{ ...filter, after: query.after, order: 'desc', limit: perPage },
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
      live: isFollowing(query),
      again: isFollowing(query) ? 5 : undefined,
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

/** Only the first page moves, and a list with an end in time is over. */
function isFollowing({ live, after, until }: LogQuery): boolean {
  return live === 'yes' && after === undefined && until === undefined;
}

async function filterOf(
  kit: PageKit,
  request: FastifyRequest,
  query: LogQuery,
): Promise<Omit<EventFilter, 'order' | 'limit' | 'after'>> {
  const { user, kind, actor, type, source, run, text } = query;
  const resolved = user === undefined ? null : await kit.queries(request).users.resolve(user);
  const userId = user === undefined ? undefined : found(resolved, 'user-unknown', `user ${user}`);
  return { kind, actor, type, source, run, text, userId, ...timesOf(query, kit.zone) };
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
    hidden('live', query.live),
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
    ${follower(visit, which, query)}
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

/** Follows what happens where that is wanted: with script by a stream that sends this part anew, without by looking again. */
function follower({ words, address }: Visit, which: Which, query: LogQuery): Html {
  if (query.after !== undefined || query.until !== undefined) return html``;
  const here = new URL(address, 'http://here');
  const following = isFollowing(query);
  if (following) here.searchParams.delete('live');
  else here.searchParams.set('live', 'yes');
  const link = `/${which}${here.search}`;
  if (!following) return html`<p><a class="act" href="${link}">${words.log.follow}</a></p>`;
  const stream = `/${which}/live${here.search}`;
  return html`<p>
    <span
      id="follow-${stream.replaceAll(/[^A-Za-z0-9]/g, '-')}"
      hx-sse:connect="${stream}"
      hx-target="#log"
      hx-swap="outerMorph"
      >${badge('good', words.log.following)}</span
    >
    <a class="act" href="${link}">${words.log.unfollow}</a>
  </p>`;
}

/** A rare text is looked for in parts of the history, one a page. */
function nothing({ words }: Visit, which: Which, next: string | null): Part {
  if (next !== null) return empty(words.log.notYet, words.log.notYetNext);
  return empty(words.log.nothing, html`<a href="/${which}">${words.log.clear}</a>`);
}
