import type { RunState } from '../../domain/run-state.ts';
import type { Sight } from '../../domain/scope.ts';
import { seesUserId } from '../sight.ts';
import type { Knex } from 'knex';
import { idAfter, pageOf, type Page, type PageRequest } from './paging.ts';
import { allOf, iso, sqlRows } from './sql.ts';

type RunMode = 'full' | 'delta' | 'reconcile';

interface RunFilter extends PageRequest {
  readonly source?: string | undefined;
  readonly state?: RunState | undefined;
  /** Asked for at this time or later. */
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
  /** Without the runs that ended and did nothing. */
  readonly busy?: boolean | undefined;
}

/** A run that ended well and changed nothing, found nothing and asks nothing: what nobody needs to see. */
const didNothing = `(state = 'completed' and error_code is null and cardinality(waiting_for) = 0 and not exists (
  select from jsonb_each(counts) as counted(name, number)
   where counted.name not in ('read', 'unchanged', 'decided', 'skipped') and counted.number <> '0'))`;

const countNames = [
  'read',
  'new',
  'changed',
  'unchanged',
  'gone',
  'returned',
  'rejected',
  'created',
  'linked',
  'updated',
  'skipped',
  'review',
] as const;

/** What a run did, by class (spec 2.5); what it has not come to yet is 0. */
type RunCounts = Record<(typeof countNames)[number], number>;

/** A run as the API answers it. `progress` is what the engine last said of its pace. */
interface RunJson {
  readonly id: number;
  readonly syncId: string | null;
  readonly source: string | null;
  readonly mode: RunMode;
  readonly state: RunState;
  readonly counts: RunCounts;
  readonly error?: { readonly code: string; readonly message: string };
  readonly askedBy: string;
  readonly askedAt: string;
  readonly slot: string | null;
  readonly startedAt: string | null;
  readonly importedAt: string | null;
  readonly finishedAt: string | null;
  readonly phase: string | null;
  readonly progress: Readonly<Record<string, unknown>> | null;
  readonly complete: boolean | null;
  readonly waitingFor: readonly string[];
  readonly notes: readonly unknown[];
  readonly rejects: readonly unknown[];
  readonly cursorBefore: string | null;
  readonly cursorAfter: string | null;
  readonly configDigest: string | null;
  readonly digest: string | null;
  readonly heldAt: string | null;
  readonly approvedBy: string | null;
  readonly cancelAskedBy: string | null;
}

interface RunRow {
  readonly id: number;
  readonly sync_ids: readonly string[];
  readonly source_id: string | null;
  readonly mode: RunMode;
  readonly state: RunState;
  readonly counts: Readonly<Partial<RunCounts>>;
  readonly error_code: string | null;
  readonly error_message: string | null;
  readonly asked_by: string;
  readonly asked_at: Date;
  readonly slot: Date | null;
  readonly started_at: Date | null;
  readonly imported_at: Date | null;
  readonly finished_at: Date | null;
  readonly phase: string | null;
  readonly progress: Readonly<Record<string, unknown>> | null;
  readonly complete: boolean | null;
  readonly waiting_for: readonly string[];
  readonly notes: readonly unknown[];
  readonly rejects: readonly unknown[];
  readonly cursor_before: string | null;
  readonly cursor_after: string | null;
  readonly config_digest: string | null;
  readonly digest: string | null;
  readonly held_at: Date | null;
  readonly approved_by: string | null;
  readonly cancel_asked_by: string | null;
}

export interface RunQueries {
  /** Newest first. */
  list(filter: RunFilter): Promise<Page<RunJson>>;
  get(id: number): Promise<RunJson | null>;
  /** The runs of one request, the ones that they woke included; oldest first, 1,000 at most. */
  ofSync(syncId: string): Promise<readonly RunJson[]>;
  /** What a held run shows, in the order of its accounts (spec 13.2). */
  shown(runId: number, page: PageRequest): Promise<Page<ShownJson> & { readonly kinds: ShownKinds }>;
}

interface ShownJson {
  readonly kind: 'gone' | 'values' | 'link' | 'create' | 'question' | 'unmatched' | 'policy';
  /** Null where a policy moves the user and no account. */
  readonly externalId: string | null;
  readonly userId: number | null;
  readonly username: string | null;
  readonly changes: readonly { field: string; before: string | string[] | null; after: string | string[] | null }[];
  readonly classes: readonly string[];
}

