import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ApiInstance } from './instance.ts';
import type { Described } from './problem.ts';

/** Pages for people, served beside the API on the same port and behind the same admission (`authentication.ts`). */
export interface Pages {
  /** Registers them; each route says what it needs, and that it is a page. */
  routes(app: ApiInstance): Promise<void>;
  /** Answers as a page what the API would answer as a problem. */
  answerProblem(request: FastifyRequest, reply: FastifyReply, problem: Described): FastifyReply;
}
