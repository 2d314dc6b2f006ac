import type { CheckReport, RefusedSource, Run } from './shapes.ts';

/** What the exit codes of every command mean. */
export const exitCode = {
  done: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  notAllowed: 4,
  rejects: 5,
  held: 6,
  noConnection: 7,
  /** 128 + SIGINT, as shells count. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

/** For the main help; in the order of the numbers. */
export const exitCodeMeanings: readonly (readonly [ExitCode, string])[] = [
  [0, 'done'],
  [1, 'failed; an incomplete import and a paused source that was named count as failed'],
  [2, 'the command was used wrongly'],
  [3, 'what was named does not exist'],
  [4, 'not allowed: a log-in was refused or a right is missing, here or at a source'],
  [5, 'finished, with records that were rejected'],
  [6, 'held: a run waits for approval'],
  [7, 'no connection: time-outs, TLS and a full disk included'],
];

const notAllowed = new Set(['login-refused', 'right-missing', 'unauthorized', 'forbidden', 'token-missing']);
const noConnection = new Set([
  ...['unreachable', 'timeout', 'tls', 'storage', 'no-connection', 'database-unreachable', 'queue-unreachable'],
  ...['ECONNREFUSED', 'ECONNRESET', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT'],
  ...['ENOSPC', 'EROFS', 'EDQUOT', 'EIO'],
]);
const notFound = new Set(['not-found', 'no-store', 'source-unknown', 'user-unknown', 'run-unknown', 'account-unknown']);

/** The exit code of an error by its stable code, or undefined where the code alone does not say. */
export function exitCodeOf(code: string): ExitCode | undefined {
  if (notAllowed.has(code)) return exitCode.notAllowed;
  if (noConnection.has(code)) return exitCode.noConnection;
  return notFound.has(code) ? exitCode.notFound : undefined;
}

/** The exit code of a request that the API refused. */
export function exitCodeOfAnswer(status: number, code: string): ExitCode {
  const byCode = exitCodeOf(code);
  if (byCode !== undefined) return byCode;
  if (status === 400 || status === 422) return exitCode.usage;
  if (status === 401 || status === 403) return exitCode.notAllowed;
  if (status === 404) return exitCode.notFound;
  return status === 502 || status === 503 || status === 504 ? exitCode.noConnection : exitCode.failed;
}

/** The worst first. */
const order: readonly ExitCode[] = [7, 4, 1, 3, 6, 5, 0];

/** The exit code of a sync: the worst of its runs and of the named sources that were refused. */
export function exitCodeOfSync(runs: readonly Run[], refused: readonly RefusedSource[]): ExitCode {
  const codes = new Set<ExitCode>([...runs.map(exitCodeOfRun), ...refused.map(exitCodeOfRefusal)]);
  return order.find((code) => codes.has(code)) ?? exitCode.done;
}

function exitCodeOfRun(run: Run): ExitCode {
  switch (run.state) {
    case 'completed':
      return exitCode.done;
    case 'completed-with-rejects':
      return exitCode.rejects;
    case 'held':
      return exitCode.held;
    default:
      return codeOfFailure(run.error?.code ?? '');
  }
}

/** The exit code of a check: the worst of its failed steps; warnings are no failure. */
export function exitCodeOfCheck(steps: CheckReport['steps']): ExitCode {
  const failed = steps.filter(({ outcome }) => outcome === 'failed');
  const codes = new Set(failed.map(({ code = '' }) => codeOfFailure(code)));
  return order.find((code) => codes.has(code)) ?? exitCode.done;
}

/** A log-in, a right and the connection have codes of their own; everything else has just failed. */
function codeOfFailure(code: string): ExitCode {
  const found = exitCodeOf(code);
  return found === exitCode.notAllowed || found === exitCode.noConnection ? found : exitCode.failed;
}

function exitCodeOfRefusal({ code }: RefusedSource): ExitCode {
  return code === 'source-unknown' ? exitCode.notFound : exitCode.failed;
}
