import { Command } from 'commander';
import type { CommonOptions, Context } from './context.ts';
import { UsageError } from './errors.ts';
import type { ExitCode } from './exit-codes.ts';

/** Runs what a command does: opens its context, closes it, keeps the exit code. */
export type Runner = (
  options: CommonOptions,
  work: (context: Context) => Promise<ExitCode | undefined>,
) => Promise<void>;

/** A command whose misuse is an error with its usage line. */
export class RosterdCommand extends Command {
  override createCommand(name?: string): RosterdCommand {
    return new RosterdCommand(name);
  }

  override error(message: string): never {
    const usage = `usage: ${this.createHelp().commandUsage(this)}`;
    throw new UsageError(
      message
        .replace(/^error: /, '')
        .replace(/\s+/g, ' ')
        .trim(),
      usage,
    );
  }
}

/** A command that does something, in one place: how it is called, what its help says, what it does. */
export interface CommandSpec<Options extends object> {
  /** Name and arguments, such as `show <USER>`. */
  readonly call: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What its own help says beyond the summary. */
  readonly details?: string;
  /** Flags and help of each argument and option. */
  readonly arguments?: Readonly<Record<string, string>>;
  readonly options?: readonly (readonly [flags: string, help: string, choices?: readonly string[]])[];
  /** What its group does when nothing is named below it. */
  readonly isDefault?: true;
  /** `none`: neither the API nor JSON (`start`). `local`: JSON, but no API. */
  readonly talks?: 'none' | 'local';
  readonly run: (
    context: Context,
    args: readonly string[],
    options: Options & CommonOptions,
  ) => Promise<ExitCode | undefined>;
}

/** Adds a command below another one. */
export function addCommand<Options extends object>(parent: Command, runner: Runner, spec: CommandSpec<Options>): void {
  const command = parent.command(spec.call, { isDefault: spec.isDefault === true }).summary(spec.summary);
  command.description(spec.details === undefined ? spec.summary : `${spec.summary}\n\n${spec.details}`);
  for (const argument of command.registeredArguments) argument.description = spec.arguments?.[argument.name()] ?? '';
  for (const [flags, help, choices] of spec.options ?? []) {
    const option = command.createOption(flags, help);
    command.addOption(choices === undefined ? option : option.choices(choices));
  }
  command.option('--config <FILE>', 'configuration (default: ROSTERD_CONFIG, else config/rosterd.yaml)');
  if (spec.talks !== 'none') command.option('--json', 'for programs: one JSON object per line, times in UTC');
  if (spec.talks === undefined) {
    command.option('--url <URL>', 'a daemon elsewhere (default: ROSTERD_URL; its API token in ROSTERD_TOKEN)');
  }
  command.action(async () => {
    const options = command.opts<Options & CommonOptions>();
    await runner(options, (context) => spec.run(context, command.args, options));
  });
}

/** A noun with commands below it, which its summary names. */
export function addGroup(program: RosterdCommand, name: string, summary: string, description: string): RosterdCommand {
  return program.command(name).summary(summary).description(description).helpCommand(false);
}

/** The first argument of a command that requires one. */
export function firstOf(args: readonly string[]): string {
  const [first] = args;
  if (first === undefined) throw new UsageError('an argument is missing');
  return first;
}
