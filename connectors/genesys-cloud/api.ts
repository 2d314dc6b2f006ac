import type { Kit } from '../../src/connector-kit/contract.ts';
import { SourceError } from '../../src/connector-kit/errors.ts';
import { HttpClient } from '../../src/connector-kit/http/client.ts';
import type { HttpAnswer } from '../../src/connector-kit/http/client.ts';
import { statusFailure } from '../../src/connector-kit/http/failures.ts';
import { readJson, unusableAnswer } from '../../src/connector-kit/http/json.ts';
import type { JsonObject } from '../../src/connector-kit/http/json.ts';
import { apiOf } from './config.ts';
import type { Config } from './config.ts';
import { Pace, waitAfter } from './pace.ts';
import { member, wordIn } from './schema.ts';
import { Token, whatIsRefused } from './token.ts';

/** Parameters in their order; one that may come several times stands there several times. */
export type Query = readonly (readonly [string, string])[];

/** One GET. */
export interface Ask {
  /** For messages. */
  readonly doing: string;
  /** Behind `/api/v2/`. */
  readonly path: string;
  readonly query: Query;
  /** What the role of the OAuth client needs for it, in words. */
  readonly permission: string;
}

/** A wait that is longer than that is for the next run. */
const longestWaitMs = 120_000;
/** What the sync waits by itself before it reads again. */
const waitOfTheSyncMs = 60_000;
/** Refusals of one request, one after another. */
const mostRefusals = 4;

/** The API of one organisation. */
export class Api {
  readonly client: HttpClient;
  readonly token: Token;
  readonly pace: Pace;
  readonly #start: string;
  #answered = false;

  private constructor(client: HttpClient, token: Token, pace: Pace, start: string) {
    this.client = client;
    this.token = token;
    this.pace = pace;
    this.#start = start;
  }

  /** Sends nothing yet. */
  static async open(settings: Config, log: Kit['log']): Promise<Api> {
    const { connection } = settings;
    const account = { ...connection, username: connection.clientId, password: connection.clientSecret };
    const start = apiOf(settings);
    const client = await HttpClient.open(account, start);
    return new Api(client, await Token.open(settings), new Pace(log), start);
  }

  /** The object that is answered. `patient`: waits where requests are limited, as long as it takes. Throws a SourceError. */
  async get(ask: Ask, patient: boolean, signal: AbortSignal): Promise<JsonObject> {
    return this.#objectOf(ask, await this.#send(ask, patient, signal));
  }

  /** One object by its id; undefined where the answer is 404, which alone proves nothing. Throws a SourceError. */
  async find(ask: Ask, signal: AbortSignal): Promise<JsonObject | undefined> {
    const answer = await this.#send(ask, false, signal);
    return answer.status === 404 ? undefined : this.#objectOf(ask, answer);
  }

  /** An answer that is no refusal for having asked too often. */
  async #send(ask: Ask, patient: boolean, signal: AbortSignal): Promise<HttpAnswer> {
    for (let refusals = 1; ; refusals += 1) {
      if (patient) await this.pace.turn(signal);
      const answer = await this.#sendWithToken(ask, signal);
      this.pace.heed(answer);
      const failure = answer.status === 429 ? statusFailure(answer, this.client.place, ask.doing) : undefined;
      if (failure === undefined) {
        this.#answered ||= answer.status < 300;
        return answer;
      }
      const retryAfterMs = waitAfter(answer, failure.retryAfterMs);
      // Before anything was read the sync can as well begin anew, after just as long a wait.
      const begun = this.#answered || retryAfterMs > waitOfTheSyncMs;
      if (!patient || !begun || refusals > mostRefusals || retryAfterMs > longestWaitMs) {
        const wait = `; requests are limited, and it asks to wait ${String(Math.ceil(retryAfterMs / 1000))} s`;
        throw new SourceError('retryable', 'busy', `${failure.message}${wait}`, { retryAfterMs });
      }
      await this.pace.wait(retryAfterMs, signal);
    }
  }

  /** A token that was good and is refused has expired, and is renewed once. */
  async #sendWithToken({ doing, path, query }: Ask, signal: AbortSignal): Promise<HttpAnswer> {
    const parameters = query.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
    const address = `${this.#start}/${path}${parameters === '' ? '' : `?${parameters}`}`;
    const send = (bearer: string): Promise<HttpAnswer> =>
      this.client.send({ method: 'GET', doing, address, bearer, headers: { accept: 'application/json' } }, signal);
    const token = await this.token.current(signal);
    const first = await send(token);
    const expired = first.status === 401 && this.token.accepted;
    const answer = expired ? await send(await this.token.renewed(signal)) : first;
    if (answer.status !== 401) this.token.accept();
    return answer;
  }

  #objectOf(ask: Ask, answer: HttpAnswer): JsonObject {
    const { doing, permission } = ask;
    const { place } = this.client;
    const body = readJson(answer);
    const failure = statusFailure(answer, place, doing);
    const words = typeof body === 'string' ? undefined : this.#wordsOfError(body);
    const said = words === undefined ? '' : `; it says "${words}"`;
    if (failure !== undefined) throw ownWords(failure, `${place} answered ${doing}`, permission, said);
    if (typeof body === 'string') throw unusableAnswer(place, doing, body, answer);
    if (words === undefined) return body;
    const message = `${place} answered ${doing} with the error "${words}"`;
    if (member(body, 'status') === 403 || /missing.*permission|not\.?authori[sz]ed/i.test(words))
      throw new SourceError('fatal', 'right-missing', `${message}; ${toGrant(permission)}`);
    throw new SourceError('retryable', 'protocol', `${message}; the vendor's status page may say why`);
  }

  /** What an error document says; undefined for a document that is none. */
  #wordsOfError(body: JsonObject): string | undefined {
    if (member(body, 'entities') !== undefined || member(body, 'id') !== undefined) return undefined;
    const [code, status] = [wordIn(body, 'code'), member(body, 'status')];
    const message = wordIn(body, 'messageWithParams') ?? wordIn(body, 'message');
    if (code === undefined && message === undefined) return undefined;
    if (code === undefined && !(typeof status === 'number' && status >= 400)) return undefined;
    const context = wordIn(body, 'contextId');
    const words = [code, message, context === undefined ? undefined : `contextId ${context}`];
    return this.client.shown(this.token.masked(words.filter((each) => each !== undefined).join(', ')));
  }
}

function toGrant(permission: string): string {
  return `grant ${permission} to a role of the OAuth client, as the connector's README says`;
}

/** The failure of an answer in the words of this connection. */
function ownWords(failure: SourceError, answered: string, permission: string, said: string): SourceError {
  if (failure.code === 'login-refused')
    return new SourceError('fatal', 'login-refused', `${answered} with HTTP 401: ${whatIsRefused}${said}`);
  if (failure.code === 'right-missing')
    return new SourceError('fatal', 'right-missing', `${answered} with HTTP 403: ${toGrant(permission)}${said}`);
  const { retryAfterMs } = failure;
  const options = retryAfterMs === undefined ? {} : { retryAfterMs };
  return new SourceError(failure.class, failure.code, `${failure.message}${said}`, options);
}
