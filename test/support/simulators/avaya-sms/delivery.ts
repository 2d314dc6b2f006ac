import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

/** An answer and what becomes of it on its way. */
export type Reply = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly delivery:
    'whole' | 'never' | 'reset' | 'reset-in-body' | 'cut-content-length' | 'cut-chunked' | 'cut-document';
  /** What was asked and answered, for people. */
  readonly line: string;
};

/** Where an answer goes, and how its connection is reset. */
export type Wire = { readonly response: ServerResponse; readonly reset: () => void };

/** Time for the first half of a body to reach the client: a reset makes its kernel drop what it has not read. */
const HALF_READ_MS = 50;
const END_OF_HEADER = '</SOAP-ENV:Header>';
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Waits; rejects as soon as the client has gone. */
export async function passed(ms: number, gone: AbortSignal): Promise<void> {
  await delay(Math.min(ms, LONGEST_TIMER_MS), undefined, { signal: gone });
}

/** Sends an answer, or as much of it as its delivery lets through. `sending` is called before its first byte leaves. */
export async function send(wire: Wire, reply: Reply, gone: AbortSignal, sending: () => void): Promise<void> {
  const { response } = wire;
  const whole = Buffer.from(reply.body);
  const head = Math.max(0, whole.indexOf(END_OF_HEADER));
  const half = whole.subarray(0, (head + whole.length) >> 1);
  const framed = (bytes: Buffer): object => ({ ...reply.headers, 'content-length': String(bytes.length) });
  sending();
  switch (reply.delivery) {
    case 'whole':
      response.writeHead(reply.status, { ...framed(whole) }).end(whole);
      return;
    case 'cut-document':
      response.writeHead(reply.status, { ...framed(half) }).end(half);
      return;
    case 'cut-content-length':
      response.writeHead(reply.status, { ...framed(whole) }).write(half);
      response.socket?.end();
      return;
    case 'cut-chunked':
      response.writeHead(reply.status, { ...reply.headers, 'transfer-encoding': 'chunked' }).write(half);
      response.socket?.end();
      return;
    case 'reset-in-body':
      response.writeHead(reply.status, { ...framed(whole) }).write(half);
      await passed(HALF_READ_MS, gone);
      wire.reset();
      return;
    case 'reset':
      wire.reset();
      return;
    case 'never':
      return;
  }
}