/** How many decisions of each kind. */
type ShownKinds = Readonly<Record<ShownJson['kind'], number>>;
const noKinds: ShownKinds = { gone: 0, values: 0, link: 0, create: 0, question: 0, unmatched: 0, policy: 0 };

const largestId = 2_147_483_647;

/** Runs as people and programs see them. */
export function createRunQueries(knex: Knex, sight: Sight | null): RunQueries {
  const toJson = (row: RunRow): RunJson => jsonOf(sight === null ? row : withoutNames(row));
  return {
    async list(filter) {
      const rows = await sqlRows<RunRow>(
        knex,
        `select * from run
          where ${allOf([
            'id < :before',
            filter.source !== undefined && 'source_id = :source',
            filter.state !== undefined && 'state = :state',
            filter.since !== undefined && 'asked_at >= cast(:since as timestamptz)',
            filter.until !== undefined && 'asked_at < cast(:until as timestamptz)',
            filter.busy === true && `not ${didNothing}`,
          ])}
          order by id desc limit :limit`,
        {
          before: Math.min(idAfter(filter.after, largestId), largestId),
          limit: filter.limit + 1,
          source: filter.source ?? null,
          state: filter.state ?? null,
          since: filter.since?.toISOString() ?? null,
          until: filter.until?.toISOString() ?? null,
        },
      );
      const page = pageOf(rows, filter.limit, (row) => String(row.id));
      return { items: page.rows.map(toJson), next: page.next };
    },
    async get(id) {
      const [row] = await sqlRows<RunRow>(knex, 'select * from run where id = :id', { id });
      return row === undefined ? null : toJson(row);
    },
    async ofSync(syncId) {
      const rows = await sqlRows<RunRow>(
        knex,
        'select * from run where sync_ids @> array[cast(:syncId as text)] order by id limit 1000',
        {
          syncId,
        },
      );
      return rows.map(toJson);
    },
    async shown(runId, { after, limit }) {
      const rows = await sqlRows<ShownJson & { subject: number }>(
        knex,
        `select coalesce(s.account_id, s.user_id) as subject, s.kind, s.external_id as "externalId", s.user_id as "userId", u.username, s.changes, s.classes
           from shown_decision s left join "user" u on u.id = s.user_id
          where s.run_id = :runId and ${seesUserId(sight, 's.user_id')} and coalesce(s.account_id, s.user_id) > :after order by coalesce(s.account_id, s.user_id) limit :limit`,
        { runId, after: idAfter(after, 0), limit: limit + 1 },
      );
      const page = pageOf(rows, limit, (row) => String(row.subject));
      const kinds = await sqlRows<{ kind: ShownJson['kind']; count: number }>(
        knex,
        `select s.kind, count(*)::int as count from shown_decision s
          where s.run_id = :runId and ${seesUserId(sight, 's.user_id')} group by s.kind`,
        { runId },
      );
      return {
        items: page.rows.map(({ subject: _, ...row }) => row),
        next: page.next,
        kinds: { ...noKinds, ...Object.fromEntries(kinds.map(({ kind, count }) => [kind, count])) },
      };
    },
  };
}

/** Rejects and notes name records and people of the whole source; the counts stay. */
function withoutNames(row: RunRow): RunRow {
  return { ...row, rejects: [], notes: [] };
}

function jsonOf(row: RunRow): RunJson {
  const counts = Object.fromEntries(countNames.map((name) => [name, row.counts[name] ?? 0])) as RunCounts;
  return {
    id: row.id,
    syncId: row.sync_ids[0] ?? null,
    source: row.source_id,
    mode: row.mode,
    state: row.state,
    counts,
    ...(row.error_code === null ? {} : { error: { code: row.error_code, message: row.error_message ?? '' } }),
    askedBy: row.asked_by,
    askedAt: iso(row.asked_at),
    slot: iso(row.slot),
    startedAt: iso(row.started_at),
    importedAt: iso(row.imported_at),
    finishedAt: iso(row.finished_at),
    phase: row.phase,
    progress: row.progress,
    complete: row.complete,
    waitingFor: row.waiting_for,
    notes: row.notes,
    rejects: row.rejects,
    cursorBefore: row.cursor_before,
    cursorAfter: row.cursor_after,
    configDigest: row.config_digest,
    digest: row.digest,
    heldAt: iso(row.held_at),
    approvedBy: row.approved_by,
    cancelAskedBy: row.cancel_asked_by,
  };
}
