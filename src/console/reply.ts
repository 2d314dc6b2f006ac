import { gzipSync } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { takesGzip } from './assets.ts';
import { pageHeaders } from './csp.ts';
import { endedFlash, flashCookie, type Flash } from './flash.ts';
import type { Html } from './html.ts';

/** Below this a page is one packet anyway. */
const worthZipping = 1_400;

/** Sends markup with everything that a page of the console comes with. */
export function sendHtml(request: FastifyRequest, reply: FastifyReply, page: Html): FastifyReply {
  const text = page.toString();
  reply.headers({ ...pageHeaders, vary: 'HX-Request-Type, Accept-Encoding, Cookie' });
  reply.type('text/html; charset=utf-8');
  // Once shown it is over; a part of a page has not shown it.
  if ((request.headers.cookie ?? '').includes('rosterd_flash=') && !isPartial(request)) addCookie(reply, endedFlash);
  if (text.length < worthZipping || !takesGzip(request.headers['accept-encoding'])) return reply.send(text);
  return reply.header('content-encoding', 'gzip').send(gzipSync(text));
}

/** Whether htmx asks for the part of the page that changes; without script nobody does. */
export function isPartial({ headers }: FastifyRequest): boolean {
  return headers['hx-request-type'] === 'partial';
}

/** After an act: on to a page that can be loaded again without doing it twice. */
export function goTo(request: FastifyRequest, reply: FastifyReply, path: string, said?: Flash): FastifyReply {
  if (said !== undefined) addCookie(reply, flashCookie(said, request.protocol === 'https'));
  return reply.redirect(path, 303);
}

/** Beside those that are set already. */
export function addCookie(reply: FastifyReply, cookie: string): void {
  const set = reply.getHeader('set-cookie');
  const before = set === undefined ? [] : Array.isArray(set) ? set : [String(set)];
  reply.header('set-cookie', [...before, cookie]);
}
