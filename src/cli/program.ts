import { product } from '../telemetry/product.ts';
import { RosterdCommand } from './command.ts';
import type { Runner } from './command.ts';
import { addAccessCommands } from './commands/access.ts';
import { addAccountCommands } from './commands/accounts.ts';
import { addBulkCommand } from './commands/bulk.ts';
import { addCsvCommands } from './commands/csv.ts';
import { addConfigCommands } from './commands/config.ts';
import { addGroupCommands } from './commands/groups.ts';
import { addTeamCommands } from './commands/teams.ts';
import { addLogCommand } from './commands/log.ts';
import { addOwnerCommand } from './commands/owner.ts';
import { addRefusalCommands } from './commands/refusals.ts';
import { addReviewCommands } from './commands/reviews.ts';
import { addWorklistCommands } from './commands/worklist.ts';
import { addRunCommands } from './commands/runs.ts';
import { addServerCommands } from './commands/server.ts';
import { addSourceCommands } from './commands/sources.ts';
import { addSyncCommand } from './commands/sync.ts';
import { addMergeCommands } from './commands/merge.ts';
import { addUndoCommand } from './commands/undo.ts';
import { addUserCommands } from './commands/users.ts';
import { exitCodeMeanings } from './exit-codes.ts';
import type { World } from './world.ts';

const closing = `
Start here:
  rosterd config check          is the configuration right?
  rosterd source check corp-ad  does a source answer, step by step?
  rosterd sync                  read all sources and bring the users up to date
  rosterd user list             who is there now
  rosterd log                   what happened, and why

Commands use the daemon of this configuration where one runs (rosterd start), and do
the work themselves where none does. Data goes to standard output, everything else to
standard error; with --json lists are one object per line.

Exit codes:
${exitCodeMeanings.map(([code, meaning]) => `  ${code}  ${meaning}`).join('\n')}
`;

/** All commands. `show` receives help texts. */
export function buildProgram(
  runner: Runner,
  world: World,
  show: (text: string, error: boolean) => void,
): RosterdCommand {
  const program = new RosterdCommand(product.name);
  program
    .description("Keeps the users of a contact centre's application in step with its ACDs and directories.")
    .version(product.version, '-V, --version', 'the version alone')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => show(text, false),
      writeErr: (text) => show(text, true),
      getOutHelpWidth: () => world.stdout.columns ?? 100,
      getErrHelpWidth: () => world.stderr.columns ?? 100,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .addHelpText('after', closing);
  program.commandsGroup('Daily work:');
  addSyncCommand(program, runner);
  addUserCommands(program, runner);
  addGroupCommands(program, runner);
  addTeamCommands(program, runner);
  addBulkCommand(program, runner);
  addCsvCommands(program, runner);
  addMergeCommands(program, runner);
  addLogCommand(program, runner);
  addReviewCommands(program, runner);
  addWorklistCommands(program, runner);
  program.commandsGroup('Sources and runs:');
  addSourceCommands(program, runner);
  addAccountCommands(program, runner);
  addOwnerCommand(program, runner);
  addRunCommands(program, runner);
  addUndoCommand(program, runner);
  addRefusalCommands(program, runner);
  program.commandsGroup('Running rosterd:');
  addServerCommands(program, runner);
  addAccessCommands(program, runner);
  addConfigCommands(program, runner);
  program.helpCommand('help [COMMAND]', 'help for a command').commandsGroup('Help:');
  return program;
}
