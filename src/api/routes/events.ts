import type { z } from 'zod';
import type { ApiDependencies, EventFilter } from '../dependencies.ts';
import { answers, found, type ApiInstance } from '../instance.ts';
import { eventFilter, eventPage, type timelineFilter } from '../schemas/events.ts';

/** The history: sync log, audit log, and the cursor that applications read changes with (spec 15.2). */
export function eventRoutes(app: ApiInstance, { queries }: ApiDependencies): void {
  app.get(
    '/events',
    {
      config: { access: 'view-log' },
      schema: { tags: ['events'], querystring: eventFilter, response: answers(eventPage) },
    },
    async ({ query }) => {
      const { user, order, ...filter } = query;
      const userId =
        user === undefined ? undefined : found(await queries.users.resolve(user), 'user-unknown', `user ${user}`);
      return queries.events.list({ ...toEventFilter(filter), order, userId });
    },
  );
}

/** The part of a filter that all lists of events have in common, with times as times. */
export function toEventFilter(query: z.output<typeof timelineFilter>): Omit<EventFilter, 'order' | 'userId'> {
  return { ...query, since: asDate(query.since), until: asDate(query.until) };
}

/** A time of a request, whose schema has checked it. */
export function asDate(text: string | undefined): Date | undefined {
  return text === undefined ? undefined : new Date(text);
}
