import type { Context } from './context.ts';
import { CliError } from './errors.ts';
import { exitCode } from './exit-codes.ts';

/** Asks the person before something is done that they have just seen the preview of; throws where they do not want it. */
export async function needConsent(context: Context, question: string, yes: boolean | undefined): Promise<void> {
  if (yes === true) return;
  const answer = context.json ? null : await context.world.confirm(question);
  if (answer === true) return;
  const message =
    answer === null ? `nothing was changed: ${question} Say so with --yes` : 'nothing was changed, as you said';
  throw new CliError('not-confirmed', exitCode.failed, message);
}
