import { apiPath, ask } from '../api-client.ts';
import type { ApiClient } from '../api-client.ts';
import { addCommand, firstOf } from '../command.ts';
import type { RosterdCommand, Runner } from '../command.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { changeText } from '../event-line.ts';
import { exitCodeOfSync } from '../exit-codes.ts';
import { printListing, tableFor } from '../listing.ts';
import { isSettled } from '../progress.ts';
import { runColumns } from '../run-texts.ts';
import type { Run, ShownDecision, ShownPage } from '../shapes.ts';

const runArgument = { RUN: 'the number of the run, from `rosterd run list --state held`' };
const pauseMs = 250;
const mostShown = 20;

interface Decision {
  readonly digest?: string;
  readonly reason?: string;
}

/** `run approve`, `run discard`, `run decisions`: what people do about a run that the guard holds (spec 13.2). */
export function addHeldRunCommands(run: RosterdCommand, runner: Runner): void {
  addCommand(run, runner, {
    call: 'decisions <RUN>',
    summary: 'everything that a held run would do, account by account',
    arguments: runArgument,
    run: async (context, args) => {
      await printListing<ShownDecision>(context, {
        path: apiPath('runs', firstOf(args), 'decisions'),
        query: {},
        columns: decisionColumns,
        empty: 'This run shows nothing: only a held one does.',
      });
      return undefined;
    },
  });
  addCommand<Decision>(run, runner, {
    call: 'approve <RUN>',
    summary: 'apply what a held run shows',
    details:
      'Each decision is applied whose account and user still are as shown; the others are left to the next run, and counted as skipped.',
    arguments: runArgument,
    options: [
      ['--digest <DIGEST>', 'of what you have seen; `rosterd run show RUN` says it'],
      ['--reason <TEXT>', 'kept in the audit log'],
    ],
    run: async (context, args, { digest, reason }) => {
      if (digest === undefined)
        throw new UsageError('--digest is missing: approve what you have seen (`rosterd run show`)');
      const client = await context.api('write');
      const path = apiPath('runs', firstOf(args));
      await ask(client, 'POST', `${path}/approve`, { body: { digest, ...(reason === undefined ? {} : { reason }) } });
      const ended = await untilSettled(context, client, path);
      if (context.json) await context.out.json(ended);
      else {
        await context.out.write(tableFor(context, runColumns(context))([ended]));
        if (ended.counts.skipped > 0)
          await context.err.line(
            `${String(ended.counts.skipped)} of what was approved is not as it was shown and is left to the next run; ` +
              `\`rosterd run show ${String(ended.id)}\` names it.`,
          );
      }
      return exitCodeOfSync([ended], []);
    },
  });
  addCommand<Decision>(run, runner, {
    call: 'discard <RUN>',
    summary: 'refuse what a held run shows',
    details: [
      'Each value, role and team that it shows is refused until its source says another one, and each link and creation until a',
      'person links the account. Nothing of it is proposed again.',
    ].join('\n'),
    arguments: runArgument,
    options: [
      ['--reason <TEXT>', 'why; kept in the audit log and with each refusal'],
      ['--digest <DIGEST>', 'of what you have seen'],
    ],
    run: async (context, args, { digest, reason }) => {
      if (reason === undefined) throw new UsageError('--reason is missing: it is kept with everything that is refused');
      const client = await context.api('write');
      const id = firstOf(args);
      const body = { reason, ...(digest === undefined ? {} : { digest }) };
      const answer = (await ask(client, 'POST', apiPath('runs', id, 'discard'), { body })) as { refused: number };
      if (context.json) await context.out.json(answer);
      else
        await context.out.line(
          `Run ${id} is discarded; ${String(answer.refused)} values, links and creations are refused.`,
        );
      return undefined;
    },
  });
}

async function untilSettled(context: Context, client: ApiClient, path: string): Promise<Run> {
  for (;;) {
    const run = (await ask(client, 'GET', path)) as Run;
    if (isSettled(run)) return run;
    await context.world.sleep(pauseMs, AbortSignal.timeout(pauseMs * 2));
  }
}

const decisionColumns = [
  { head: 'WHAT', value: ({ kind }: ShownDecision) => kind },
  { head: 'ACCOUNT', value: ({ externalId }: ShownDecision) => externalId ?? '' },
  { head: 'USER', value: ({ userId, username }: ShownDecision) => username ?? (userId === null ? '' : String(userId)) },
  { head: 'CHANGES', value: ({ changes }: ShownDecision) => changes.map(changeText).join('; ') },
];

/** The first decisions of a held run, and how a person goes on. */
export async function showDecisions(context: Context, client: ApiClient, run: Run): Promise<void> {
  const path = `${apiPath('runs', String(run.id))}/decisions`;
  const query = { limit: String(mostShown) };
  const { items, next, kinds } = (await ask(client, 'GET', path, { query })) as ShownPage;
  await context.out.write(`\n${kindsText(kinds)}\n\n${tableFor(context, decisionColumns)(items)}`);
  if (next !== null)
    await context.hint(
      `These are the first ${String(mostShown)}; all of them: \`rosterd run decisions ${String(run.id)}\`.`,
    );
}

/** What a held run would do in all: `Matched 77 · not matched 12 · created 3 users`. */
function kindsText({ link, unmatched, create, question, values, gone, policy }: ShownPage['kinds']): string {
  const parts: readonly (readonly [number, string])[] = [
    [link, `matched ${String(link)}`],
    [unmatched, `not matched ${String(unmatched)}`],
    [create, `new users ${String(create)}`],
    [question, `questions about taken names ${String(question)}`],
    [values, `changed ${String(values)}`],
    [gone, `gone ${String(gone)}`],
    [policy, `changed by the configuration ${String(policy)}`],
  ];
  return `It would do: ${parts.flatMap(([count, text]) => (count > 0 ? [text] : [])).join(' · ') || 'nothing'}`;
}
