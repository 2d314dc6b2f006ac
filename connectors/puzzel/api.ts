import { SourceError } from '../../src/connector-kit/errors.ts';
import { HttpClient } from '../../src/connector-kit/http/client.ts';
import { isJsonObject } from '../../src/connector-kit/http/json.ts';
import type { JsonObject } from '../../src/connector-kit/http/json.ts';
import { interfaceOf } from './config.ts';
import type { Config } from './config.ts';
import { readEnvelope } from './envelope.ts';
import type { Answered } from './envelope.ts';
import { countOf, idOf, member, objectsOf, textOf } from './schema.ts';
import { Tokens } from './tokens.ts';

/** What the interface says of whoever asks. */
export interface TokenInfo {
  readonly customerKey: string | undefined;
  readonly userId: string | undefined;
  readonly userGroupId: string | undefined;
  readonly passwordDaysLeft: number | undefined;
}

/** One user, or why there is no answer that could be used. */
export type UserAnswer =
  { readonly kind: 'user'; readonly user: JsonObject } | Exclude<Answered, { readonly kind: 'result' }>;

/** The interface of one customer's Contact Centre. Every method throws a SourceError. */
export class Api {
  readonly tokens: Tokens;
  readonly #client: HttpClient;
  readonly #start: string;
  readonly #customer: string;

  private constructor(client: HttpClient, tokens: Tokens, start: string, customer: string) {
    this.#client = client;
    this.tokens = tokens;
    this.#start = start;
    this.#customer = customer;
  }

  /** Sends nothing yet. */
  static async open(settings: Config): Promise<Api> {
    const start = interfaceOf(settings);
    const tokens = await Tokens.open(settings);
    const client = await HttpClient.open(tokens.access.connection, start);
    return new Api(client, tokens, start, `/${encodeURIComponent(settings.connection.customerKey)}`);
  }

  /** Logs in where that has not been done. */
  async login(signal: AbortSignal): Promise<void> {
    await this.tokens.current(signal);
  }

  /** Undefined where the interface does not say it, or not to this user. */
  async tokenInfo(signal: AbortSignal): Promise<TokenInfo | undefined> {
    const answered = await this.#ask('get token information', '/accesstokeninformation', signal);
    if (answered.kind === 'not-found') return undefined;
    const result = resultOf(answered);
    if (!isJsonObject(result)) return undefined;
    return {
      customerKey: textOf(member(result, 'customerKey'))?.trim(),
      userId: idOf(member(result, 'userId')),
      userGroupId: idOf(member(result, 'userGroupId')),
      passwordDaysLeft: countOf(member(result, 'passwordValidDaysLeft')),
    };
  }

  /** Everything of a kind: the interface has no pages. */
  async list(kind: 'users' | 'usergroups', signal: AbortSignal): Promise<readonly JsonObject[]> {
    const doing = `list ${kind}`;
    const answered = await this.#ask(doing, `${this.#customer}/${kind}`, signal);
    const items = objectsOf(resultOf(answered));
    if (items !== undefined) return items;
    const message = `${this.#client.place} answered ${doing} with something else than a list`;
    throw new SourceError('retryable', 'protocol', message);
  }

  /** Who is told by the second list, that of states; undefined where it cannot be read, since nothing depends on it. */
  async stateIds(signal: AbortSignal): Promise<readonly string[] | undefined> {
    let answered: Answered;
    try {
      answered = await this.#ask('list states', `${this.#customer}/users/stateinformation/Today`, signal);
    } catch (error) {
      const matters = !(error instanceof SourceError) || error.code === 'login-refused' || error.code === 'busy';
      if (matters) throw error;
      return undefined;
    }
    const items = answered.kind === 'result' ? objectsOf(answered.result) : undefined;
    return items?.flatMap((item) => idOf(member(item, 'userId')) ?? []);
  }

  /** One user by id. That nobody is found proves nothing alone. */
  async user(id: string, signal: AbortSignal): Promise<UserAnswer> {
    const answered = await this.#ask('get user', `${this.#customer}/users/${encodeURIComponent(id)}`, signal);
    if (answered.kind !== 'result') return answered;
    const { result } = answered;
    const user = Array.isArray(result) && result.length === 1 ? (result[0] as unknown) : result;
    if (isJsonObject(user) && (idOf(member(user, 'id')) ?? id) === id) return { kind: 'user', user };
    const empty = user === null || user === undefined || (Array.isArray(user) && user.length === 0);
    const said = empty ? 'the answer is empty' : 'the answer is another user';
    const error = new SourceError('retryable', 'protocol', `${this.#client.place}, get user: ${said}`);
    return { kind: empty ? 'not-found' : 'code', said, error };
  }

  /** Asks with a token, and once more with a new one where it was refused: it may have ended meanwhile. */
  async #ask(doing: string, path: string, signal: AbortSignal): Promise<Answered> {
    const first = await this.tokens.current(signal);
    const answered = await this.#askWith(first, doing, path, signal);
    if (answered.kind !== 'token-refused') return answered;
    const second = await this.#askWith(await this.tokens.current(signal, first), doing, path, signal);
    if (second.kind === 'token-refused') throw second.error;
    return second;
  }

  async #askWith(token: string, doing: string, path: string, signal: AbortSignal): Promise<Answered> {
    const answer = await this.#client.send(
      {
        method: 'GET',
        doing,
        address: `${this.#start}${path}`,
        headers: { accept: 'application/json' },
        bearer: token,
      },
      signal,
    );
    const { keys } = this.tokens.access;
    const shown = (text: string): string => this.tokens.shown(text);
    return readEnvelope(answer, { place: this.#client.place, doing, keys, shown });
  }
}

function resultOf(answered: Answered): unknown {
  if (answered.kind !== 'result') throw answered.error;
  return answered.result;
}
