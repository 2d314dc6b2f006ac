import type { ReconcileReads } from '../apply/ports.ts';
import { mostNamed } from '../domain/review-answers.ts';
import { query, type Db } from './sql.ts';

/** Accounts of a source that one question asks about together (spec 4.12); a condition on `a` with the source as its parameter. */
export const contradictedTogether = `a.source_id = ? and a.standing = 'question' and a.standing_reason = 'contradicted-match'
  and not exists (select from review_item i where i.closed_at is null and i.account_ids && array[a.id])`;

type QuestionReads = Pick<
  ReconcileReads,
  'openItemsOfSource' | 'openItems' | 'contradictedTogether' | 'openItemsOf' | 'separateUserAnswers'
>;

/** What a pass needs to know of questions that are open or answered. */
export function questionReads(db: Db): QuestionReads {
  return {
    openItemsOfSource: (kind, source) =>
      query(
        db,
        `select id, kind, subject, account_ids as "accountIds", user_ids as "userIds", evidence_digest as "evidenceDigest"
         from review_item where closed_at is null and kind = ? and source_id = ?`,
        [kind, source],
      ),
    openItems: (kinds, accountIds, userIds) =>
      query(
        db,
        `select id, kind, subject, account_ids as "accountIds", user_ids as "userIds", evidence_digest as "evidenceDigest"
         from review_item where closed_at is null and kind = any(?) and (account_ids && ?::int[] or user_ids && ?::int[])`,
        [[...kinds], [...accountIds], [...userIds]],
      ),
    async contradictedTogether(source) {
      const rows = await query<{ id: number; externalId: string; count: number }>(
        db,
        `select a.id, a.external_id as "externalId", count(*) over ()::int as count
         from account a where ${contradictedTogether} order by a.external_id limit ?`,
        [source, mostNamed],
      );
      return { count: rows[0]?.count ?? 0, accounts: rows.map(({ id, externalId }) => ({ id, externalId })) };
    },
    async openItemsOf(items) {
      const rows = await query<{ kind: string; subject: string }>(
        db,
        'select kind, subject from review_item where closed_at is null and subject = any(?)',
        [items.map((item) => item.subject)],
      );
      return new Set(rows.map((row) => `${row.kind} ${row.subject}`));
    },
    async separateUserAnswers(subjects) {
      const sql = `select subject from review_answer where kind = 'possible-duplicate' and subject = any(?)`;
      return new Set((await query<{ subject: string }>(db, sql, [[...subjects]])).map((row) => row.subject));
    },
  };
}
