import { heard } from '../heard.ts';
import type { Verdict } from '../reconcile/correlate.ts';
import { isContradiction } from './contradictions.ts';
import { competes, correlateBatch, type KeysAhead } from './neighbourhood.ts';
import { stopIfAborted, type Pass } from './pass.ts';
import type { UnlinkedRow } from './ports.ts';

/** Due accounts of one batch, with what correlation says of them. */
export interface Correlated {
  readonly rows: readonly UnlinkedRow[];
  readonly verdicts: ReadonlyMap<number, Verdict>;
  /** All accounts that bear on the verdicts, those of the batch among them. */
  readonly accounts: ReadonlyMap<number, UnlinkedRow>;
}

/**
 * Hands over the due accounts batch by batch, each with what `decide` makes of it. While one is worked on, the next is correlated
 * and decided, and the one after it read: verdicts come from what stood before any of them was written (spec 4.8).
 */
export async function eachDueBatch<Decided>(
  pass: Pass,
  ahead: KeysAhead,
  decide: (batch: Correlated) => Promise<Decided>,
  work: (batch: Correlated, decided: Decided) => Promise<void>,
): Promise<void> {
  let reading = heard(readDue(pass, 0));
  // Who was named in a question of a batch before is decided: thousands in one question are not decided on in each batch.
  const asked = new Set<number>();
  const next = async (): Promise<{ batch: Correlated; decided: Decided } | null> => {
    const due = await reading;
    if (due === null) return null;
    reading = heard(readDue(pass, due.last));
    const rows = due.rows.filter((row) => !asked.has(row.id));
    const found = await correlateBatch(pass, pass.store.read, rows.filter(competes), ahead);
    for (const [id, verdict] of found.verdicts) if (isAskedTogether(verdict)) asked.add(id);
    const batch = { rows, ...found };
    return { batch, decided: await decide(batch) };
  };
  let pending = heard(next());
  for (;;) {
    stopIfAborted(pass);
    const ready = await pending;
    if (ready === null) return;
    pending = heard(next());
    await work(ready.batch, ready.decided);
  }
}

/** A contradicted match is a question of its own account, which is asked when that account is decided on (spec 4.12). */
export function isAskedTogether(verdict: Verdict | undefined): boolean {
  return verdict?.kind === 'question' && !isContradiction(verdict);
}

/** The due accounts next after an id, and the last id among them: a person may have linked some since. Null at the end. */
async function readDue(pass: Pass, after: number): Promise<{ rows: readonly UnlinkedRow[]; last: number } | null> {
  const ids = await pass.store.read.dueUnlinked(pass.rules.id, after, pass.batchSize);
  const last = ids.at(-1);
  return last === undefined ? null : { rows: await pass.store.read.unlinked(ids, false), last };
}
