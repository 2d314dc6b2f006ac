import type { UserId } from '../domain/user.ts';
import { decideValues, type ValueDecision } from '../reconcile/decide.ts';
import type { AbsenceRow, EventRow, ReconcileReads, Shown } from './ports.ts';
import { asApproved, shown, type Show } from './shown.ts';
import { countAll } from './counted.ts';
import { stopIfAborted, type Pass, type PassPhase } from './pass.ts';
import { type Tally } from './tally.ts';
import { writeLinkedUsers } from './values.ts';

/** Counts the accounts that would become *gone*, and shows them where that is asked for. */
export async function takeAbsences(pass: Pass, tally: Tally, show?: Show): Promise<void> {
  await eachBatch(pass, show === undefined ? 'counting' : 'showing', async (rows) => {
    const absent = rows.filter((row) => row.absent);
    const effects = await effectsOf(pass, rows, pass.store.read);
    for (const row of absent) tally.add('gone', row.accountId);
    for (const [userId, { classes }] of effects) for (const name of classes) tally.add(name, userId);
    await show?.(absent.map((row) => shownAbsence(row, effects)));
  });
}

/** Counts everything that could come of accounts that are gone or back, without deciding. */
export async function countTurned(pass: Pass, tally: Tally): Promise<void> {
  await eachBatch(pass, 'counting', (rows) => {
    for (const { accountId, absent, userId } of rows) {
      if (absent) tally.add('gone', accountId);
      if (userId !== null) countAll(tally, userId);
    }
    return Promise.resolve();
  });
}

/** What becomes of the users whose account is gone, or back: another ACD of theirs may supply what it did (spec 5.8). */
type Effects = ReadonlyMap<UserId, Pick<ValueDecision, 'changes' | 'classes'>>;

async function effectsOf(pass: Pass, turned: readonly AbsenceRow[], reads: ReconcileReads): Promise<Effects> {
  const goes = new Map(turned.flatMap(({ userId, absent }) => (userId === null ? [] : [[userId, absent] as const])));
  const users = [...goes.keys()];
  if (users.length === 0) return new Map();
  const rows = await reads.subjects(pass.rules.id, users, false);
  return new Map(
    rows.flatMap(({ subject, account }): [UserId, ValueDecision][] => {
      if (subject.snapshots.length < 2) return [];
      const decision = decideValues(subject, { ...account, gone: goes.get(subject.user.id) === true }, pass.world);
      return decision.changes.length === 0 ? [] : [[subject.user.id, decision]];
    }),
  );
}

function shownAbsence({ accountId, externalId, userId }: AbsenceRow, effects: Effects): Shown {
  const { changes, classes } = (userId === null ? undefined : effects.get(userId)) ?? { changes: [], classes: [] };
  return shown({
    kind: 'gone',
    accountId,
    externalId,
    userId,
    contentHash: '',
    changes,
    classes: ['gone', ...classes],
  });
}

/** Decides on observed absences and returns: *gone* is a decision, taken after the guard (spec 13.1). */
export async function writeAbsences(pass: Pass): Promise<void> {
  await eachBatch(pass, 'gone', async (observed) => {
    const gone = observed.filter(
      ({ absent, accountId, externalId }) => absent && pass.counted?.coversGone(accountId, externalId) !== false,
    );
    const effects = pass.approved ? await effectsOf(pass, gone, pass.store.read) : new Map<UserId, never>();
    const absent = gone.map((row) => ({ row, shown: shownAbsence(row, effects) }));
    const approved = new Set((await asApproved(pass, 'gone', absent)).map(({ row }) => row.accountId));
    const rows = observed.filter((row) => !row.absent || approved.has(row.accountId));
    if (rows.length === 0) return;
    await pass.store.inLease(pass.lease, async (tx) => {
      await tx.saveGone(rows, pass.runId);
      await tx.appendEvents(
        rows.map((row) => eventOf(row, pass)),
        { source: pass.rules.id, runId: pass.runId },
      );
      // In the same transaction, so that an approval covers it: the voice of a slot goes with its account.
      const users = rows.flatMap((row) => (row.absent ? (row.userId ?? []) : []));
      if (users.length > 0) await writeLinkedUsers(tx, pass, users);
      pass.counts.gone += rows.filter((row) => row.absent).length;
      pass.counts.returned += rows.filter((row) => !row.absent).length;
    });
  });
}

async function eachBatch(
  pass: Pass,
  phase: PassPhase,
  work: (rows: readonly AbsenceRow[]) => Promise<void>,
): Promise<void> {
  for (let [after, done] = [0, 0]; ;) {
    stopIfAborted(pass);
    const rows = await pass.store.read.absences(pass.rules.id, after, pass.batchSize);
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.accountId;
    const decidable = rows.filter((row) => !row.absent || pass.decidesAbsences);
    if (decidable.length > 0) await work(decidable);
    done += rows.length;
    await pass.progress(phase, done);
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
