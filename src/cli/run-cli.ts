import { CommanderError } from 'commander';
import type { Runner } from './command.ts';
import { createContext } from './context.ts';
import { CliError, describeFailure, Interrupted, ReaderGone, UsageError } from './errors.ts';
import type { Failure } from './errors.ts';
import { exitCode } from './exit-codes.ts';
import type { ExitCode } from './exit-codes.ts';
import { Output, toJson } from './output.ts';
import { buildProgram } from './program.ts';
import type { World } from './world.ts';

/** Runs one command line (without the names of program and script). Returns the exit code; never throws. */
export async function runCli(argv: readonly string[], world: World): Promise<ExitCode> {
  const err = new Output(world.stderr);
  try {
    return await parseAndRun(argv, world);
  } catch (error) {
    return await report(error, err, argv.includes('--json'), world);
  }
}

async function parseAndRun(argv: readonly string[], world: World): Promise<ExitCode> {
  let code: ExitCode = exitCode.done;
  const runner: Runner = async (options, work) => {
    const context = createContext(world, options);
    try {
      code = (await work(context)) ?? exitCode.done;
    } finally {
      await context.close();
    }
  };
  const shown: { text: string; error: boolean }[] = [];
  const program = buildProgram(runner, world, (text, error) => shown.push({ text, error }));
  try {
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Only help ends like this: asked for, or shown because the command is not complete.
    code = error.exitCode === 0 ? exitCode.done : exitCode.usage;
  }
  for (const { text, error } of shown) await new Output(error ? world.stderr : world.stdout).write(text);
  return code;
}

async function report(error: unknown, err: Output, json: boolean, world: World): Promise<ExitCode> {
  if (error instanceof ReaderGone) return exitCode.done;
  if (error instanceof Interrupted) return exitCode.interrupted;
  const { exitCode: code, ...failure } = describeFailure(error);
  const usage = error instanceof UsageError ? error.usage : undefined;
  const text = json
    ? toJson(world.redactor.redactDeep({ error: failure, exitCode: code }))
    : world.redactor.redact(failureText(failure, usage));
  try {
    await err.line(text);
  } catch (failed) {
    // Standard error has gone too: the exit code is all that is left to tell with.
    if (!(failed instanceof ReaderGone || failed instanceof CliError)) throw failed;
  }
  return code;
}

function failureText({ code, message, remedy }: Omit<Failure, 'exitCode'>, usage: string | undefined): string {
  // Who was asked and has not said yes has made no mistake.
  if (code === 'not-confirmed') return `${message} (${code})`;
  const [first = '', ...rest] = message.split('\n');
  const head = code === 'usage' ? `error: ${first}` : `error: ${first} (${code})`;
  return [head, ...rest, remedy, usage].filter((line) => line !== undefined).join('\n');
}
