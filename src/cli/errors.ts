import { exitCode, exitCodeOf, exitCodeOfAnswer } from './exit-codes.ts';
import type { ExitCode } from './exit-codes.ts';

/** Why a command ended without doing what was asked: for people, for programs (`code`), for the shell (`exitCode`). */
export class CliError extends Error {
  override readonly name: string = 'CliError';
  /** Stable, in kebab-case. */
  readonly code: string;
  readonly exitCode: ExitCode;
  /** What to do now, where the message does not say it. */
  readonly remedy: string | undefined;

  constructor(code: string, exit: ExitCode, message: string, options: { remedy?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.exitCode = exit;
    this.remedy = options.remedy;
  }
}

/** The command was used wrongly; `usage` is the line that shows how it is used. */
export class UsageError extends CliError {
  override readonly name = 'UsageError';
  readonly usage: string | undefined;

  constructor(message: string, usage?: string) {
    super('usage', exitCode.usage, message);
    this.usage = usage;
  }
}

/** Whoever reads the output has gone (`rosterd log | head`): nothing more to do, and no failure. */
export class ReaderGone extends Error {
  override readonly name = 'ReaderGone';
}

/** The person pressed Ctrl-C, or the process was asked to end. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** What is told about a failed command, whatever was thrown. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly remedy?: string;
  /** Everything that is wrong with a configuration. */
  readonly problems?: readonly unknown[];
  readonly exitCode: ExitCode;
}

/** What to tell about an error. One that has no stable code is `internal`. */
export function describeFailure(error: unknown): Failure {
  if (error instanceof CliError) {
    const { code, message, remedy } = error;
    return { code, message, exitCode: error.exitCode, ...(remedy === undefined ? {} : { remedy }) };
  }
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'internal';
  const problems = error instanceof Error && 'problems' in error && Array.isArray(error.problems) ? error.problems : [];
  return {
    code,
    message,
    exitCode: exitCodeOf(code) ?? exitCode.failed,
    ...(problems.length === 0 ? {} : { problems }),
  };
}

/** The error that an answer of the API with a status of 400 or more stands for (problem+json, RFC 9457). */
export function errorOfAnswer(status: number, body: unknown): CliError {
  const problem: Readonly<Record<string, unknown>> = typeof body === 'object' && body !== null ? { ...body } : {};
  const say = (key: string): string | undefined => {
    const value = problem[key];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const code = say('code') ?? `http-${status}`;
  const message = say('detail') ?? say('title') ?? `the daemon answered with status ${status}`;
  const remedy = say('remedy');
  return new CliError(code, exitCodeOfAnswer(status, code), message, remedy === undefined ? {} : { remedy });
}
