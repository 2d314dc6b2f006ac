import { Agent as PlainAgent } from 'node:http';
import { Agent as SecureAgent } from 'node:https';
import { cleanText } from '../../telemetry/clean-text.ts';
import { placeOf } from '../connect/endpoint.ts';
import { connectionFailure } from '../connect/failures.ts';
import { longestConnectMs, readAuthorities } from '../connect/socket.ts';
import { SourceError } from '../errors.ts';
import type { HttpConnection } from './connection-config.ts';
import { httpEndpoint } from './connection-config.ts';
import { BrokenAnswer } from './broken-answer.ts';
import type { AnswerHead } from './failures.ts';

/** After unpacking (architecture 8); a list of 10,000 agents with 20 skills each has some 15 MB. */
const longestBody = 64 * 1024 * 1024;

/** In characters, of what a server says of itself. */
const longestWords = 300;

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  /** What is asked, for messages: `list Agent`. */
  readonly doing: string;
  /** A whole address of the same server; the client's own one unless told. */
  readonly address?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Sent instead of user name and password (RFC 6750). */
  readonly bearer?: string;
  /** Nothing is sent instead of user name and password: what proves who asks stands in the body. */
  readonly anonymous?: true;
}

/** A whole answer, whatever its status: `statusFailure` says what the status means. */
export interface HttpAnswer extends AnswerHead {
  /** Unpacked, at most 64 MB. */
  readonly body: Buffer;
}

/** Asks one HTTP server at its one address, with a user name and password (Basic, RFC 7617) or a token. */
export class HttpClient {
  /** Host and port, for messages. */
  readonly place: string;
  readonly #connection: HttpConnection;
  readonly #address: string;
  readonly #authorization: string;
  /** The password in the forms in which a server might repeat it. */
  readonly #secrets: readonly string[];
  readonly #authorities: Buffer | undefined;
  // A connection of its own for every request: one that the server has closed meanwhile would look like a reset.
  readonly #agents = { http: new PlainAgent({ keepAlive: false }), https: new SecureAgent({ keepAlive: false }) };

  private constructor(connection: HttpConnection, address: string, password: string, authorities: Buffer | undefined) {
    this.place = placeOf(httpEndpoint(address));
    this.#connection = connection;
    this.#address = address;
    const basic = base64(`${connection.username}:${password}`);
    this.#authorization = `Basic ${basic}`;
    this.#secrets = [basic, base64(password), encodeURIComponent(password), password];
    this.#authorities = authorities;
  }

  /**
   * Reads password and CAs, which may have changed since the last time; nothing is sent yet. `address` is
   * `connection.url` unless the connector completes it. Throws a fatal SourceError `configuration`.
   */
  static async open(connection: HttpConnection, address = connection.url): Promise<HttpClient> {
    const password = await connection.password.read();
    return new HttpClient(connection, address, password, await readAuthorities(connection.tls?.caFile));
  }

  /**
   * One request and its whole answer. Throws a SourceError, of which a BrokenAnswer has what had arrived; the signal's
   * reason where that was aborted. Nothing that is thrown holds the password or the body of the request.
   */
  async send(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
    const { timeoutMs } = this.#connection;
    const late = AbortSignal.timeout(timeoutMs);
    const received: Buffer[] = [];
    try {
      return await this.#exchange(request, AbortSignal.any([signal, late]), received);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw this.#failure(error, late, { request, received });
    }
  }

  /** The server's own words as they may be shown: one line, cut, and without the password that it might repeat. */
  shown(text: string): string {
    let clean = text;
    for (const secret of this.#secrets) clean = clean.replaceAll(secret, '*****');
    return cleanText(clean, longestWords).trim();
  }

  async #exchange(request: HttpRequest, signal: AbortSignal, received: Buffer[]): Promise<HttpAnswer> {
    signal.throwIfAborted();
    // Most processes never ask over HTTP, and it takes long to load.
    const { default: got } = await import('got');
    const stream = got.stream(this.#addressOf(request), this.#options(request, signal));
    const head = new Promise<AnswerHead>((resolve) => {
      stream.once('response', ({ statusCode, headers }: { statusCode: number; headers: AnswerHead['headers'] }) => {
        resolve({ status: statusCode, headers });
      });
    });
    let length = 0;
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > longestBody) throw tooLong(this.place, request);
      received.push(chunk);
    }
    return { ...(await head), body: Buffer.concat(received) };
  }

  /** The password goes to no other server, whatever a link in an answer names (architecture 8). */
  #addressOf({ address = this.#address, doing }: HttpRequest): string {
    if (URL.parse(address)?.origin === new URL(this.#address).origin) return address;
    throw new SourceError('fatal', 'protocol', `${this.place}: the address for ${doing} is one of another server`);
  }

  #options(request: HttpRequest, signal: AbortSignal) {
    const { tls, timeoutMs } = this.#connection;
    const connectMs = Math.min(timeoutMs, longestConnectMs);
    const authorization = request.bearer === undefined ? this.#authorization : `Bearer ${request.bearer}`;
    return {
      method: request.method,
      headers: {
        ...request.headers,
        ...(request.anonymous === true ? {} : { authorization }),
        'user-agent': 'rosterd',
      },
      ...(request.body === undefined ? {} : { body: request.body }),
      agent: this.#agents,
      followRedirect: false,
      throwHttpErrors: false,
      retry: { limit: 0 },
      timeout: { lookup: connectMs, connect: connectMs, secureConnect: connectMs },
      https: {
        rejectUnauthorized: tls?.insecure !== true,
        minVersion: 'TLSv1.2',
        ...(this.#authorities === undefined ? {} : { certificateAuthority: this.#authorities }),
      },
      signal,
    } as const;
  }

  #failure(error: unknown, late: AbortSignal, { request, received }: Attempt): SourceError {
    if (error instanceof SourceError) return error;
    if (late.aborted) {
      const message = `${this.place} did not answer ${request.doing} within ${String(this.#connection.timeoutMs)} ms; raise connection.timeoutMs if it is merely slow`;
      return new BrokenAnswer('timeout', message, received);
    }
    const bare = bareError(error);
    if (bare.code === 'ERR_HTTP_CONTENT_LENGTH_MISMATCH' || bare.code === 'Z_BUF_ERROR' || received.length > 0) {
      const message = `${this.place} broke off in the middle of its answer to ${request.doing} (${bare.code})`;
      return new BrokenAnswer('unreachable', message, received);
    }
    if (bare.code.startsWith('Z_') || bare.code.startsWith('HPE_')) {
      const message = `${this.place} did not answer ${request.doing} in HTTP as expected (${bare.code}); check connection.url`;
      return new SourceError('fatal', 'protocol', message);
    }
    return connectionFailure(bare, this.place);
  }
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}

interface Attempt {
  readonly request: HttpRequest;
  readonly received: readonly Buffer[];
}

function tooLong(place: string, request: HttpRequest): SourceError {
  return new SourceError(
    'fatal',
    'protocol',
    `${place} answered ${request.doing} with more than ${String(longestBody / 1024 / 1024)} MB; the rest was not read`,
  );
}

/** Without what the library hangs onto its errors: options and headers, the password among them. */
function bareError(error: unknown): Error & { readonly code: string } {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return Object.assign(new Error(`the request failed (${code})`), { code });
}
