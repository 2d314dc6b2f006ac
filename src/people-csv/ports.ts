import type { Asker } from '../domain/permissions.ts';
import type { UserId, Words } from '../domain/user.ts';
import type { UserTx } from '../users/ports.ts';
import type { ColumnName } from './columns.ts';
import type { ExportedPerson } from './exported-person.ts';
import type { Mapping } from './mapping.ts';
import type { KeptCell, RowChange, RowClass } from './row-plan.ts';
import type { RowError, SaidRow } from './said-row.ts';
import type { Exceeded } from '../reconcile/guard.ts';

/** What a row did, for undoing it. */
export interface RowUndo {
  readonly before: Words;
  readonly after: Words;
  readonly created: boolean;
  readonly activation: 'activate' | 'deactivate' | null;
}

/** A row of an import as it is kept and shown: one that changes nothing and says nothing is not. */
export interface ShownRow {
  readonly row: number;
  /** Null of a user who is not there yet, and of a row that names nobody. */
  readonly userId: UserId | null;
  /** Whom people see it is about. */
  readonly name: string;
  readonly said: SaidRow | null;
  /** Of a row that takes another one back. */
  readonly undo: RowUndo | null;
  readonly changes: readonly RowChange[];
  readonly kept: readonly KeptCell[];
  readonly errors: readonly RowError[];
  readonly classes: readonly RowClass[];
  /** Of what it changes; a row that would come out differently is not carried out. Null where it changes nothing. */
  readonly digest: string | null;
}

/** An import as a whole, as it is shown before it is done. */
export interface ShownImport {
  /** Rows of the file. */
  readonly rows: number;
  readonly unchanged: number;
  /** Rows with a mistake. */
  readonly errors: number;
  readonly counts: Readonly<Record<RowClass, number>>;
  /** Classes of the guard that are over their limits: it asks again. */
  readonly exceeded: readonly Exceeded[];
  /** Columns of the file that nobody reads. */
  readonly unread: readonly string[];
}

/** What became of a row. */
export interface RowResult {
  readonly row: number;
  readonly userId: UserId | null;
  readonly outcome: 'changed' | 'unchanged' | 'refused';
  readonly code: string | null;
  readonly message: string | null;
  readonly undo: RowUndo | null;
}

/** An import that is being carried out, in the name of who asked for that. */
export interface RunningImport extends Asker {
  readonly id: number;
  readonly reason: string | null;
  readonly missing: readonly ColumnName[];
}

export type PendingRow = Pick<ShownRow, 'row' | 'userId' | 'said' | 'undo' | 'classes' | 'digest'>;

/** A row that takes a unique name which somebody has who gives it up in another row. */
export interface ArrangedRow {
  readonly row: number;
  /** Turns are carried out in their order behind the rows without one (0), each turn at once. */
  readonly turn: number;
  /** With one it is no row to be carried out. */
  readonly errors: readonly RowError[];
}

/** A row that was carried out, with what takes it back. */
export interface DoneRow {
  readonly row: number;
  readonly userId: UserId;
  readonly name: string;
  readonly undo: RowUndo;
}

/** What carrying out needs of one transaction, beside what acts on users need. */
export type ImportTx = UserTx & {
  datesOf(ids: readonly UserId[]): Promise<ReadonlyMap<UserId, Pick<ExportedPerson, 'activated' | 'deactivated'>>>;
  activeUsers(): Promise<number>;
  /** Locks those of the rows that have no result, of an import that is running. */
  lockPending(importId: number, rows: readonly number[]): Promise<ReadonlySet<number>>;
  /** In the transaction of what the rows did. */
  saveResults(importId: number, results: readonly RowResult[]): Promise<void>;
};

export interface NewImport extends Asker {
  readonly fileName: string;
  readonly reason: string | null;
  readonly missing: readonly ColumnName[];
  readonly undoes: number | null;
}

/** What imports need of the database. */
export interface PeopleImportStore {
  transaction<T>(operator: string, end: 'keep' | 'drop', work: (tx: ImportTx) => Promise<T>): Promise<T>;
  /** Begins one that is being read, and forgets those that were shown a day ago and never carried out. */
  add(request: NewImport): Promise<number>;
  addRows(id: number, rows: readonly ShownRow[]): Promise<void>;
  /** What became known of rows behind the last one: their turn, or mistakes more. */
  arrange(id: number, rows: readonly ArrangedRow[]): Promise<void>;
  show(id: number, shown: ShownImport): Promise<void>;
  /** Forgets one that could not be read. */
  drop(id: number): Promise<void>;
  /** Null where there is none of that id. */
  find(id: number): Promise<{
    readonly state: 'reading' | 'shown' | 'running' | 'finished';
    readonly digest: string | null;
    readonly shown: ShownImport;
    readonly fileName: string;
  } | null>;
  /** From shown to running; false where it is not shown any more. */
  begin(id: number, asker: Asker, reason: string | null): Promise<boolean>;
  openOf(operator: string): Promise<number>;
  /** The oldest one that is running of the operator whose turn it is after this one. */
  next(after: string): Promise<RunningImport | null>;
  /** Rows without a result in the order in which they are carried out; rows of one turn are not parted. */
  pending(id: number, limit: number): Promise<readonly (PendingRow & Pick<ArrangedRow, 'turn'>)[]>;
  saveResults(id: number, results: readonly RowResult[]): Promise<void>;
  finish(id: number): Promise<void>;
  cancel(id: number, operator: string): Promise<void>;
  /** Rows that have changed somebody, the latest first, from before this row on. */
  done(id: number, before: number | null, limit: number): Promise<readonly DoneRow[]>;
}

/** A mapping under its name. */
export interface SavedMapping extends Mapping {
  readonly name: string;
  readonly savedBy: string;
  readonly savedAt: string;
}

export interface MappingStore {
  list(): Promise<readonly SavedMapping[]>;
  save(name: string, mapping: Mapping, operator: string): Promise<void>;
  /** False where there is none of that name. */
  remove(name: string): Promise<boolean>;
}
