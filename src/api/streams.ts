import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { answers, type ApiInstance } from './instance.ts';
import { ApiError } from './problem.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** Answers that go on until their reader leaves. */
    streams: Streams;
  }
}

/** Each asks the database again and again. */
const [streamsInAll, streamsEach] = [60, 6];
/** Then it ends, and its reader comes back with another look at who they are and what they may. */
const lifeMs = 5 * 60_000;
/** So that no proxy takes silence for the end. */
const heartbeatMs = 15_000;
/** A handler that is given up ends with a broken answer: this one is over before. */
export const streamTimeoutMs = lifeMs + 60_000;

/** One message; `id` is what the reader sends as `Last-Event-ID` to go on behind it. */
export interface Message {
  readonly event?: string;
  readonly id?: string;
  /** Null: only the place has moved. */
  readonly data: string | null;
}

interface Following {
  readonly operator: string;
  /** Between two looks that find nothing. */
  readonly everyMs: number;
  /** Ends where nothing is left for now. */
  readonly once: boolean;
  /** What is new since the last look; asked one at a time. */
  readonly look: () => Promise<readonly Message[]>;
}

interface Streams {
  /** Sends messages as server-sent events until the reader leaves, the server stops, or some minutes have passed. */
  follow(reply: FastifyReply, following: Following): FastifyReply;
}

/** Gives the server its streams, and ends them before it waits for its connections. */
export function openStreams(app: ApiInstance): void {
  const open = new Map<AbortController, string>();
  app.decorate('streams', {
    follow(reply, following) {
      const own = [...open.values()].filter((operator) => operator === following.operator).length;
      if (own >= streamsEach || open.size >= streamsInAll) {
        reply.header('retry-after', 30);
        throw new ApiError(
          429,
          'too-many-streams',
          `At most ${String(streamsEach)} streams of one operator, and ${String(streamsInAll)} in all, at a time; close one.`,
        );
      }
      const ending = new AbortController();
      open.set(ending, following.operator);
      reply.raw.once('close', () => {
        open.delete(ending);
        ending.abort();
      });
      reply.headers({ 'cache-control': 'no-store', 'x-accel-buffering': 'no' });
      return reply.type('text/event-stream; charset=utf-8').send(Readable.from(texts(following, ending.signal)));
    },
  });
  app.addHook('preClose', (done) => {
    for (const ending of open.keys()) ending.abort();
    done();
  });
}

/** Whoever reads slowly is waited for: nothing is asked before what was said has been taken. */
async function* texts({ look, everyMs, once }: Following, signal: AbortSignal): AsyncGenerator<string, void, void> {
  const end = Date.now() + lifeMs;
  let told = Date.now();
  yield 'retry: 2000\n\n';
  while (!signal.aborted && Date.now() < end) {
    const messages = await look();
    const news = messages.some(({ data }) => data !== null);
    // Places alone move all the time; a reader that comes back from an older one is told nothing twice.
    if (news || Date.now() - told > heartbeatMs) {
      yield `${messages.map(textOf).join('')}${news ? '' : ': still here\n\n'}`;
      told = Date.now();
    }
    if (news) continue;
    if (once) return;
    await sleep(everyMs, undefined, { signal, ref: false }).catch(() => undefined);
  }
}

function textOf({ event, id, data }: Message): string {
  const lines = data === null ? [] : data.split(/\r\n|\r|\n/).map((line) => `data: ${line}`);
  return [
    ...(event === undefined ? [] : [`event: ${event}`]),
    ...(id === undefined ? [] : [`id: ${id}`]),
    ...lines,
    '',
    '',
  ].join('\n');
}

/** Where a reader goes on who was there before. */
export const streamHeaders = z.object({ 'last-event-id': z.string().min(1).max(2_000).optional() });
/** `wait=false` ends when everything so far has been told. */
export const waiting = z.enum(['true', 'false']).default('true').describe('false: ends when nothing is left for now');

/** The answers of a route that streams. */
export function streamAnswers(description: string) {
  return {
    ...answers(z.unknown()),
    200: { description, content: { 'text/event-stream': { schema: z.unknown() } } },
  };
}
