import { apiPath } from '../api-client.ts';
import { addCommand, addGroup } from '../command.ts';
import type { RosterdCommand, Runner } from '../command.ts';
import type { Context } from '../context.ts';
import { printListing } from '../listing.ts';
import type { ReviewItem, WorklistEntry } from '../shapes.ts';

interface ReviewListOptions {
  readonly source?: string;
  readonly kind?: string;
}

const kinds = [
  ...['ambiguous-match', 'already-linked', 'inactive-match', 'possible-id-reuse', 'unique-taken'],
  ...['unknown-role', 'team-name-taken', 'possible-duplicate'],
];

export function addReviewCommands(program: RosterdCommand, runner: Runner): void {
  const review = addGroup(
    program,
    'review',
    'list: questions that only a person can answer',
    'Questions that only a person can answer',
  );
  addCommand<ReviewListOptions>(review, runner, {
    call: 'list',
    summary: 'the open questions; they close themselves when they no longer arise',
    options: [
      ['--source <SOURCE>', 'only of this source'],
      ['--kind <KIND>', 'only of this kind', kinds],
    ],
    run: async (context, _args, { source, kind }) => {
      await printListing<ReviewItem>(context, {
        path: apiPath('review-items'),
        query: { source, kind },
        columns: [
          { head: 'ITEM', value: (item) => item.id, align: 'right', whole: true },
          { head: 'KIND', value: (item) => item.kind, whole: true },
          { head: 'SOURCE', value: (item) => item.source },
          { head: 'EXTERNAL ID', value: (item) => item.externalId },
          { head: 'USERS', value: (item) => item.userIds.join(', ') },
          { head: 'SINCE', value: (item) => context.time(item.openedAt) },
          { head: 'ANSWERS', value: (item) => item.options.join(' · ') },
        ],
        empty: 'Nothing to decide.',
      });
      return undefined;
    },
  });
  addCommand(program, runner, {
    call: 'worklist',
    summary: 'users that a person should look at, with the evidence',
    details: 'The sync never deactivates anybody: whose account is gone or disabled stands here instead.',
    run: async (context) => {
      await printListing<WorklistEntry>(context, {
        path: apiPath('worklist'),
        columns: [
          { head: 'USER', value: (entry) => entry.userId, align: 'right', whole: true },
          { head: 'USERNAME', value: (entry) => entry.username },
          { head: 'NAME', value: (entry) => entry.displayName },
          { head: 'ACTIVE', value: (entry) => (entry.active ? 'yes' : 'no') },
          { head: 'WHY', value: (entry) => entry.reasons.join(', ') },
          { head: 'EVIDENCE', value: (entry) => entry.evidence.map((each) => evidenceText(context, each)).join('; ') },
        ],
        empty: 'Nobody to look at.',
      });
      return undefined;
    },
  });
}

function evidenceText(context: Context, evidence: WorklistEntry['evidence'][number]): string {
  const { source, externalId, state, since, proof } = evidence;
  const from = since === null ? '' : ` since ${context.time(since)}`;
  return `${source} ${externalId} ${state}${from}${proof === null ? '' : ` (${proof})`}`;
}
