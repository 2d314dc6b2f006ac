import { randomUUID } from 'node:crypto';
import { LeaseLost, type Lease } from '../domain/lease.ts';
import { query, type Db } from './sql.ts';

/**
 * Leases as rows: they end by the database's clock and name their holder by a token (architecture 4). `epoch`: the
 * configuration epoch of who takes them; none is had under one that is not (any more) the present one (architecture 8).
 */
export function leaseStore(
  db: Db,
  epoch?: () => number | null,
): {
  /** Takes a free or ended lease; null while somebody else holds it, or where another configuration is in force. */
  take(name: string, holder: string, seconds: number): Promise<Lease | null>;
  /** Extends a lease that nobody else has taken, however late; throws LeaseLost otherwise. */
  renew(lease: Lease, seconds: number): Promise<void>;
  release(lease: Lease): Promise<void>;
  /** Ends all leases: for the only process that can hold any (the embedded database's owner). */
  endAll(): Promise<void>;
} {
  return {
    async take(name, holder, seconds) {
      const token = randomUUID();
      const rows = await query(
        db,
        `insert into lease (name, token, holder, expires_at)
         select ?, ?, ?, clock_timestamp() + ? * interval '1 second' ${epoch === undefined ? '' : inForce}
         on conflict (name) do update set token = excluded.token, holder = excluded.holder, expires_at = excluded.expires_at
         where lease.expires_at <= clock_timestamp() returning token`,
        [name, token, holder, seconds, ...(epoch === undefined ? [] : [epoch()])],
      );
      return rows.length === 0 ? null : { name, token };
    },
    async renew(lease, seconds) {
      const rows = await query(
        db,
        `update lease set expires_at = clock_timestamp() + ? * interval '1 second'
         where name = ? and token = ? returning name`,
        [seconds, lease.name, lease.token],
      );
      if (rows.length === 0) throw new LeaseLost(lease.name);
    },
    async release(lease) {
      await query(db, 'delete from lease where name = ? and token = ?', [lease.name, lease.token]);
    },
    async endAll() {
      await query(db, 'delete from lease');
    },
  };
}

/** The row stays locked until the lease is there, so that whoever supersedes the epoch finds the lease and ends it. */
const inForce = `from (select from configuration_epoch where number = ? and superseded_at is null and ready_at is not null
  for share) as in_force where true`;

/**
 * Fails the transaction where somebody else has taken the lease, who puts another token into the row or takes the row away: a
 * lease that has ended while its holder was busy, and that nobody wanted, is its holder's still. The row stays locked, so that
 * nobody takes it over before the commit. Comes last in a transaction: a lock that is held for long keeps the lease from being
 * renewed. `alone`: other transactions that check it wait for the end of this one.
 */
export async function checkLease(transaction: Db, lease: Lease, manner: 'shared' | 'alone' = 'shared'): Promise<void> {
  const lock = manner === 'alone' ? 'for no key update' : 'for share';
  const rows = await query(transaction, `select name from lease where name = ? and token = ? ${lock}`, [
    lease.name,
    lease.token,
  ]);
  if (rows.length === 0) throw new LeaseLost(lease.name);
}
