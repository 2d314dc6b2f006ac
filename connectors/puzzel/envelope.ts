import { SourceError } from '../../src/connector-kit/errors.ts';
import type { HttpAnswer } from '../../src/connector-kit/http/client.ts';
import { statusFailure } from '../../src/connector-kit/http/failures.ts';
import { readJson, unusableAnswer } from '../../src/connector-kit/http/json.ts';
import type { JsonObject } from '../../src/connector-kit/http/json.ts';
import { countOf, member, textOf } from './schema.ts';

/** What the failures of one server are told with. */
export interface Asking {
  /** Host and port. */
  readonly place: string;
  /** What was asked, for people. */
  readonly doing: string;
  /** The keys of the configuration that a refused log-in is about. */
  readonly keys: string;
  /** The server's own words without secrets and control characters. */
  readonly shown: (text: string) => string;
}

/** Every answer of the interface is `{result, code, id, message}`, and a code other than 0 is a failure whatever HTTP says. */
export type Answered =
  | { readonly kind: 'result'; readonly result: unknown }
  /** A code other than 0 inside HTTP 200, or 404: what it means depends on what was asked. */
  | { readonly kind: 'code' | 'not-found'; readonly said: string; readonly error: SourceError }
  /** The token is no longer taken. */
  | { readonly kind: 'token-refused'; readonly error: SourceError };

const grant =
  "grant rosterd's user in Puzzel the rights to read users, user groups and skills, as the connector's README says";

/** Judges an answer. Throws a SourceError for what is a failure whatever was asked. */
export function readEnvelope(answer: HttpAnswer, asking: Asking): Answered {
  const body = readJson(answer);
  const failure = failureOfStatus(answer, asking);
  if (failure !== undefined) {
    const said = typeof body === 'string' ? '' : wordsOf(body, asking);
    const error = said === '' ? failure : withWords(failure, said);
    if (answer.status === 401) return { kind: 'token-refused', error };
    if (answer.status === 404) return { kind: 'not-found', said, error };
    throw error;
  }
  if (typeof body === 'string') throw unusableAnswer(asking.place, asking.doing, body, answer);
  const code = countOf(member(body, 'code'));
  if (code === 0) return { kind: 'result', result: member(body, 'result') };
  if (code === undefined)
    throw unusableAnswer(asking.place, asking.doing, 'it has no code that says whether it is a success', answer);
  const said = wordsOf(body, asking);
  const words = `code ${String(code)}${said === '' ? '' : `, "${said}"`}`;
  const message = `${asking.place} answered ${asking.doing} with ${words} inside HTTP 200`;
  if (/(token|session).*(expired|invalid|not valid)|(expired|invalid).*(token|session)/i.test(said)) {
    const error = new SourceError('fatal', 'login-refused', `${message}; check ${asking.keys}`);
    return { kind: 'token-refused', error };
  }
  if (/forbidden|denied|permission|not ?(authori[sz]ed|allowed)|unauthori[sz]ed|privilege|no access/i.test(said))
    throw new SourceError('fatal', 'right-missing', `${message}; ${grant}`);
  const error = new SourceError('retryable', 'protocol', `${message}; Puzzel's support knows what the code means`);
  return { kind: 'code', said, error };
}

/** The error of an answer's status in the words of this connector, or undefined for a success. */
export function failureOfStatus(answer: HttpAnswer, { place, doing, keys }: Asking): SourceError | undefined {
  const failure = statusFailure(answer, place, doing);
  const answered = `${place} answered ${doing} with HTTP ${String(answer.status)}`;
  if (answer.status === 401)
    return new SourceError('fatal', 'login-refused', `${answered}: it refused the log-in; check ${keys}`);
  if (answer.status === 403) return new SourceError('fatal', 'right-missing', `${answered}: ${grant}`);
  if (answer.status === 404) {
    const message = `${answered}: there is nothing at that address; check connection.url and connection.customerKey`;
    return new SourceError('fatal', 'configuration', message);
  }
  return failure;
}

/** What a server says of itself, in the envelope or in the errors of OAuth (RFC 6749, section 5.2). */
export function wordsOf(body: JsonObject, { shown }: Pick<Asking, 'shown'>): string {
  const words = ['message', 'error', 'error_description'].map((name) => textOf(member(body, name))?.trim() ?? '');
  return shown(words.filter((each) => each !== '').join(', '));
}

export function withWords(failure: SourceError, said: string): SourceError {
  const { retryAfterMs } = failure;
  const message = `${failure.message}; it says "${said}"`;
  return new SourceError(failure.class, failure.code, message, retryAfterMs === undefined ? {} : { retryAfterMs });
}
