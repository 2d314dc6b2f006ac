import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LeaseLost } from '../../../src/domain/lease.ts';
import { underLease } from '../../../src/runs/heartbeat.ts';
import type { Leases } from '../../../src/runs/ports.ts';

/** How long a lease is asked for, in seconds. */
const leaseSeconds = 15;

class FakeLeases implements Leases {
  readonly said: string[] = [];
  free = true;
  lost = false;

  take: Leases['take'] = (name, holder, seconds) => {
    this.said.push(`take ${name} for ${holder}, ${seconds} s`);
    return Promise.resolve(this.free ? { name, token: 't' } : null);
  };

  renew: Leases['renew'] = (lease, seconds) => {
    this.said.push(`renew, ${seconds} s`);
    return this.lost ? Promise.reject(new LeaseLost(lease.name)) : Promise.resolve();
  };

  release: Leases['release'] = () => {
    this.said.push('release');
    return Promise.resolve();
  };
}

const parent = (): AbortSignal => new AbortController().signal;

/** Work that goes on until it is told to stop. */
const untilStopped = (signal: AbortSignal): Promise<string> =>
  new Promise((resolve) => {
    signal.addEventListener('abort', () => {
      resolve(String(signal.reason));
    });
  });

describe('14.1 and 14.3: never two runs of one source, and none that nobody takes over', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('14.1 who does not get the lease does not work', async () => {
    const leases = new FakeLeases();
    leases.free = false;
    const work = vi.fn(() => Promise.resolve());
    expect(await underLease(leases, 'source:acd', 'host 1', parent(), work)).toBeNull();
    expect(work).not.toHaveBeenCalled();
    expect(leases.said).toEqual(['take source:acd for host 1, 15 s']);
  });

  it('14.3 a process that holds a lease does not take it from itself, however late it is to renew it', async () => {
    const leases = new FakeLeases();
    const done = Promise.withResolvers<string>();
    const running = underLease(leases, 'source:acd', 'host 1', parent(), () => done.promise);
    const work = vi.fn(() => Promise.resolve());
    expect(await underLease(leases, 'source:acd', 'host 1', parent(), work)).toBeNull();
    expect(await underLease(leases, 'source:ad', 'host 1', parent(), () => Promise.resolve('another'))).toEqual({
      result: 'another',
    });
    done.resolve('done');
    await running;
    await underLease(leases, 'source:acd', 'host 1', parent(), work);
    expect(work).toHaveBeenCalledTimes(1);
  });

  it('14.3 the lease is renewed well before it ends, for as long as the work goes on', async () => {
    const leases = new FakeLeases();
    const done = Promise.withResolvers<string>();
    const running = underLease(leases, 'source:acd', 'host 1', parent(), () => done.promise);
    await vi.advanceTimersByTimeAsync(leaseSeconds * 1000);
    const renewals = leases.said.filter((each) => each.startsWith('renew')).length;
    expect(renewals).toBeGreaterThanOrEqual(2);
    done.resolve('done');
    expect(await running).toEqual({ result: 'done' });
    await vi.advanceTimersByTimeAsync(leaseSeconds * 1000);
    expect(leases.said.filter((each) => each.startsWith('renew'))).toHaveLength(renewals);
    expect(leases.said.at(-1)).toBe('release');
  });

  it('14.3 the work is told to stop as soon as the lease is lost', async () => {
    const leases = new FakeLeases();
    const running = underLease(leases, 'source:acd', 'host 1', parent(), (_lease, signal) => untilStopped(signal));
    leases.lost = true;
    await vi.advanceTimersByTimeAsync((leaseSeconds * 1000) / 2);
    expect((await running)?.result).toContain('LeaseLost');
  });

  it('14.3 the work is told to stop when the worker ends', async () => {
    const worker = new AbortController();
    const running = underLease(new FakeLeases(), 'x', 'host 1', worker.signal, (_lease, signal) =>
      untilStopped(signal),
    );
    await vi.advanceTimersByTimeAsync(0);
    worker.abort('the worker ends');
    expect(await running).toEqual({ result: 'the worker ends' });
  });

  it('14.3 the lease is given back also when the work fails', async () => {
    const leases = new FakeLeases();
    const failing = underLease(leases, 'x', 'host 1', parent(), () => Promise.reject(new Error('broken')));
    await expect(failing).rejects.toThrow('broken');
    expect(leases.said.at(-1)).toBe('release');
  });
});
