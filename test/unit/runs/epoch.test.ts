import { describe, expect, it } from 'vitest';
import { ConfigurationSuperseded } from '../../../src/domain/configuration-superseded.ts';
import type { Policy } from '../../../src/domain/user.ts';
import { ConfigurationEpoch, type EpochStore, type PresentEpoch } from '../../../src/runs/epoch.ts';
import type { Leases } from '../../../src/runs/ports.ts';

const content: Policy = {
  ...{ rank: [], fieldRank: {}, defaultTeam: 1, reassertAgentRole: false },
  defaults: { displayTimeZone: 'UTC', schedulingTimeZone: 'UTC', locale: 'en' },
};

/** A store in memory that several processes share; each knows its own configuration. */
function sharedStore() {
  let present: PresentEpoch | null = null;
  let clock = 0;
  let reconcileHeld = false;
  const setUps: string[] = [];
  const store: EpochStore = {
    now: () => Promise.resolve(new Date(++clock)),
    present: () => Promise.resolve(present),
    begin(_lease, epoch) {
      present = { ...epoch, number: (present?.number ?? 0) + 1, ready: false, policy: null };
      return Promise.resolve(present.number);
    },
    end(_lease, number, id) {
      if (present?.number === number) present = { ...present, ready: true, policy: { id, content } };
      return Promise.resolve();
    },
  };
  const leases: Leases = {
    take: (name) => Promise.resolve(reconcileHeld ? null : { name, token: 't' }),
    renew: () => Promise.resolve(),
    release: () => Promise.resolve(),
  };
  return {
    setUps,
    holdReconcile: (held: boolean) => {
      reconcileHeld = held;
    },
    process(digest: string, { fails = false } = {}) {
      const lines: string[] = [];
      const log = {
        info: (_data: object, message: string) => void lines.push(message),
        warn: (_data: object, message: string) => void lines.push(message),
      };
      const epoch = new ConfigurationEpoch({
        ...{ store, leases, digest, log, holder: `process ${digest}` },
        setUp: (_lease, _signal, progress) => {
          if (fails) return Promise.reject(new Error('the process was killed'));
          setUps.push(digest);
          progress('match keys', 0, 10);
          return Promise.resolve(7);
        },
      });
      return { epoch, lines };
    },
  };
}

const never = new AbortController().signal;

describe('architecture 8: the configuration epoch', () => {
  it('a second process with the same configuration joins, and sets nothing up', async () => {
    const shared = sharedStore();
    const [first, second] = [shared.process('a'), shared.process('a')];
    await first.epoch.enter(never);
    await second.epoch.enter(never);
    expect(shared.setUps).toEqual(['a']);
    expect([first.epoch.number(), second.epoch.number()]).toEqual([1, 1]);
    expect(second.epoch.policy()).toEqual({ id: 7, content });
  });

  it('who started last wins: the older one stands back, says so once, and changes nothing', async () => {
    const shared = sharedStore();
    const [older, newer] = [shared.process('a'), shared.process('b')];
    await older.epoch.enter(never);
    await newer.epoch.enter(never);
    expect(await newer.epoch.inForce()).toBe(true);
    expect([await older.epoch.inForce(), await older.epoch.inForce()]).toEqual([false, false]);
    expect(older.epoch.number()).toBeNull();
    expect(older.lines.filter((line) => line.includes('process b started later'))).toHaveLength(1);
    expect(older.epoch.whyNot()).toContain('restart it with the same configuration');
    await expect(older.epoch.mayChange()).rejects.toThrow(ConfigurationSuperseded);
    expect(shared.setUps).toEqual(['a', 'b']);
  });

  it('the older one goes on where its configuration is set up again', async () => {
    const shared = sharedStore();
    const older = shared.process('a');
    await older.epoch.enter(never);
    await shared.process('b').epoch.enter(never);
    expect(await older.epoch.inForce()).toBe(false);
    await shared.process('a').epoch.enter(never);
    expect(await older.epoch.inForce()).toBe(true);
    expect(older.epoch.number()).toBe(3);
  });

  it('who waited for a reconcile does not supersede one that started later', async () => {
    const shared = sharedStore();
    const [older, newer] = [shared.process('a'), shared.process('b')];
    shared.holdReconcile(true);
    const waiting = older.epoch.enter(never);
    await new Promise(setImmediate);
    expect(older.epoch.whyNot()).toContain('waits for the reconcile that is under way');
    shared.holdReconcile(false);
    await newer.epoch.enter(never);
    await waiting;
    expect(shared.setUps).toEqual(['b']);
    expect(older.epoch.whyNot()).toContain('process b started later');
  });

  it('a set-up that was broken off is done again by the next with that configuration', async () => {
    const shared = sharedStore();
    await expect(shared.process('a', { fails: true }).epoch.enter(never)).rejects.toThrow('killed');
    const next = shared.process('a');
    expect(await next.epoch.inForce()).toBe(false);
    await next.epoch.enter(never);
    expect(next.epoch.number()).toBe(1);
    expect(next.lines).toContain('the configuration is being set up; runs wait for it');
  });
});
