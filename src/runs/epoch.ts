import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigurationSuperseded } from '../domain/configuration-superseded.ts';
import { LeaseLost, type Lease } from '../domain/lease.ts';
import type { Policy } from '../domain/user.ts';
import { underLease } from './heartbeat.ts';
import type { Leases } from './ports.ts';

/** The configured policy as the store knows it. */
interface ConfiguredPolicy {
  readonly id: number;
  readonly content: Policy;
}

/** The configuration that the store is set up for now. */
export interface PresentEpoch {
  readonly number: number;
  readonly digest: string;
  /** The process that set it up. */
  readonly holder: string;
  /** When that process started. */
  readonly askedAt: Date;
  readonly ready: boolean;
  readonly policy: ConfiguredPolicy | null;
}

export interface EpochStore {
  /** The database's clock. */
  now(): Promise<Date>;
  present(): Promise<PresentEpoch | null>;
  /** Supersedes the present epoch, and ends the leases of those who work under it. */
  begin(lease: Lease, epoch: Pick<PresentEpoch, 'digest' | 'holder' | 'askedAt'>): Promise<number>;
  /** Its set-up is over: runs may begin. */
  end(lease: Lease, number: number, policyId: number): Promise<void>;
}

/** Told while a set-up is under way. */
type SetUpProgress = (step: string, done: number, total: number) => void;

export interface EpochOptions {
  readonly store: EpochStore;
  /** Without an epoch of their own. */
  readonly leases: Leases;
  /** Of everything that is set up. */
  readonly digest: string;
  /** Writes it all, again from the start where that was broken off; gives the policy's id. */
  readonly setUp: (lease: Lease, signal: AbortSignal, progress: SetUpProgress) => Promise<number>;
  readonly holder: string;
  readonly log: {
    info(data: object, message: string): void;
    warn(data: object, message: string): void;
  };
}

/** The configuration is not set up yet. */
class ConfigurationBeingSetUp extends Error {
  override readonly name = 'ConfigurationBeingSetUp';
  readonly code = 'configuration-being-set-up';
}

type Standing =
  | { readonly kind: 'waiting'; readonly why: string }
  | { readonly kind: 'in-force'; readonly number: number; readonly policy: ConfiguredPolicy }
  | { readonly kind: 'superseded'; readonly why: string };

const pollMs = 300;
/** Between two lines of the log about a set-up that takes long. */
const tellMs = 5_000;
/** What changes something waits so long for a set-up, and is refused then. */
const patienceMs = 10_000;

/**
 * How this process's configuration stands to the one that the store is set up for (architecture 8). Processes with the same
 * configuration share an epoch. Where it differs, who started last wins: it sets its own up, under the lease under which
 * everything is reconciled, and processes of an older one run nothing any more until they are restarted, or until their
 * configuration is the present one again.
 */
export class ConfigurationEpoch {
  readonly #options: EpochOptions;
  #standing: Standing = { kind: 'waiting', why: 'the configuration is not set up yet' };

  constructor(options: EpochOptions) {
    this.#options = options;
  }

  /** Joins the present epoch, or sets up another one; returns when it is in force, or a newer one is. */
  async enter(signal: AbortSignal): Promise<void> {
    const { store, leases, holder, log } = this.#options;
    const askedAt = await store.now();
    let told = false;
    for (;;) {
      signal.throwIfAborted();
      if (await this.#isDecided(askedAt)) return;
      const mine = await underLease(leases, 'reconcile', holder, signal, (lease, leased) =>
        this.#setUp(lease, leased, askedAt),
      ).catch((error: unknown) => {
        if (!(error instanceof LeaseLost)) throw error;
        return null;
      });
      if (mine !== null) continue;
      if (!told) {
        const why = 'another configuration is to be set up, which waits for the reconcile that is under way';
        log.info({}, why);
        this.#standing = { kind: 'waiting', why };
        told = true;
      }
      await sleep(pollMs, undefined, { signal });
    }
  }

  /** Whether this process's configuration is the present one; asks the database. */
  async inForce(): Promise<boolean> {
    return this.#sees(await this.#options.store.present());
  }

  /** Under which leases are taken; null while nothing may run here. */
  number(): number | null {
    return this.#standing.kind === 'in-force' ? this.#standing.number : null;
  }

  /** @throws where the configuration is not in force */
  policy(): ConfiguredPolicy {
    if (this.#standing.kind !== 'in-force') throw this.#refusal(this.#standing);
    return this.#standing.policy;
  }

  /** Why nothing runs here, or null. */
  whyNot(): string | null {
    return this.#standing.kind === 'in-force' ? null : this.#standing.why;
  }

  /** For what changes something: waits a little for a set-up. @throws where the configuration is not in force then */
  async mayChange(): Promise<void> {
    const until = performance.now() + patienceMs;
    while (this.#standing.kind === 'waiting' && performance.now() < until) await sleep(pollMs / 10);
    if (this.#standing.kind !== 'in-force') throw this.#refusal(this.#standing);
  }

  #refusal(standing: Exclude<Standing, { kind: 'in-force' }>): Error {
    return standing.kind === 'superseded'
      ? new ConfigurationSuperseded(standing.why)
      : new ConfigurationBeingSetUp(`${standing.why}: try again in a while`);
  }

  /** Whether the present epoch has this configuration; where it has none that may run here, this process stands back. */
  #sees(present: PresentEpoch | null): boolean {
    const { digest, log } = this.#options;
    if (present?.digest === digest) {
      if (!present.ready || present.policy === null) return false;
      if (this.#standing.kind === 'superseded')
        log.info({ epoch: present.number }, 'the configuration is in force again');
      this.#standing = { kind: 'in-force', number: present.number, policy: present.policy };
      return true;
    }
    if (present !== null && this.#standing.kind === 'in-force') this.#standBack(present);
    return false;
  }

  async #isDecided(askedAt: Date): Promise<boolean> {
    const present = await this.#options.store.present();
    if (this.#sees(present)) return true;
    if (present === null || present.digest === this.#options.digest || present.askedAt <= askedAt) return false;
    this.#standBack(present);
    return true;
  }

  #standBack(present: PresentEpoch): void {
    const why =
      `${present.holder} started later with another configuration, which is in force now (epoch ${String(present.number)}). ` +
      'This process runs nothing and changes nothing any more: restart it with the same configuration';
    this.#standing = { kind: 'superseded', why };
    this.#options.log.warn({ epoch: present.number }, why);
  }

  async #setUp(lease: Lease, signal: AbortSignal, askedAt: Date): Promise<void> {
    const { store, digest, holder, log } = this.#options;
    if (await this.#isDecided(askedAt)) return;
    const present = await store.present();
    const epoch = present?.digest === digest ? present.number : await store.begin(lease, { digest, holder, askedAt });
    const started = performance.now();
    let told = started;
    this.#standing = { kind: 'waiting', why: 'the configuration is being set up' };
    const policyId = await this.#options.setUp(lease, signal, (step, done, total) => {
      const now = performance.now();
      this.#standing = {
        kind: 'waiting',
        why: `the configuration is being set up (${step}: ${String(done)} of ${String(total)})`,
      };
      if (done !== 0 && now - told < tellMs) return;
      told = now;
      log.info({ epoch, step, done, total }, 'the configuration is being set up; runs wait for it');
    });
    await store.end(lease, epoch, policyId);
    log.info({ epoch, ms: Math.round(performance.now() - started) }, 'the configuration is set up');
  }
}
