import { operatorOf } from '../authentication.ts';
import type { FastifyRequest } from 'fastify';
import type { ApiDependencies, ApiQueries, EventFilter } from '../dependencies.ts';
import { eventCsv } from '../event-export.ts';
import type { ExportPlaces } from '../export-places.ts';
import { exportAnswers, exported, exportPage, exportTimeoutMs } from '../exported.ts';
import { answers, found, type ApiInstance } from '../instance.ts';
import { ApiError } from '../problem.ts';
import { event, eventExport, eventFilter, eventPage, eventParameters, type Event } from '../schemas/events.ts';

/** The history: sync log, audit log, their export, and the cursor that applications read changes with (spec 15.2). */
export function eventRoutes(app: ApiInstance, { queries }: ApiDependencies, places: ExportPlaces): void {
  // The events of a purged user stay, and are found by the id that stays in them (spec 9.6).
  const purged = async (request: FastifyRequest, user: string): Promise<number | null> => {
    const userId = /^[1-9]\d{0,8}$/.test(user) ? Number(user) : null;
    if (userId === null) return null;
    return (await queries(request).events.list({ userId, order: 'asc', limit: 1 })).items.length > 0 ? userId : null;
  };
  const userIdOf = async (request: FastifyRequest, user: string | undefined): Promise<number | undefined> =>
    user === undefined
      ? undefined
      : found(
          (await queries(request).users.resolve(user)) ?? (await purged(request, user)),
          'user-unknown',
          `user ${user}`,
        );
  // A list that a mistyped name makes empty looks like one in which nothing happened. Events outlive their run (spec 15.1).
  const refuseUnknown = async (
    request: FastifyRequest,
    { source, run }: { source?: string | undefined; run?: number | undefined },
  ): Promise<void> => {
    const { sources, runs, events } = queries(request);
    if (source !== undefined && (await sources.get(source)) === null) {
      const all = (await sources.list()).map(({ id }) => id).join(', ');
      throw new ApiError(404, 'source-unknown', `There is no source ${source}; there are: ${all}.`);
    }
    const kept = run === undefined || (await runs.get(run)) !== null;
    if (!kept && (await events.list({ run, order: 'asc', limit: 1 })).items.length === 0)
      throw new ApiError(404, 'run-unknown', `There is no run ${String(run)}.`);
  };

  app.get(
    '/events',
    {
      config: { access: 'view-log' },
      schema: { tags: ['events'], querystring: eventFilter, response: answers(eventPage) },
    },
    async (request) => {
      const { user, order, ...filter } = request.query;
      await refuseUnknown(request, filter);
      const userId = await userIdOf(request, user);
      return queries(request).events.list({ ...filter, ...timesOf(filter), order, userId });
    },
  );

  app.get(
    '/events/:event',
    {
      config: { access: 'view-log' },
      schema: { tags: ['events'], params: eventParameters, response: answers(event) },
    },
    async (request) => {
      const { event: id } = request.params;
      const { items } = await queries(request).events.list({ id, order: 'desc', limit: 1 });
      return found(items[0] ?? null, 'event-unknown', `event ${String(id)}`);
    },
  );

  app.get(
    '/events/export',
    {
      config: { access: 'view-log' },
      handlerTimeout: exportTimeoutMs,
      schema: { tags: ['events'], querystring: eventExport, response: allEvents },
    },
    async (request, reply) => {
      const { format, user, ...filter } = request.query;
      places.take(operatorOf(request), reply);
      await refuseUnknown(request, filter);
      const userId = await userIdOf(request, user);
      const pages = pagesOf(queries(request).events, { ...filter, ...timesOf(filter), userId });
      const { type, body } = exported(format, eventCsv, pages);
      return reply.type(type).header('content-disposition', `attachment; filename="log.${format}"`).send(body);
    },
  );
}

const allEvents = exportAnswers('Everything up to now, the oldest first');

async function* pagesOf(
  events: ApiQueries['events'],
  filter: Omit<EventFilter, 'order' | 'after' | 'limit'>,
): AsyncGenerator<readonly Event[], void, void> {
  let after: string | undefined;
  for (let atEnd = false; !atEnd;) {
    const page = await events.list({ ...filter, order: 'asc', after, limit: exportPage });
    yield page.items;
    after = page.next ?? undefined;
    atEnd = page.atEnd;
  }
}

/** The times of a filter as times. */
export function timesOf({ since, until }: { since?: string | undefined; until?: string | undefined }) {
  return { since: asDate(since), until: asDate(until) };
}

/** A time of a request, whose schema has checked it. */
export function asDate(text: string | undefined): Date | undefined {
  return text === undefined ? undefined : new Date(text);
}
