import type { AbsenceRow, EventRow, Shown } from './ports.ts';
import { asApproved, shown, type Show } from './shown.ts';
import { stopIfAborted, type Pass, type Tally } from './pass.ts';

/** Counts the accounts that would become *gone*, and shows them where that is asked for. */
export async function takeAbsences(pass: Pass, tally: Tally, show?: Show): Promise<void> {
  await eachBatch(pass, async (rows) => {
    const absent = rows.filter((row) => row.absent);
    for (const row of absent) tally.add('gone', row.accountId);
    await show?.(absent.map(shownAbsence));
  });
}

function shownAbsence({ accountId, externalId, userId }: AbsenceRow): Shown {
  return shown({ kind: 'gone', accountId, externalId, userId, contentHash: '', changes: [], classes: ['gone'] });
}

/** Decides on observed absences and returns: *gone* is a decision, taken after the guard (spec 13.1). */
export async function writeAbsences(pass: Pass): Promise<void> {
  await eachBatch(pass, async (observed) => {
    const absent = observed.filter((row) => row.absent).map((row) => ({ row, shown: shownAbsence(row) }));
    const approved = new Set((await asApproved(pass, 'gone', absent)).map(({ row }) => row.accountId));
    const rows = observed.filter((row) => !row.absent || approved.has(row.accountId));
    if (rows.length === 0) return;
    await pass.store.inLease(pass.lease, async (tx) => {
      await tx.saveGone(rows, pass.runId);
      await tx.appendEvents(
        rows.map((row) => eventOf(row, pass)),
        { source: pass.rules.id, runId: pass.runId },
      );
      pass.counts.gone += rows.filter((row) => row.absent).length;
      pass.counts.returned += rows.filter((row) => !row.absent).length;
    });
  });
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
