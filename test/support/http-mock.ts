import nock from 'nock';
import { expect, onTestFinished } from 'vitest';

/** What a mocked server does with one request. */
export interface MockedAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Node's code of the error that the connection ends with instead of an answer. */
  readonly error?: string;
}

/** A request as the server saw it. */
export interface SeenRequest {
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

/**
 * Answers the requests to one address in the order of `answers`, until the end of the test; gives what was asked so far. The
 * test fails where an answer is left over, and where a request had none or went anywhere else.
 */
export function mockHttp(address: string, answers: readonly MockedAnswer[], method = 'POST'): readonly SeenRequest[] {
  const { pathname } = new URL(address);
  return mock(address, pathname, answers, method);
}

/** The same for whatever is asked of one server by GET; `path` of a request has its query. */
export function mockGets(origin: string, answers: readonly MockedAnswer[]): readonly SeenRequest[] {
  return mock(origin, /.*/, answers, 'GET');
}

function mock(
  address: string,
  path: string | RegExp,
  answers: readonly MockedAnswer[],
  method: string,
): readonly SeenRequest[] {
  const { origin } = new URL(address);
  const seen: SeenRequest[] = [];
  if (!nock.isActive()) nock.activate();
  nock.disableNetConnect();
  const unanswered: string[] = [];
  const noMatch = ({ method: asked, url }: Request): void => void unanswered.push(`${asked} ${url}`);
  nock.emitter.on('no match', noMatch);
  for (const answer of answers) answerOnce(nock(origin).intercept(path, method), answer, seen);
  onTestFinished(() => {
    const left = nock.pendingMocks();
    nock.emitter.off('no match', noMatch);
    nock.cleanAll();
    nock.enableNetConnect();
    nock.restore();
    expect({ left, unanswered }, 'answers that nobody asked for, and requests that had none').toEqual({
      left: [],
      unanswered: [],
    });
  });
  return seen;
}

function answerOnce(interceptor: nock.Interceptor, answer: MockedAnswer, seen: SeenRequest[]): void {
  if (answer.error !== undefined) {
    interceptor.replyWithError(Object.assign(new Error('mocked'), { code: answer.error }));
    return;
  }
  const { status = 200, headers = {}, body = '' } = answer;
  interceptor.reply(async (request: Request): Promise<nock.ReplyFnResult> => {
    seen.push({
      path: new URL(request.url).pathname + new URL(request.url).search,
      headers: Object.fromEntries(request.headers),
      body: await request.text(),
    });
    return [status, body, headers];
  });
}
