import { ConfigurationSuperseded } from '../domain/configuration-superseded.ts';
import type { Policy } from '../domain/user.ts';
import type { EpochStore, PresentEpoch } from '../runs/epoch.ts';
import { checkLease } from './leases.ts';
import { query, queryOne, type Db } from './sql.ts';
import { inTransaction } from './transactions.ts';

interface EpochRow {
  readonly number: number;
  readonly digest: string;
  readonly holder: string;
  readonly askedAt: Date;
  readonly ready: boolean;
  readonly policyId: number | null;
  readonly content: Policy | null;
}

/** Configuration epochs in the database (architecture 8). */
export function epochStore(db: Db): EpochStore {
  return {
    now: async () => (await queryOne<{ now: Date }>(db, 'select clock_timestamp() as now')).now,
    async present() {
      const [row] = await query<EpochRow>(
        db,
        `select e.number, e.digest, e.holder, e.asked_at as "askedAt", e.ready_at is not null as ready, p.id as "policyId", p.content
         from configuration_epoch e left join policy p on p.id = e.policy_id where e.superseded_at is null`,
      );
      return row === undefined ? null : presentEpoch(row);
    },
    begin: (lease, { digest, holder, askedAt }) =>
      inTransaction(db, async (transaction) => {
        await checkLease(transaction, lease);
        await query(
          transaction,
          'update configuration_epoch set superseded_at = clock_timestamp() where superseded_at is null',
        );
        // Whoever works under the former one writes nothing more: each of its transactions looks at its lease.
        await query(transaction, 'delete from lease where name <> ?', [lease.name]);
        return (
          await queryOne<{ number: number }>(
            transaction,
            'insert into configuration_epoch (digest, holder, asked_at) values (?, ?, ?) returning number',
            [digest, holder, askedAt],
          )
        ).number;
      }),
    async end(lease, number, policyId) {
      await inTransaction(db, async (transaction) => {
        await checkLease(transaction, lease);
        await query(
          transaction,
          'update configuration_epoch set ready_at = clock_timestamp(), policy_id = ? where number = ? and superseded_at is null',
          [policyId, number],
        );
      });
    },
  };
}

function presentEpoch({ policyId, content, ...row }: EpochRow): PresentEpoch {
  return { ...row, policy: policyId === null || content === null ? null : { id: policyId, content } };
}

/**
 * Fails the transaction unless this epoch is the present one; it stays so until the commit. Comes last: who sets up another
 * epoch waits for it, and then reads what it derives match keys from.
 */
export async function checkEpoch(transaction: Db, number: number | null): Promise<void> {
  const rows = await query(
    transaction,
    'select from configuration_epoch where number = ? and superseded_at is null for share',
    [number],
  );
  if (rows.length === 0)
    throw new ConfigurationSuperseded(
      'another configuration has been set up meanwhile, and nothing was changed: restart this process, then try again',
    );
}
