import { afterAll, beforeAll, expect, it } from 'vitest';
import { absenceProof } from '../../../src/domain/absence.ts';
import type { ImportTx } from '../../../src/import/ports.ts';
import { connectionOf, openDatabase } from '../../../src/store/database.ts';
import { importStore } from '../../../src/store/import-store.ts';
import { leaseStore } from '../../../src/store/leases.ts';
import { noReadRules } from '../../../src/store/read-rules.ts';
import { reconcileReads } from '../../../src/store/reconcile-reads.ts';
import { freshDatabase } from '../../support/database.ts';

const database = await freshDatabase();
const db = openDatabase(
  connectionOf(database.url, () => Promise.resolve(database.url)),
  'server',
);
const store = importStore(db);
const reads = reconcileReads(db, noReadRules);
const leases = leaseStore(db);
afterAll(async () => {
  await db.destroy();
  await database.drop();
});

async function inLease(work: (tx: ImportTx, ids: readonly number[]) => Promise<unknown>): Promise<void> {
  const lease = await leases.take('source:ad', 'test', 60);
  if (lease === null) throw new Error('the lease is taken');
  const ids = (await store.known('ad', ['a', 'b', 'c', 'd'])).map((account) => account.id).sort((x, y) => x - y);
  await store.inLease(lease, (tx) => work(tx, ids));
  await leases.release(lease);
}

beforeAll(async () => {
  await db('source_state').insert({ source_id: 'ad', kind: 'active-directory', role: 'directory' });
  await inLease((tx) =>
    tx.insertAccounts(
      'ad',
      ['a', 'b', 'c', 'd'].map((externalId) => ({
        externalId,
        content: { values: {} },
        contentHash: externalId,
        disabled: false,
        keys: [],
      })),
    ),
  );
});

const observed = async () =>
  (await reads.absences('ad', 0, 10)).map(({ externalId, proof }) => ({ externalId, proof }));

it('3.1 what the source itself reports is told apart from silence, and takes its place', async () => {
  await inLease(async (tx, [a = 0, b = 0, c = 0]) => {
    await tx.markAbsent([a, b], absenceProof.notShown);
    await tx.markAbsent([c], absenceProof.outOfScope);
  });
  expect(await reads.countAbsences('ad')).toEqual({ absent: 3, reported: 1, returned: 0 });
  const since: unknown = await db('account').where({ external_id: 'a' }).first('absent_since');
  await inLease(async (tx, [a = 0, , c = 0]) => {
    await tx.markAbsent([a], absenceProof.deleted);
    await tx.markAbsent([c], absenceProof.notListed);
  });
  expect(await observed()).toEqual([
    { externalId: 'a', proof: absenceProof.deleted },
    { externalId: 'b', proof: absenceProof.notShown },
    { externalId: 'c', proof: absenceProof.outOfScope },
  ]);
  expect(await reads.countAbsences('ad')).toEqual({ absent: 3, reported: 2, returned: 0 });
  expect(await db('account').where({ external_id: 'a' }).first('absent_since')).toEqual(since);
});

it('13.1 the evidence of what was decided stays as it was', async () => {
  await db('account').where({ external_id: 'b' }).update({ gone_since: new Date() });
  await inLease((tx, [, b = 0]) => tx.markAbsent([b], absenceProof.deleted));
  expect(await db('account').where({ external_id: 'b' }).first('absence_proof')).toEqual({
    absence_proof: absenceProof.notShown,
  });
});
