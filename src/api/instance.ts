import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { z } from 'zod';
import { ApiError } from './problem.ts';
import { problem } from './schemas/common.ts';

/** The server, whose routes are typed by their zod schemas. */
export type ApiInstance = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ZodTypeProvider
>;

const problems = { description: 'A problem', content: { 'application/problem+json': { schema: problem } } };

/** The answers of a route: one body, or a problem. */
export function answers<Body extends z.ZodType>(body: Body) {
  return { 200: body, '4xx': problems, '5xx': problems } as const;
}

/** The same for what has only been asked for. */
export function accepted<Body extends z.ZodType>(body: Body) {
  return { 202: body, '4xx': problems, '5xx': problems } as const;
}

/** The same for who was merged into another: their own record, with the address of who stays in `Location`. */
export function movedTo<Body extends z.ZodType>(body: Body) {
  return { 301: body } as const;
}

/** What was found, or a 404 that names what was not. */
export function found<Thing>(thing: Thing | null, code: string, what: string): Thing {
  if (thing === null) throw new ApiError(404, code, `There is no ${what}.`);
  return thing;
}
