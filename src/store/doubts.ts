import type { AccountContent } from '../domain/account.ts';
import type { SourceId, UserId } from '../domain/user.ts';
import { suspicionOf } from '../reconcile/decide.ts';
import { keysOnlyOf } from '../reconcile/doubt.ts';
import { knownBefore, type BeforeRow } from './known-before.ts';
import type { ReadRules } from './read-rules.ts';
import { query, type Db } from './sql.ts';
import { loadSubjects } from './subject-rows.ts';

interface ReusedRow extends BeforeRow {
  readonly user_id: UserId;
  readonly source_id: SourceId;
  readonly external_id: string;
  readonly content: AccountContent;
  readonly ignored: boolean;
}

/**
 * The keys of a source's correlation rules under which users are found only by accounts of other sources that, as they were
 * observed last, seem to be other people's now, whether that has been asked about or not (spec 8.3). Users without are left out.
 */
export async function keysInDoubt(
  db: Db,
  source: SourceId,
  userIds: readonly UserId[],
  rules: ReadRules,
): Promise<ReadonlyMap<UserId, readonly string[]>> {
  const others = [...rules.reusableIds.keys()].filter((id) => id !== source);
  if (others.length === 0 || userIds.length === 0) return new Map();
  const renamed = await query<ReusedRow>(
    db,
    // Only those that are called otherwise than they were can seem to be another person's.
    `select l.user_id, l.source_id, a.external_id, a.content, a.ignored_at is not null as ignored,
       a.standing_reason, n.names_seen, s.name_mapping
     from link l join account a on a.id = l.account_id join source_state s on s.source_id = l.source_id
       join snapshot n on n.user_id = l.user_id and n.source_id = l.source_id and n.account_id = l.account_id
     where l.user_id = any(?) and l.source_id = any(?) and l.until is null
       and exists (select from unnest(array['firstName', 'lastName', 'displayName']) as name
                   where a.content -> 'values' ->> name is distinct from n.names_seen ->> name)`,
    [[...userIds], others],
  );
  const doubted = Map.groupBy(
    renamed.filter((row) => isSuspected(row, rules)),
    (row) => row.user_id,
  );
  if (doubted.size === 0) return new Map();
  const users = await loadSubjects(db, [...doubted.keys()], false);
  return new Map(
    users.map((row) => {
      const { id } = row.subject.user;
      const sources = new Set((doubted.get(id) ?? []).map((account) => account.source_id));
      return [id, keysOnlyOf(sources, row, rules.matchOf(source))];
    }),
  );
}

function isSuspected(row: ReusedRow, { reusableIds, ignoringRuleOf }: ReadRules): boolean {
  const { external_id: externalId, content, source_id: source } = row;
  const ignored = row.ignored || ignoringRuleOf(source, { externalId, content }) !== null;
  return suspicionOf({ content, ignored, before: knownBefore(row) }, reusableIds.get(source) ?? null) !== null;
}
