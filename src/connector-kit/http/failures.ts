import { cleanText } from '../../telemetry/clean-text.ts';
import { SourceError } from '../errors.ts';

/** The head of an answer. */
export interface AnswerHead {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/**
 * The typed error of an answer that is no success, or undefined for one that is (spec 3.2, 3.4). `where` is the origin that
 * was asked, `doing` what was asked, both for people. A redirect is never followed: it could send the password elsewhere.
 */
export function statusFailure(answer: AnswerHead, where: string, doing: string): SourceError | undefined {
  const { status } = answer;
  if (status >= 200 && status < 300) return undefined;
  const answered = `${where} answered ${doing} with HTTP ${String(status)}`;
  if (status >= 300 && status < 400) return redirected(answer, answered);
  const fatal = fatalStatuses[status];
  if (fatal !== undefined) return new SourceError('fatal', fatal[0], `${answered}: ${fatal[1]}`);
  if (status === 408) return new SourceError('retryable', 'timeout', `${answered}: it gave up waiting`);
  if (status === 429 || status === 503) return busy(answer, answered);
  if (status >= 500) return new SourceError('retryable', 'unreachable', `${answered}: it does not work at the moment`);
  return new SourceError(
    'fatal',
    'protocol',
    `${answered}, which it should not; make sure that connection.url is right`,
  );
}

const fatalStatuses: Readonly<Record<number, readonly ['login-refused' | 'right-missing' | 'configuration', string]>> =
  {
    401: ['login-refused', 'it refused the log-in; check connection.username and connection.password'],
    403: ['right-missing', "connection.username lacks the right; grant it as the connector's README says"],
    404: ['configuration', 'there is nothing at that address; check the path of connection.url'],
    407: ['configuration', 'a proxy in between wants a log-in; let rosterd reach the server directly'],
    410: ['configuration', 'there is nothing at that address any more; check the path of connection.url'],
  };

function redirected({ headers }: AnswerHead, answered: string): SourceError {
  const to = URL.parse(headers['location'] ?? '');
  // A path or a query may carry a token.
  const target = to === null ? 'another address' : cleanText(to.origin, 200);
  return new SourceError(
    'fatal',
    'configuration',
    `${answered}: it redirects to ${target}, which is never followed; put the final address into connection.url`,
  );
}

function busy({ headers }: AnswerHead, answered: string): SourceError {
  const retryAfterMs = retryAfter(headers['retry-after'], headers['date']);
  const options = retryAfterMs === undefined ? {} : { retryAfterMs };
  return new SourceError('retryable', 'busy', `${answered}: it is busy`, options);
}

/**
 * The wait that a server asks for, in milliseconds: seconds, or a date (RFC 9110, section 10.2.3), which is judged by the
 * server's own clock where the answer says what that is.
 */
function retryAfter(value: string | undefined, serverDate: string | undefined): number | undefined {
  const text = value?.trim() ?? '';
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const until = /^[a-z]{3}/i.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(until)) return undefined;
  const now = Date.parse(serverDate ?? '');
  return Math.max(0, until - (Number.isNaN(now) ? Date.now() : now));
}
