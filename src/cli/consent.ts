import type { Context } from './context.ts';
import { CliError } from './errors.ts';
import { exitCode } from './exit-codes.ts';

/** Asks the person before something is done that they have just seen the preview of; throws where they do not want it. */
export async function needConsent(context: Context, question: string, yes: boolean | undefined): Promise<void> {
  if (yes === true) return;
  const answer = context.json ? null : await context.world.confirm(question);
  if (answer === true) return;
  if (answer === false) throw declined();
  throw new CliError('not-confirmed', exitCode.failed, `${question}\nNothing was changed: say so with --yes`);
}

function declined(): CliError {
  return new CliError('not-confirmed', exitCode.failed, 'Nothing was changed, as you said');
}
