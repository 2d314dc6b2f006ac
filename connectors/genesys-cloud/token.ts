import { z } from 'zod';
import { SourceError } from '../../src/connector-kit/errors.ts';
import { HttpClient } from '../../src/connector-kit/http/client.ts';
import type { HttpAnswer } from '../../src/connector-kit/http/client.ts';
import { statusFailure } from '../../src/connector-kit/http/failures.ts';
import { readJson, unusableAnswer } from '../../src/connector-kit/http/json.ts';
import { tokenAddressOf } from './config.ts';
import type { Config } from './config.ts';
import { wordIn } from './schema.ts';

const doing = 'a token';

const tokenAnswer = z.object({
  // What can stand in a header (RFC 6750, section 2.1).
  access_token: z
    .string()
    .max(8192)
    .regex(/^[\x21-\x7e]+$/),
  expires_in: z.number().min(0).optional().catch(undefined),
});

/** A token is renewed so long before it expires, or a tenth of its life. */
const marginSeconds = 60;

/** The token of an OAuth client, renewed when its time is over. */
export class Token {
  readonly #client: HttpClient;
  #text: string | undefined;
  #staleAt = 0;
  /** In seconds, as the log-in server said it. */
  #life: number | undefined;
  /** Whether the present one was ever accepted: one that never was is not worth another try (spec 3.4). */
  #accepted = false;

  private constructor(client: HttpClient) {
    this.#client = client;
  }

  /** Sends nothing yet. */
  static async open({ connection, ...rest }: Config): Promise<Token> {
    const account = { ...connection, username: connection.clientId, password: connection.clientSecret };
    return new Token(await HttpClient.open(account, tokenAddressOf({ connection, ...rest })));
  }

  get life(): number | undefined {
    return this.#life;
  }

  get accepted(): boolean {
    return this.#accepted;
  }

  /** The token to send now. Throws a SourceError. */
  async current(signal: AbortSignal): Promise<string> {
    if (this.#text !== undefined && performance.now() < this.#staleAt) return this.#text;
    return this.renewed(signal);
  }

  /** A new token. Throws a SourceError. */
  async renewed(signal: AbortSignal): Promise<string> {
    this.#accepted = false;
    const answer = await this.#client.send(
      {
        ...{ method: 'POST', doing, body: 'grant_type=client_credentials' },
        headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
      },
      signal,
    );
    const refused = this.#refusalOf(answer);
    if (refused !== undefined) throw refused;
    const body = readJson(answer);
    if (typeof body === 'string') throw unusableAnswer(this.#client.place, doing, body, answer);
    const { data } = tokenAnswer.safeParse(body);
    if (data === undefined) throw unusableAnswer(this.#client.place, doing, 'it holds no access_token', answer);
    const { access_token: text, expires_in: life } = data;
    this.#text = text;
    this.#life = life;
    const seconds = life === undefined ? Infinity : life - Math.min(marginSeconds, life / 10);
    this.#staleAt = performance.now() + seconds * 1000;
    return text;
  }

  /** Notes that the server has taken the present token. */
  accept(): void {
    this.#accepted = true;
  }

  /** A text of the server's without the token that it might repeat. */
  masked(text: string): string {
    return this.#text === undefined ? text : text.replaceAll(this.#text, '*****');
  }

  #refusalOf(answer: HttpAnswer): SourceError | undefined {
    const { place } = this.#client;
    const answered = `${place} answered ${doing} with HTTP ${String(answer.status)}`;
    const failure = statusFailure(answer, place, doing);
    const body = failure === undefined ? '' : readJson(answer);
    const error = wordIn(body, 'error') ?? wordIn(body, 'code');
    const said = error === undefined ? '' : `; it says "${this.#client.shown(error)}"`;
    const isRefused = /^(?:invalid_client|unauthorized_client|invalid_grant|access_denied|bad\.credentials)$/i;
    if (answer.status === 401 || (failure?.class === 'fatal' && isRefused.test(error ?? '')))
      return new SourceError('fatal', 'login-refused', `${answered}: ${whatIsRefused}${said}`);
    if (failure?.code === 'right-missing')
      return new SourceError(
        'fatal',
        'right-missing',
        `${answered}: grant the OAuth client the type Client Credentials${said}`,
      );
    if (failure?.code === 'configuration' || (failure?.class === 'fatal' && failure.code === 'protocol'))
      return new SourceError('fatal', failure.code, `${failure.message}; tokens come from connection.loginUrl${said}`);
    return failure;
  }
}

/** Why a log-in failed, and what to correct. */
export const whatIsRefused =
  'it refused the log-in; check connection.clientId and connection.clientSecret, the user name and password of the OAuth client';
