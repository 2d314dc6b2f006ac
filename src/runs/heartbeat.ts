import type { Lease } from '../domain/lease.ts';
import type { Leases } from './ports.ts';

/** How long a lease lasts without a sign of life, in seconds; a dead worker's work is taken over after that. */
const leaseSeconds = 15;

/** Runs `work` while holding a lease that is renewed; `signal` aborts when it is lost. Null when somebody else holds it. */
export async function underLease<T>(
  leases: Leases,
  name: string,
  holder: string,
  parent: AbortSignal,
  work: (lease: Lease, signal: AbortSignal) => Promise<T>,
): Promise<{ result: T } | null> {
  const lease = await leases.take(name, holder, leaseSeconds);
  if (lease === null) return null;
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
    return { result: await work(lease, AbortSignal.any([parent, lost.signal])) };
  } finally {
    clearInterval(timer);
    await leases.release(lease);
  }
}
