import type { Knex } from 'knex';
import type { Sight } from '../../domain/scope.ts';
import type { UserValue } from '../../domain/user.ts';
import { decideMerge, type DifferingValue } from '../../reconcile/merge.ts';
import type { MergeSide } from '../../reconcile/merge-refusal.ts';
import { mergeWork } from '../merge-store.ts';
import { noReadRules } from '../read-rules.ts';
import { seesUser } from '../sight.ts';
import { loadSubjects } from '../subject-rows.ts';
import { idAfter, pageOf, type Page, type PageRequest } from './paging.ts';
import { sqlRows } from './sql.ts';

/** One of two users as a person recognises them. */
interface MergeUserJson {
  readonly userId: number;
  readonly username: string | null;
  readonly name: string;
  readonly email: string | null;
  readonly active: boolean;
  /** Their current links, as `source external-id`. */
  readonly links: readonly string[];
}

/** Two users who may be one person (spec 18.2). */
interface MergeCandidateJson {
  readonly primary: MergeUserJson;
  readonly other: MergeUserJson;
  readonly reason: 'same-name';
  /** Why the two cannot be merged as they are, and the way out; null where they can. */
  readonly refusal: { readonly code: string; readonly message: string } | null;
  readonly differing: readonly DifferingValue[];
}

/** Pairs that may be merged, as people and programs see them. */
export function createMergeQueries(knex: Knex, sight: Sight | null) {
  return {
    async candidates(filter: PageRequest): Promise<Page<MergeCandidateJson>> {
      const rows = await candidatePairs(knex, filter, sight);
      const page = pageOf(rows, filter.limit, (row) => String(row.other));
      const ids = [...new Set(page.rows.flatMap(({ primary, other }) => [primary, other]))];
      const sides = await sidesOf(knex, ids);
      const teams = await sqlRows<{ id: number; name: string }>(knex, 'select id, name from team');
      const teamNames = new Map(teams.map(({ id, name }) => [id, name]));
      const items = page.rows.flatMap((row): MergeCandidateJson[] => {
        const [primary, other] = [sides.get(row.primary), sides.get(row.other)];
        if (primary === undefined || other === undefined) return [];
        const decided = decideMerge(primary, other, { fields: {}, prefer: null }, teamNames);
        const outcome =
          'refused' in decided
            ? { refusal: { code: decided.refused, message: decided.message }, differing: [] }
            : { refusal: null, differing: decided.differing };
        return [{ primary: asJson(primary), other: asJson(other), reason: 'same-name', ...outcome }];
      });
      return { items, next: page.next };
    },
  };
}

async function sidesOf(knex: Knex, ids: readonly number[]): Promise<ReadonlyMap<number, MergeSide>> {
  const links = await mergeWork(knex, noReadRules).mergeLinks(ids);
  const rows = await loadSubjects(knex, ids, false);
  return new Map(
    rows.map(({ subject }) => [subject.user.id, { subject, links: links.get(subject.user.id) ?? [] }] as const),
  );
}

function asJson({ subject: { user }, links }: MergeSide): MergeUserJson {
  const { fields } = user.value;
  return {
    userId: user.id,
    username: fields.username ?? null,
    name: nameOf(user.value),
    email: fields.email ?? null,
    active: user.active,
    links: links.map(({ source, externalId }) => `${source} ${externalId}`),
  };
}

function nameOf({ fields: { firstName = '', lastName = '' } }: UserValue): string {
  return `${firstName} ${lastName}`;
}

/**
 * Of users who have first and last name in common, each of the others with the one who would stay: active, and synchronised from an
 * ACD where one is (spec 18.2). The work of a page is that of the groups of equal names on it. Pairs that a person has called two
 * people, or has taken apart again, are none.
 */
function candidatePairs(
  knex: Knex,
  { after, limit }: PageRequest,
  sight: Sight | null,
): Promise<{ primary: number; other: number }[]> {
  const [start, sees] = [idAfter(after), seesUser(sight, 'u')];
  return sqlRows(
    knex,
    `with here as (select name_key, id from "user" where id = :start),
     same as (
       select u.name_key from "user" u
        where u.name_key >= coalesce((select name_key from here), '') and u.merged_into is null and ${sees}
        group by u.name_key having count(*) > 1 and bool_or(u.active) order by u.name_key limit :groups
     ), members as (
       select u.id, u.name_key, first_value(u.id) over (partition by u.name_key
         order by u.active desc,
           exists (select from link l join source_state s on s.source_id = l.source_id
                    where l.user_id = u.id and l.until is null and s.role = 'acd' and s.retired_at is null) desc,
           exists (select from link l where l.user_id = u.id and l.until is null) desc, u.id) as stays
       from same join "user" u on u.name_key = same.name_key and u.merged_into is null and ${sees}
     )
     select m.stays as "primary", m.id as other from members m
      where m.id <> m.stays and (:start = 0 or (m.name_key, m.id) > (select name_key, id from here))
        and not exists (select from review_answer a where a.kind = 'possible-duplicate'
              and a.subject = least(m.id, m.stays) || ':' || greatest(m.id, m.stays))
        and not exists (select from merge g where g.undone_at is not null
              and (g.primary_id, g.other_id) in ((m.id, m.stays), (m.stays, m.id)))
      order by m.name_key, m.id limit :rows`,
    { start, groups: limit + 2, rows: limit + 1 },
  );
}
