import type { ActionRefusalCode } from '../users/errors.ts';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { storageFailureCode } from '../domain/storage-failure.ts';
import type { ApiDependencies } from './dependencies.ts';
import type { Problem } from './schemas/common.ts';

/** An answer that is an error: the status and the stable code are the contract, the detail is for people. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, detail: string) {
    super(detail);
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
  }
}

/** What people's acts are refused with, by code: one that is missing here does not compile. */
const statusOfRefusal: Readonly<Record<ActionRefusalCode, number>> = {
  'user-unknown': 404,
  'source-unknown': 404,
  'account-unknown': 404,
  'source-retired': 409,
  'source-not-retired': 409,
  'same-source': 422,
  'nothing-to-confirm': 409,
  'account-linked': 409,
  'not-on-worklist': 409,
  'item-unknown': 404,
  'item-closed': 409,
  'evidence-changed': 409,
  'answer-unknown': 422,
  'answer-not-possible': 409,
  'value-needed': 422,
  'run-unknown': 404,
  'run-not-held': 409,
  'run-not-discarded': 409,
  'nothing-refused': 409,
  'digest-changed': 409,
  'event-unknown': 404,
  'run-not-finished': 409,
  'not-undoable': 409,
  'nothing-to-undo': 409,
  'value-not-needed': 422,
  'no-users': 404,
  'group-unknown': 404,
  'group-name-taken': 409,
  'group-in-use': 409,
  'team-name-taken': 409,
  'team-in-use': 409,
  'same-team': 422,
  'group-below-itself': 409,
  'beyond-scope': 403,
  'sync-not-available': 409,
  'sync-off-for-the-user': 409,
  'version-changed': 412,
  'field-unknown': 404,
  'role-unknown': 404,
  'team-unknown': 404,
  'field-required': 409,
  'value-invalid': 422,
  'too-many-jobs': 429,
  'field-read-only': 409,
  'nothing-to-unset': 409,
  'unique-taken': 409,
  'not-a-member': 409,
  'acd-still-has-the-agent': 409,
  'source-unreachable': 502,
  'reason-required': 422,
  'user-merged': 409,
  'same-user': 422,
  'primary-inactive': 409,
  'both-inactive': 409,
  'both-from-acd': 409,
  'not-synchronised': 409,
  'choice-needed': 422,
  'not-linked': 409,
  'not-a-directory': 409,
  'already-linked': 409,
  'account-gone': 409,
  'account-ignored': 409,
  'source-not-configured': 409,
  'ids-not-reusable': 409,
  'user-active': 409,
  'retention-not-over': 409,
  'merged-users-remain': 409,
  'account-still-there': 409,
  'source-needed': 422,
  'username-needed': 422,
  'until-without-off': 422,
  'until-not-in-the-future': 422,
  'filter-needed': 422,
  'mapping-invalid': 422,
  'import-not-shown': 409,
  'import-not-finished': 409,
  'import-has-errors': 409,
  'import-beyond-limits': 409,
};

/** The same for queries, operators and everything else. Their messages are written for the person who asked. */
const statusOfCode: ReadonlyMap<string, number> = new Map([
  ...Object.entries(statusOfRefusal),
  ['cursor-invalid', 400],
  ['configuration-being-set-up', 503],
  ['configuration-superseded', 409],
  ['import-file-invalid', 422],
  ['user-ambiguous', 409],
  ['permission-missing', 403],
  ['beyond-permissions', 403],
  ['operator-unknown', 404],
  ['operator-exists', 409],
  ['operator-local', 409],
  ['operator-disabled', 409],
  ['operator-name-invalid', 422],
  ['token-unknown', 404],
  ['session-unknown', 404],
  ['not-the-first', 409],
  ['link-invalid', 409],
  ['password-unfit', 422],
  ['sign-in-refused', 401],
  ['sign-in-unavailable', 503],
  ['way-not-offered', 409],
  ['windows-locked', 401],
  ['windows-disabled', 401],
  ['windows-expired', 401],
  ['windows-password-expired', 401],
  ['windows-password-must-change', 401],
  ['windows-not-now', 401],
  ['openid-attempt', 401],
  ['openid-refused', 401],
  ['openid-answer', 401],
  ['openid-unavailable', 503],
  ['openid-operator-unknown', 403],
  ['openid-operator-out', 403],
  ['openid-other-person', 403],
  ['invalid-configuration', 422],
  ['data-directory-held', 409],
]);

