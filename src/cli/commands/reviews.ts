import { apiPath, ask } from '../api-client.ts';
import { addCommand, addGroup, firstOf } from '../command.ts';
import type { RosterdCommand, Runner } from '../command.ts';
import type { Context } from '../context.ts';
import { needConsent } from '../consent.ts';
import { UsageError } from '../errors.ts';
import { printListing } from '../listing.ts';
import type { ReviewAnswered, ReviewItem, ReviewItemDetail, WorklistEntry } from '../shapes.ts';
import type { Column } from '../table.ts';
import { parseTime } from '../times.ts';

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
  addWorklistCommands(program, runner);
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

function addWorklistCommands(program: RosterdCommand, runner: Runner): void {
  const worklist = addGroup(
    program,
    'worklist',
    'users that a person should look at, with the evidence; ack: seen',
    'Users that a person should look at, with the evidence',
  );
  addCommand<{ readonly all?: boolean }>(worklist, runner, {
    call: 'list',
    isDefault: true,
    summary: 'users that a person should look at, with the evidence',
    details: 'The sync never deactivates anybody: whose account is gone or disabled stands here instead.',
    options: [['--all', 'those that were acknowledged, too']],
    run: async (context, _args, { all }) => {
      await printListing<WorklistEntry>(context, {
        path: apiPath('worklist'),
        query: { all },
        columns: [
          { head: 'USER', value: (entry) => entry.userId, align: 'right', whole: true },
          { head: 'USERNAME', value: (entry) => entry.username ?? `(${String(entry.count)} accounts)` },
          { head: 'NAME', value: (entry) => entry.displayName },
          { head: 'ACTIVE', value: (entry) => (entry.userId === null ? '' : entry.active ? 'yes' : 'no') },
          { head: 'WHY', value: (entry) => entry.reasons.join(', ') },
          {
            head: 'EVIDENCE',
            value: (entry) =>
              entry.evidence
                .slice(0, 3)
                .map((each) => evidenceText(context, each))
                .join('; '),
          },
          { head: 'SUGGESTED', value: (entry) => entry.suggestions.join('; ') },
          ...(all === true ? [acknowledgedColumn(context)] : []),
        ],
        empty: 'Nobody to look at.',
      });
      return undefined;
    },
  });
  addCommand<AckOptions>(worklist, runner, {
    call: 'ack <USER>',
    summary: 'seen: the entry stays away until its evidence changes, or until a date',
    arguments: { USER: 'id or username' },
    options: [
      ['--reason <NOTE>', 'what you found; kept in the history'],
      ['--until <TIME>', 'back at this time: 2026-03-31, "2026-03-31 15:00", or a span such as 12h, 7d'],
    ],
    run: async (context, args, { reason, until }) => {
      if (reason === undefined) throw new UsageError('say what you found, with --reason NOTE');
      const user = firstOf(args);
      const end = until === undefined ? {} : { until: parseTime(until, context.world.now(), 'future') };
      const client = await context.api('write');
      const answer = await ask(client, 'POST', apiPath('worklist', user, 'ack'), { body: { reason, ...end } });
      if (context.json) await context.out.json(answer);
      else
        await context.out.line(
          `User ${user} is off the worklist until ${end.until === undefined ? 'the evidence changes' : context.time(end.until)}.`,
        );
      return undefined;
    },
  });
}

interface AckOptions {
  readonly reason?: string;
  readonly until?: string;
}

function acknowledgedColumn(context: Context): Column<WorklistEntry> {
  return {
    head: 'SEEN BY',
    value: ({ acknowledged }) => {
      if (acknowledged === null) return '';
      const { by, note, until } = acknowledged;
      return `${by}: ${note}${until === null ? '' : ` (until ${context.time(until)})`}`;
    },
  };
}

function evidenceText(context: Context, evidence: WorklistEntry['evidence'][number]): string {
  const { reason, source, externalId, since, proof, changes } = evidence;
  const at = since === null ? '' : ` ${reason.startsWith('account-re') ? 'at' : 'since'} ${context.time(since)}`;
  const renamed = changes.map(({ field, before, after }) => `${field}: ${before} → ${after}`).join(', ');
  const how = renamed === '' ? proof : renamed;
  return `${source} ${externalId} ${reason.replace('account-', '')}${at}${how === null ? '' : ` (${how})`}`;
}
