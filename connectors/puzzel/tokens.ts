import { SourceError } from '../../src/connector-kit/errors.ts';
import { HttpClient } from '../../src/connector-kit/http/client.ts';
import type { HttpAnswer } from '../../src/connector-kit/http/client.ts';
import { isJsonObject, readJson, unusableAnswer } from '../../src/connector-kit/http/json.ts';
import type { JsonObject } from '../../src/connector-kit/http/json.ts';
import { accessOf } from './config.ts';
import type { Access, Config } from './config.ts';
import { failureOfStatus, withWords, wordsOf } from './envelope.ts';
import type { Asking } from './envelope.ts';
import { countOf, member } from './schema.ts';

/** What the vendor gives a token by default, in seconds. */
const usualLifeS = 900;

/** A token is renewed this long before its end, or after nine tenths of a short life. */
const marginMs = 30_000;

interface Token {
  readonly value: string;
  /** On the clock of `performance`. */
  readonly renewAt: number;
}

/** The token of one session: asked for when it is needed, and anew shortly before it ends or when the interface refuses it. */
export class Tokens {
  readonly access: Access;
  readonly #client: HttpClient;
  readonly #settings: Config;
  #token: Token | undefined;
  #asked: Promise<Token> | undefined;
  /** A refused log-in is never tried again (spec 3.4). */
  #refused: SourceError | undefined;

  private constructor(access: Access, client: HttpClient, settings: Config) {
    this.access = access;
    this.#client = client;
    this.#settings = settings;
  }

  /** Sends nothing yet. */
  static async open(settings: Config): Promise<Tokens> {
    const access = accessOf(settings);
    return new Tokens(access, await HttpClient.open(access.connection, access.address), settings);
  }

  /** A token to ask with. `refused` is one that the interface did not take. Throws a SourceError. */
  async current(signal: AbortSignal, refused?: string): Promise<string> {
    const token = this.#token;
    if (token !== undefined && token.value !== refused && performance.now() < token.renewAt) return token.value;
    if (this.#refused !== undefined) throw this.#refused;
    // Requests at the same time share one log-in.
    this.#asked ??= this.#ask(signal).finally(() => (this.#asked = undefined));
    try {
      this.#token = await this.#asked;
    } catch (error) {
      if (error instanceof SourceError && error.class === 'fatal') this.#refused = error;
      throw error;
    }
    return this.#token.value;
  }

  /** Without the token, which a server might repeat, and without the secret. */
  shown(text: string): string {
    const bare = this.#token === undefined ? text : text.replaceAll(this.#token.value, '*****');
    return this.#client.shown(bare);
  }

  async #ask(signal: AbortSignal): Promise<Token> {
    const { kind, keys, connection } = this.access;
    const secret = await connection.password.read();
    const { customerKey, userId = '' } = this.#settings.connection;
    const asking: Asking = {
      place: this.#client.place,
      doing: 'log in',
      keys,
      shown: (text) => this.shown(text),
    };
    const form = {
      client_id: connection.username,
      client_secret: secret,
      scope: `contact-centre:${customerKey}:${userId}`,
      grant_type: 'client_credentials',
    };
    const sent =
      kind === 'client'
        ? { type: 'application/x-www-form-urlencoded', body: new URLSearchParams(form).toString() }
        : {
            type: 'application/json',
            body: JSON.stringify({ customerKey, userName: connection.username, password: secret }),
          };
    const answer = await this.#client.send(
      {
        method: 'POST',
        doing: asking.doing,
        headers: { accept: 'application/json', 'content-type': sent.type },
        body: sent.body,
        anonymous: true,
      },
      signal,
    );
    return kind === 'client' ? oauthToken(answer, asking) : loginToken(answer, asking);
  }
}

function oauthToken(answer: HttpAnswer, asking: Asking): Token {
  const body = readJson(answer);
  const failure = failureOfStatus(answer, asking);
  if (failure !== undefined) throw typeof body === 'string' ? failure : oauthFailure(failure, body, asking);
  if (typeof body === 'string') throw unusableAnswer(asking.place, asking.doing, body, answer);
  return tokenOf(body['access_token'], countOf(body['expires_in'])) ?? refuseWithout(answer, asking);
}

/** IdentityServers answer 400 with a word that says what is wrong (RFC 6749, section 5.2). */
function oauthFailure(failure: SourceError, body: JsonObject, asking: Asking): SourceError {
  const said = wordsOf(body, asking);
  const { error: word } = body;
  const refused = `${asking.place} refused the log-in ("${said}")`;
  if (word === 'invalid_client') return new SourceError('fatal', 'login-refused', `${refused}; check ${asking.keys}`);
  if (word === 'invalid_scope' || word === 'invalid_grant' || word === 'invalid_request') {
    const message = `${refused}; check connection.customerKey and connection.userId, and that the client has the scope contact-centre and a Product Access with that user`;
    return new SourceError('fatal', 'right-missing', message);
  }
  if (word === 'unauthorized_client' || word === 'unsupported_grant_type') {
    const message = `${refused}; grant Client Credentials to the client, in Organisation Settings → OIDC Clients`;
    return new SourceError('fatal', 'right-missing', message);
  }
  return said === '' ? failure : withWords(failure, said);
}

/** A password that is refused comes with a code inside HTTP 200 too; which codes there are is not documented. */
function loginToken(answer: HttpAnswer, asking: Asking): Token {
  const body = readJson(answer);
  const failure = failureOfStatus(answer, asking);
  const said = typeof body === 'string' ? '' : wordsOf(body, asking);
  if (failure !== undefined) throw said === '' ? failure : withWords(failure, said);
  if (typeof body === 'string') throw unusableAnswer(asking.place, asking.doing, body, answer);
  const code = countOf(member(body, 'code')) ?? 0;
  if (code !== 0) {
    const message = `${asking.place} answered log in with code ${String(code)}${said === '' ? '' : `, "${said}"`}`;
    if (/internal|unavailable|time-?out|timed out|busy|try again|maintenance/i.test(said))
      throw new SourceError('retryable', 'protocol', message);
    const tell = `${message}; check connection.customerKey, ${asking.keys}`;
    throw new SourceError('fatal', 'login-refused', tell);
  }
  const result = member(body, 'result');
  const inside = isJsonObject(result) ? result : body;
  const token = tokenOf(member(inside, 'accessToken'), undefined);
  if (token !== undefined) return token;
  if (member(inside, 'twoFactorRequired') === true) {
    const message = `${asking.place} wants a second factor of connection.username; use a user without one, or client credentials`;
    throw new SourceError('fatal', 'login-refused', message);
  }
  return refuseWithout(answer, asking);
}

function tokenOf(value: unknown, lifeS = usualLifeS): Token | undefined {
  // What is no visible ASCII cannot stand in a header.
  if (typeof value !== 'string' || !/^[!-~]{1,16384}$/.test(value)) return undefined;
  const lifeMs = Math.max(0, lifeS) * 1000;
  return { value, renewAt: performance.now() + Math.max(lifeMs - marginMs, lifeMs * 0.9) };
}

function refuseWithout(answer: HttpAnswer, { place, doing }: Asking): never {
  throw unusableAnswer(place, doing, 'it has no access token', answer);
}
