import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { operatorOf } from '../authentication.ts';
import type { ApiDependencies, ApiQueries } from '../dependencies.ts';
import { found, type ApiInstance } from '../instance.ts';
import { eventFilter, type Event } from '../schemas/events.ts';
import type { Run } from '../schemas/runs.ts';
import { streamAnswers, streamHeaders, streamTimeoutMs, waiting, type Message } from '../streams.ts';

const eventStream = eventFilter
  .omit({ after: true, limit: true, order: true, since: true, until: true })
  .extend({ wait: waiting });
const perLook = 200;
const latestRuns = 50;

/** What happens, as it happens: server-sent events that go on where the reader was (spec 15.2). */
export function streamRoutes(app: ApiInstance, { queries }: ApiDependencies): void {
  app.get(
    '/events/stream',
    {
      config: { access: 'view-log' },
      handlerTimeout: streamTimeoutMs,
      schema: {
        tags: ['events'],
        querystring: eventStream,
        headers: streamHeaders,
        response: streamAnswers(
          'Entries of the history from now on, or from behind Last-Event-ID: messages "event" with an Event as data, in the order in which they became visible. After a break the last ones may come again, none is left out.',
        ),
      },
    },
    async (request, reply) => {
      const { wait, user, ...filter } = request.query;
      const { events, users } = queries(request);
      const userId = user === undefined ? undefined : found(await users.resolve(user), 'user-unknown', `user ${user}`);
      const look = followEvents(events, { ...filter, userId }, request.headers['last-event-id']);
      return app.streams.follow(
        reply,
        following(request, wait, async () => messagesOf(await look())),
      );
    },
  );

  app.get(
    '/runs/stream',
    {
      config: { access: 'view' },
      handlerTimeout: streamTimeoutMs,
      schema: {
        tags: ['runs'],
        querystring: z.strictObject({ wait: waiting }),
        headers: streamHeaders,
        response: streamAnswers(
          'Runs that are not finished, at first and whenever they have moved on: messages "run" with a Run as data; and those that have ended since Last-Event-ID.',
        ),
      },
    },
    (request, reply) => {
      const look = followRuns(queries(request).runs, request.headers['last-event-id']);
      return app.streams.follow(reply, following(request, request.query.wait, look));
    },
  );
}

function following(request: FastifyRequest, wait: 'true' | 'false', look: () => Promise<readonly Message[]>) {
  return { operator: operatorOf(request), everyMs: 1_000, once: wait === 'false', look };
}

/** What has become visible since the last look, with the place behind it. */
export function followEvents(
  events: ApiQueries['events'],
  filter: Omit<Parameters<ApiQueries['events']['list']>[0], 'order' | 'limit' | 'after'>,
  from: string | undefined,
): () => Promise<{ readonly items: readonly Event[]; readonly place: string; readonly moved: boolean }> {
  let after = from;
  const since = new Date();
  return async () => {
    const start = after === undefined ? { since } : { after };
    const page = await events.list({ ...filter, ...start, order: 'asc', limit: perLook });
    const place = page.next ?? after ?? '';
    const moved = place !== after;
    after = place;
    return { items: page.items, place, moved };
  };
}

/** The place stands with the last one: a page that was broken off comes again, whole. */
function messagesOf({ items, place, moved }: Awaited<ReturnType<ReturnType<typeof followEvents>>>): Message[] {
  if (items.length === 0) return moved ? [{ id: place, data: null }] : [];
  const last = items.length - 1;
  return items.map((item, index) => ({
    ...{ event: 'event', data: JSON.stringify(item) },
    ...(index === last ? { id: place } : {}),
  }));
}

/** Runs whose answer has changed since the last look. */
function followRuns(runs: ApiQueries['runs'], from: string | undefined): () => Promise<readonly Message[]> {
  const told = new Map<number, string>();
  const since = from === undefined ? Number.NaN : Date.parse(from);
  let first = true;
  return async () => {
    const id = new Date().toISOString();
    const { items } = await runs.list({ limit: latestRuns });
    const news = items.filter((run) => isNews(run, told.get(run.id), first, since));
    first = false;
    for (const run of items) told.set(run.id, JSON.stringify(run));
    for (const known of told.keys()) if (!items.some((run) => run.id === known)) told.delete(known);
    return news.map((run) => ({ event: 'run', id, data: JSON.stringify(run) }));
  };
}

function isNews(run: Run, told: string | undefined, first: boolean, since: number): boolean {
  if (told !== undefined) return told !== JSON.stringify(run);
  return !first || run.finishedAt === null || Date.parse(run.finishedAt) >= since;
}
