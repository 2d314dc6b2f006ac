import type { Asker } from '../domain/permissions.ts';
import { storageFailureCode } from '../domain/storage-failure.ts';
import type { SourceId } from '../domain/user.ts';
import { ActionRefusedError } from '../users/errors.ts';
import type { RequestReconcile } from '../users/events.ts';
import { createJobLoop } from '../users/job-loop.ts';
import { carryOutRows } from './carry-out.ts';
import { checkFile, checkUndo, type Checking } from './check-file.ts';
import { mappingProblem, type Mapping } from './mapping.ts';
import type { PendingRow, RunningImport } from './ports.ts';

export interface PeopleImportOptions extends Checking {
  readonly requestReconcile: RequestReconcile;
  /** Rows of one transaction, and between two looks at whether an import was cancelled. */
  readonly rowsTogether: number;
  /** Runs work in one process at a time; where another one has it, it goes on there. */
  readonly exclusively: (work: (signal: AbortSignal) => Promise<void>) => Promise<void>;
  readonly log: { error(data: object, message: string): void };
}

/** A file as somebody hands it in. */
interface FileRequest extends Asker {
  readonly fileName: string;
  readonly content: Buffer;
  readonly mapping: Mapping;
  /** Columns that the file does not have clear nothing (spec 17.4). */
  readonly keepMissing: boolean;
  readonly reason: string | null;
}

/** The word with which somebody has a shown import carried out. */
interface ApplyRequest extends Asker {
  readonly id: number;
  /** Of what was shown. */
  readonly digest: string;
  /** Rows with mistakes are left out. */
  readonly skipBad: boolean;
  /** Although classes of the guard are over their limits. */
  readonly beyondLimits: boolean;
  readonly reason: string | null;
}

/** Imports of people.csv (spec 17): shown, then carried out as a job. */
export interface PeopleImports {
  /** Checks every row and shows what would change; changes nobody. Gives the id. @throws FileRefusedError, ActionRefusedError */
  check(request: FileRequest): Promise<number>;
  /** Shows what taking an import back as a whole would change; it is carried out like an import. @throws ActionRefusedError */
  checkUndo(request: Asker & { readonly id: number; readonly reason: string | null }): Promise<number>;
  /** Begins to carry out what was shown. @throws ActionRefusedError */
  apply(request: ApplyRequest): Promise<void>;
  /** Stops one; rows without a result are left as they are. */
  cancel(id: number, operator: string): Promise<void>;
  /** Goes on with the imports that are not finished, until none is left. */
  carryOut(): Promise<void>;
}

/** Imports of one operator that are being carried out. */
const mostOpen = 5;

/**
 * Rows are carried out some at a time, in one transaction with their results: whatever dies, a row is done wholly or not at all and
 * never twice, and the import goes on with the rows that have no result.
 */
export function createPeopleImports(options: PeopleImportOptions): PeopleImports {
  const { store } = options;
  const carryOut = createJobLoop(options.exclusively, (signal) => carryOutAll(options, signal));
  return {
    async check(request) {
      const problem = mappingProblem(request.mapping);
      if (problem !== null) throw new ActionRefusedError('mapping-invalid', problem);
      return checkFile(options, request);
    },
    async checkUndo({ id, reason, operator, may }) {
      const found = await store.find(id);
      if (found?.state !== 'finished')
        throw new ActionRefusedError(
          'import-not-finished',
          `Import ${String(id)} is not finished: cancel it first, or wait for its end.`,
        );
      return checkUndo(options, { fileName: found.fileName, undoes: id, missing: [], reason, operator, may });
    },
    async apply({ id, digest, skipBad, beyondLimits, reason, operator, may }) {
      const found = await store.find(id);
      if (found?.state !== 'shown')
        throw new ActionRefusedError('import-not-shown', `Import ${String(id)} is carried out already, or cancelled.`);
      if (found.digest !== digest)
        throw new ActionRefusedError('digest-changed', `Import ${String(id)} shows something else: look at it again.`);
      const { errors, exceeded } = found.shown;
      if (errors > 0 && !skipBad)
        throw new ActionRefusedError(
          'import-has-errors',
          `${String(errors)} rows have mistakes, so nothing is imported: mend them, or have them left out.`,
        );
      if (exceeded.length > 0 && !beyondLimits)
        throw new ActionRefusedError(
          'import-beyond-limits',
          `This is beyond the guard's limits (${exceeded.map((each) => `${each.class}: ${String(each.count)}`).join(', ')}): it has to be confirmed.`,
        );
      if ((await store.openOf(operator)) >= mostOpen)
        throw new ActionRefusedError('too-many-jobs', `${String(mostOpen)} imports of yours are not finished.`);
      if (!(await store.begin(id, { operator, may }, reason)))
        throw new ActionRefusedError('import-not-shown', `Import ${String(id)} is carried out already.`);
      carryOut().catch((error: unknown) => {
        options.log.error({ err: error, import: id }, 'an import of people was broken off and goes on later');
      });
    },
    cancel: (id, operator) => store.cancel(id, operator),
    carryOut,
  };
}

async function carryOutAll(options: PeopleImportOptions, signal: AbortSignal): Promise<void> {
  const { store, requestReconcile, rowsTogether } = options;
  // Some rows of one operator's, then some of the next one's: nobody waits behind all that somebody else has asked for.
  for (let lastServed = ''; ;) {
    const running = await store.next(lastServed);
    if (running === null) return;
    lastServed = running.operator;
    const rows = await store.pending(running.id, rowsTogether);
    signal.throwIfAborted();
    if (rows.length > 0) {
      const woken = await carriedOut(options, running, rows, signal);
      if (woken.size > 0) await requestReconcile([...woken].sort());
    }
    if (rows.length < rowsTogether) await store.finish(running.id);
  }
}

type Turn = readonly (PendingRow & { readonly turn: number })[];

/** The sources that they woke. All at once; where that fails inside rosterd, one by one, so that a row that it fails on does not stop the others. */
async function carriedOut(
  options: PeopleImportOptions,
  running: RunningImport,
  rows: Turn,
  signal: AbortSignal,
): Promise<ReadonlySet<SourceId>> {
  const failed = (error: unknown): void => {
    // Where the database itself fails the import waits.
    if (storageFailureCode(error) !== null || signal.aborted) throw error;
    options.log.error(
      { err: error, import: running.id, rows: rows.length, row: rows[0]?.row },
      'an import failed on rows',
    );
  };
  try {
    return new Set((await carryOutRows(options, running, rows)).woken);
  } catch (error) {
    failed(error);
  }
  const woken = new Set<SourceId>();
  for (const turn of Map.groupBy(rows, (each) => (each.turn === 0 ? -each.row : each.turn)).values())
    try {
      signal.throwIfAborted();
      for (const source of (await carryOutRows(options, running, turn)).woken) woken.add(source);
    } catch (error) {
      failed(error);
      await options.store.saveResults(
        running.id,
        turn.map(({ row, userId }) => ({ row, userId, ...failure, undo: null })),
      );
    }
  return woken;
}

const failure = {
  outcome: 'refused',
  code: 'internal',
  message: 'It failed inside rosterd; its log has the cause.',
} as const;