const titles: Readonly<Record<number, string>> = {
  400: 'The request is not understood',
  401: 'Not signed in',
  403: 'Not allowed',
  404: 'Not found',
  408: 'The request took too long to arrive',
  409: 'Not possible as things are',
  412: 'Changed in the meantime',
  413: 'The request is too large',
  415: 'The media type is not supported',
  421: 'Not served under this host name',
  422: 'Not acceptable',
  429: 'Too many requests',
  503: 'Not available right now',
};

/** What an error is to who asked. */
export type Described = Pick<Problem, 'status' | 'code' | 'detail' | 'errors'>;

/** Answers as a page what programs get as a problem. */
export interface ProblemPages {
  answerProblem(request: FastifyRequest, reply: FastifyReply, problem: Described): FastifyReply | Promise<FastifyReply>;
}

/** Turns every error into problem+json (RFC 9457). What is the server's own fault is logged, and says nothing outside. */
export function answerProblems(
  app: FastifyInstance,
  log: ApiDependencies['log'],
  pages: ProblemPages | null = null,
): void {
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    const described = describe(error);
    // Of those who are not let in the log names one per address and minute (see `admit`), whatever went wrong.
    const heard = request.principal !== null || request.routeOptions.config.access === 'none';
    if (described.status >= 500 && described.code !== 'too-slow' && heard) {
      log.error({ err: error, requestId: request.id }, 'an API request failed');
    }
    if (pages !== null && isForPage(request)) return pages.answerProblem(request, reply, described);
    return sendProblem(request, reply, described);
  });
}

/** Whether a person's browser asked for a page, or for an address where there is nothing at all. */
function isForPage({ routeOptions, method, headers, url }: FastifyRequest): boolean {
  if (routeOptions.config.page === true) return true;
  const browsing = method === 'GET' && (headers.accept ?? '').includes('text/html');
  return routeOptions.url === undefined && browsing && !url.startsWith('/api/');
}

/** Sends one problem. */
function sendProblem(request: FastifyRequest, reply: FastifyReply, described: Described): FastifyReply {
  const { status, code, detail, errors } = described;
  const problem: Problem = {
    type: `urn:rosterd:problem:${code}`,
    title: titles[status] ?? 'The server failed',
    ...{ status, code, detail, requestId: request.id },
    ...(errors === undefined ? {} : { errors }),
  };
  // Serialised here: the schema of the route may not list this status.
  return reply
    .code(status)
    .type('application/problem+json')
    .serializer((body: unknown) => JSON.stringify(body))
    .send(problem);
}

/** Tells status, code and text of an error. The one place where this is decided, for programs and for pages. */
export function describe(error: FastifyError): Described {
  if (error instanceof ApiError) return { status: error.status, code: error.code, detail: error.message };
  if (hasZodFastifySchemaValidationErrors(error)) {
    const errors = error.validation.map((issue) => ({
      path: `${error.validationContext ?? 'request'}${issue.instancePath.replaceAll('/', '.')}`,
      message: issue.message ?? 'is not allowed',
    }));
    const detail = errors.map((each) => `${each.path}: ${each.message}`).join('; ');
    return { status: 400, code: 'request-invalid', detail, errors };
  }
  if (storageFailureCode(error) !== null)
    return {
      status: 503,
      code: 'storage',
      detail:
        'The database cannot store anything, or cannot be reached: free its disk or restore its connection, then try again.',
    };
  // query_canceled: a statement's limit in time.
  if (error.code === '57014') return tooSlow;
  const status = statusOfCode.get(error.code);
  if (status !== undefined) return { status, code: error.code, detail: error.message };
  return describeFastify(error);
}

const tooSlow: Described = {
  status: 503,
  code: 'too-slow',
  detail: 'The request took too long and was given up; try again later.',
};

/** Fastify's own refusals (too large, not JSON, too slow); their messages name no data of ours. */
function describeFastify(error: FastifyError): Described {
  const status = error.statusCode ?? 500;
  if (status === 503 && error.code === 'FST_ERR_HANDLER_TIMEOUT') return tooSlow;
  if (status >= 400 && status < 500) return { status, code: codeOf(status), detail: error.message };
  return {
    status: 500,
    code: 'internal',
    detail: 'The request failed inside rosterd; its log has the cause under this request id.',
  };
}

function codeOf(status: number): string {
  if (status === 413) return 'too-large';
  if (status === 415) return 'media-type-unsupported';
  return status === 429 ? 'too-many-requests' : 'request-invalid';
}
