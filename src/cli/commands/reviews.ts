import { apiPath, ask } from '../api-client.ts';
import { addCommand, addGroup, firstOf } from '../command.ts';
import type { RosterdCommand, Runner } from '../command.ts';
import type { Context } from '../context.ts';
import { needConsent } from '../consent.ts';
import { printListing } from '../listing.ts';
import type { ReviewAnswered, ReviewItem, ReviewItemDetail } from '../shapes.ts';

interface ReviewListOptions {
  readonly source?: string;
  readonly kind?: string;
  readonly closed?: boolean;
}

const kinds = [
  ...['ambiguous-match', 'already-linked', 'inactive-match', 'possible-id-reuse', 'unique-taken'],
  ...['unknown-role', 'team-name-taken', 'possible-duplicate', 'contradicted-match', 'shared-value'],
];

export function addReviewCommands(program: RosterdCommand, runner: Runner): void {
  const review = addGroup(
    program,
    'review',
    'list · show · resolve: questions that only a person can answer',
    'Questions that only a person can answer',
  );
  addCommand<ReviewListOptions>(review, runner, {
    call: 'list',
    summary: 'the open questions; they close themselves when they no longer arise',
    options: [
      ['--source <SOURCE>', 'only of this source'],
      ['--kind <KIND>', 'only of this kind', kinds],
      ['--closed', 'those that are closed, with who answered what'],
    ],
    run: async (context, _args, { source, kind, closed }) => {
      await printListing<ReviewItem>(context, {
        path: apiPath('review-items'),
        query: { source, kind, closed },
        columns: [
          { head: 'ITEM', value: (item) => item.id, align: 'right', whole: true },
          { head: 'KIND', value: (item) => item.kind, whole: true },
          { head: 'SOURCE', value: (item) => item.source },
          { head: 'EXTERNAL ID', value: (item) => item.externalId },
          { head: 'ABOUT', value: (item) => item.about },
          { head: 'SINCE', value: (item) => context.time(item.openedAt) },
          closed === true
            ? { head: 'ENDED', value: (item) => endOf(context, item) }
            : { head: 'ANSWERS', value: (item) => item.options.join(' · ') },
        ],
        empty: closed === true ? 'None was closed.' : 'Nothing to decide.',
      });
      return undefined;
    },
  });
  addShowCommand(review, runner);
  addResolveCommand(review, runner);
}

function endOf(context: Context, { closedAt, answer, answeredBy }: ReviewItem): string {
  const at = closedAt === null ? '' : ` ${context.time(closedAt)}`;
  return answer === null ? `no longer arises${at}` : `${answer}, by ${answeredBy ?? 'somebody'}${at}`;
}

function addShowCommand(review: RosterdCommand, runner: Runner): void {
  addCommand(review, runner, {
    call: 'show <ITEM>',
    summary: 'one question, with what both sides say',
    arguments: { ITEM: 'as `review list` shows it' },
    run: async (context, args) => {
      const client = await context.api('read');
      const item = (await ask(client, 'GET', apiPath('review-items', firstOf(args)))) as ReviewItemDetail;
      if (context.json) await context.out.json(item);
      else for (const line of shownItem(context, item)) await context.out.line(line);
      return undefined;
    },
  });
}

/** The question, then the fields of which any side says something, one line each. */
function shownItem(context: Context, item: ReviewItemDetail): string[] {
  const fields = [...new Set(item.sides.flatMap(({ values }) => Object.keys(values)))];
  const sides = item.sides.flatMap(({ side, of, values }) => [
    `${side} ${of}`,
    ...fields.flatMap((field) => (values[field] === undefined ? [] : [`  ${field}: ${values[field]}`])),
  ]);
  const end = item.closedAt === null ? `answers: ${item.options.join(' · ')}` : `ended: ${endOf(context, item)}`;
  const about = `${item.kind} ${item.source ?? ''}: ${item.about}`;
  return [`item ${String(item.id)}: ${about}`, `since ${context.time(item.openedAt)}`, ...sides, end];
}

function addResolveCommand(review: RosterdCommand, runner: Runner): void {
  addCommand<{ readonly reason?: string; readonly yes?: boolean }>(review, runner, {
    call: 'resolve <ITEM> <ANSWER> [VALUE]',
    summary: 'answers a question; the answer is remembered',
    details: 'An answer to a question whose evidence has changed meanwhile is refused, with the new evidence.',
    arguments: {
      ITEM: 'as `review list` shows it',
      ANSWER: 'one of those that `review list` shows for it',
      VALUE:
        'this-user: id or username; new-person: the username that the old user keeps; another-value: that value; map-to: the role or team; create: the name of the team; of several accounts the external id of the one that is meant',
    },
    options: [
      ['--reason <TEXT>', 'kept in the history'],
      ['--yes', 'do not ask'],
    ],
    run: async (context, [item = '', answer, value], { reason, yes }) => {
      const client = await context.api('write');
      const path = apiPath('review-items', item, 'answer');
      const body = { answer, value, reason };
      const preview = (await ask(client, 'POST', path, { body, query: { preview: true } })) as ReviewAnswered;
      const text = answeredText(preview);
      if (text !== '') await needConsent(context, `This answer would change:\n${text}Go on?`, yes);
      const answered = (await ask(client, 'POST', path, { body })) as ReviewAnswered;
      if (context.json) await context.out.json(answered);
      else await context.out.line(`Item ${item} is answered: ${answered.answer}.`);
      return undefined;
    },
  });
}

function answeredText({ changes, warnings }: ReviewAnswered): string {
  const shown = (value: ReviewAnswered['changes'][number]['before']): string =>
    value === null ? 'none' : typeof value === 'string' ? value : value.join(', ');
  const lines = changes.map(({ field, before, after }) => `  ${field}: ${shown(before)} → ${shown(after)}`);
  return [...lines, ...warnings.map((warning) => `  ${warning}`)].map((line) => `${line}\n`).join('');
}
