import type { AbsenceRow, EventRow } from './ports.ts';
import { stopIfAborted, type Pass, type Tally } from './pass.ts';

/** Counts the accounts that would become *gone*. */
export async function countAbsences(pass: Pass, tally: Tally): Promise<void> {
  await eachBatch(pass, (rows) => {
    for (const row of rows) if (row.absent) tally.add('gone', row.accountId);
    return Promise.resolve();
  });
}

/** Decides on observed absences and returns: *gone* is a decision, taken after the guard (spec 13.1). */
export async function writeAbsences(pass: Pass): Promise<void> {
  await eachBatch(pass, (rows) =>
    pass.store.inLease(pass.lease, async (tx) => {
      await tx.saveGone(rows, pass.runId);
      await tx.appendEvents(
        rows.map((row) => eventOf(row, pass)),
        { source: pass.rules.id, runId: pass.runId },
      );
      pass.counts.gone += rows.filter((row) => row.absent).length;
      pass.counts.returned += rows.filter((row) => !row.absent).length;
    }),
  );
}

async function eachBatch(pass: Pass, work: (rows: readonly AbsenceRow[]) => Promise<void>): Promise<void> {
  for (let after = 0; ;) {
    stopIfAborted(pass);
    const rows = await pass.store.read.absences(pass.rules.id, after, pass.batchSize);
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.accountId;
    const decidable = rows.filter((row) => !row.absent || pass.decidesAbsences);
    if (decidable.length > 0) await work(decidable);
  }
}

function eventOf(row: AbsenceRow, pass: Pass): EventRow {
  return {
    type: row.absent ? 'account-gone' : 'account-returned',
    userId: row.userId,
    accountId: row.accountId,
    externalId: row.externalId,
    changes: [],
    reason: row.absent ? (row.proof ?? 'absent from a complete import') : `seen again at ${pass.rules.id}`,
    guardClasses: row.absent && !pass.guard.letThrough ? ['gone'] : null,
  };
}
