import type { Lease } from '../domain/lease.ts';
import type { Leases } from './ports.ts';

/** How long a lease lasts without a sign of life, in seconds; a dead worker's work is taken over after that. */
const leaseSeconds = 15;

/**
 * What this process holds, by its store of leases: of itself it takes nothing. Its own lease can look as if its holder had died,
 * where the process was too busy to renew it and does so next.
 */
const held = new WeakMap<Leases, Set<string>>();

/** Runs `work` while holding a lease that is renewed; `signal` aborts when it is lost. Null when somebody else holds it. */
export async function underLease<T>(
  leases: Leases,
  name: string,
  holder: string,
  parent: AbortSignal,
  work: (lease: Lease, signal: AbortSignal) => Promise<T>,
): Promise<{ result: T } | null> {
  const own = held.get(leases) ?? new Set<string>();
  held.set(leases, own);
  if (own.has(name)) return null;
  own.add(name);
  try {
    const lease = await leases.take(name, holder, leaseSeconds);
    return lease === null ? null : { result: await whileRenewed(leases, lease, parent, work) };
  } finally {
    own.delete(name);
  }
}

async function whileRenewed<T>(
  leases: Leases,
  lease: Lease,
  parent: AbortSignal,
  work: (lease: Lease, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const lost = new AbortController();
  const timer = setInterval(
    () => {
      leases.renew(lease, leaseSeconds).catch((error: unknown) => {
        lost.abort(error);
      });
    },
    (leaseSeconds * 1000) / 3,
  );
  try {
    return await work(lease, AbortSignal.any([parent, lost.signal]));
  } finally {
    clearInterval(timer);
    await leases.release(lease);
  }
}
