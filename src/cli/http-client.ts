import { setTimeout as delay } from 'node:timers/promises';
import { challengeHeader, newChallenge, proofHeader, proofOf, sameProof } from '../access/daemon-proof.ts';
import { withQuery } from './api-client.ts';
import type { ApiAnswer, ApiClient } from './api-client.ts';
import { CliError } from './errors.ts';
import { exitCode } from './exit-codes.ts';

export interface HttpClientOptions {
  /** Such as `http://127.0.0.1:8474`; a path in it is a prefix. */
  readonly address: string;
  readonly token: string;
  /** Who asks, for the history; only the daemon of this machine believes it. */
  readonly osUser: string;
  /**
   * The address comes from a file that a dead daemon may have left: before each request whoever listens there has to
   * prove that they know the token.
   */
  readonly unproven?: boolean;
}

/** A check of a source may go through several time-outs, one after the other. */
const patienceMs = 180_000;

/** The API over HTTP. Throws a CliError `no-connection` where nobody answers. */
export function createHttpClient({ address, token, osUser, unproven = false }: HttpClientOptions): ApiClient {
  const base = address.replace(/\/+$/, '');
  return {
    async request(method, path, { query, body, headers } = {}) {
      if (unproven && !(await isDaemonOf(address, token))) throw notTheDaemon(base);
      return send(base, withQuery(path, query), {
        method,
        headers: {
          ...headers,
          accept: 'application/json',
          authorization: `Bearer ${token}`,
          'x-rosterd-os-user': osUser,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        // Never followed: a redirect would carry the token to whoever is named there.
        redirect: 'manual',
        signal: AbortSignal.timeout(patienceMs),
      });
    },
  };
}

/** A daemon that is asked too often says how long to wait; a long list may need several such pauses. */
async function send(
  base: string,
  path: string,
  init: RequestInit & { readonly signal: AbortSignal },
): Promise<ApiAnswer> {
  try {
    let response = await fetch(`${base}${path}`, init);
    while (response.status === 429) {
      await response.arrayBuffer();
      await delay(Math.min(60, Number(response.headers.get('retry-after')) || 1) * 1000, undefined, {
        signal: init.signal,
      });
      response = await fetch(`${base}${path}`, init);
    }
    const { status } = response;
    const body = parseBody(await response.text());
    if (status >= 300 && status < 400 && !isMergedUser(status, body))
      throw new Error(`it is redirected (status ${String(status)}), which is not followed`);
    return { status, body };
  } catch (cause) {
    throw new CliError('no-connection', exitCode.noConnection, `no answer from ${base}: ${reasonOf(cause)}`, {
      remedy: 'check that the daemon runs (rosterd start) and that the address is right',
      cause,
    });
  }
}

/** The one redirect of the API: the record of a user who was merged into another, and says so itself (spec 18.3). */
function isMergedUser(status: number, body: unknown): boolean {
  return (
    status === 301 && typeof body === 'object' && body !== null && 'mergedInto' in body && body.mergedInto !== null
  );
}

function parseBody(text: string): unknown {
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    // A proxy's error page and the like: the status says what happened.
    return text;
  }
}

/** fetch hides what happened in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `nothing came within ${patienceMs / 1000} seconds`;
  const cause: unknown = error.cause instanceof AggregateError ? error.cause.errors[0] : error.cause;
  return cause instanceof Error ? cause.message : error.message;
}

/** Whether the daemon whose token this is listens there; never throws, and sends nothing that others could use. */
export async function isDaemonOf(address: string, token: string): Promise<boolean> {
  const challenge = newChallenge();
  try {
    const { port } = new URL(address);
    const response = await fetch(`${address.replace(/\/+$/, '')}/health/live`, {
      headers: { [challengeHeader]: challenge },
      redirect: 'error',
      signal: AbortSignal.timeout(2_000),
    });
    await response.body?.cancel();
    const expected = proofOf(token, challenge, Number(port || '80'));
    return response.ok && sameProof(response.headers.get(proofHeader) ?? '', expected);
  } catch {
    // Nobody there: that is the answer.
    return false;
  }
}

function notTheDaemon(base: string): CliError {
  return new CliError('no-connection', exitCode.noConnection, `the daemon does not answer at ${base} any more`, {
    remedy: 'nothing was sent there; check that the daemon runs (rosterd start), then try again',
  });
}
