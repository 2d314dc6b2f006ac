import { cleanText } from '../../telemetry/clean-text.ts';
import { apiPath, ask } from '../api-client.ts';
import { addCommand, firstOf } from '../command.ts';
import type { RosterdCommand, Runner } from '../command.ts';
import type { Context } from '../context.ts';
import { changeText } from '../event-line.ts';
import { exitCodeOfSync } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import type { Refreshed } from '../shapes.ts';

const details =
  'What the source says now is imported and reconciled at once, as a delta of one account. The answer shows the four steps: read, match, decide, apply.';

/** `account refresh` (spec 2.8). */
export function addAccountRefresh(account: RosterdCommand, runner: Runner): void {
  addCommand(account, runner, {
    call: 'refresh <SOURCE> <EXTERNAL-ID>',
    summary: 'read this one account anew, and bring its user up to date',
    details,
    arguments: { SOURCE: 'the id of the source', 'EXTERNAL-ID': "the source's own id of the account" },
    run: (context, [source = '', externalId = '']) =>
      refresh(context, apiPath('accounts', source, externalId, 'refresh')),
  });
}

/** `user refresh` (spec 2.8). */
export function addUserRefresh(user: RosterdCommand, runner: Runner): void {
  addCommand(user, runner, {
    call: 'refresh <USER>',
    summary: 'read the accounts of this one user anew, and bring the user up to date',
    details,
    arguments: { USER: 'id or username' },
    run: (context, args) => refresh(context, apiPath('users', firstOf(args), 'refresh')),
  });
}

async function refresh(context: Context, path: string): Promise<ExitCode> {
  const client = await context.api('write');
  const answer = (await ask(client, 'POST', path)) as Refreshed;
  if (context.json) await context.out.json(answer);
  else for (const account of answer.accounts) await context.out.write(accountText(context, account));
  return exitCodeOfSync(answer.runs, answer.refused);
}

function accountText({ paint }: Context, account: Refreshed['accounts'][number]): string {
  const { source, externalId, read, match, decide, apply } = account;
  const changes = apply.changes.length > 0 ? apply.changes : decide.changes;
  return [
    paint.bold(`${cleanText(source)} ${cleanText(externalId)}`),
    ...Object.entries({ read, match, decide, apply }).map(
      ([step, { text }]) => `  ${step.padEnd(6)}  ${cleanText(text, 2_000)}`,
    ),
    ...changes.map((change) => `          ${changeText(change)}`),
    '',
  ].join('\n');
}
