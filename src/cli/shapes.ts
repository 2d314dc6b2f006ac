/**
 * What the API answers, as the commands read it. The API checks its answers against these same schemas, so the commands
 * need not check them again.
 */
import type { z } from 'zod';
import type { eventPage } from '../api/schemas/events.ts';
import type { refreshed } from '../api/schemas/refresh.ts';
import type { sync, syncStarted } from '../api/schemas/runs.ts';
import type { checkReport, moveReport } from '../api/schemas/sources.ts';

export type { OperatorJson as Operator, TokenJson as Token } from '../api/schemas/access.ts';
export type { Account } from '../api/schemas/accounts.ts';
export type { Event as HistoryEvent } from '../api/schemas/events.ts';
export type { Explanation } from '../api/schemas/explanation.ts';
export type { Group, Role } from '../api/schemas/groups.ts';
export type { Team, TeamActed, TeamBinding, TeamDetail } from '../api/schemas/teams.ts';
export type { ReviewAnswered, ReviewItem, ReviewItemDetail } from '../api/schemas/review-items.ts';
export type { DryRun, DryRunReport, Run, ShownDecision, ShownPage } from '../api/schemas/runs.ts';
export type { LiftReport, Refusal } from '../api/schemas/refusals.ts';
export type { Source } from '../api/schemas/sources.ts';
export type { BulkAsked, BulkJob, BulkResult } from '../api/schemas/bulk.ts';
export type { CsvPerson } from '../api/schemas/people-csv.ts';
export type { PeopleImport, PeopleImportRow, SavedCsvMapping } from '../api/schemas/people-imports.ts';
export type { MergeCandidate, Merged, MergeOutcome, MergesAsked } from '../api/schemas/merges.ts';
export type { UndoJob, UndoReport } from '../api/schemas/undo.ts';
export type { Owner, UserActed } from '../api/schemas/user-actions.ts';
export type { NumericId, Purged } from '../api/schemas/user-life.ts';
export type { ListedUser, User } from '../api/schemas/users.ts';
export type { AcknowledgedMany, WorklistEntry } from '../api/schemas/worklist.ts';

export type EventPage = z.output<typeof eventPage>;
export type CheckReport = z.output<typeof checkReport>;
export type MoveReport = z.output<typeof moveReport>;
export type SyncStarted = z.output<typeof syncStarted>;
export type Sync = z.output<typeof sync>;
export type Refreshed = z.output<typeof refreshed>;
export type RefusedSource = SyncStarted['refused'][number];

/** Any list of the API. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next?: string | null;
}
