import { randomBytes } from 'node:crypto';

/** What the simulator has seen since it started or since the counters were reset. */
export type Counters = {
  /** Requests that arrived, whatever became of them. */
  readonly requests: number;
  /** Requests by what they do; those that no service would understand are not among them. */
  readonly byOperation: Readonly<Record<string, number>>;
  /** Requests at another address than the service's, for example at the one that a redirect named. */
  readonly elsewhere: number;
  /** Requests without the right name and password. */
  readonly refusedLogins: number;
  /** Requests that would have changed the CM; all were refused. */
  readonly writes: number;
  readonly sessions: {
    readonly opened: number;
    readonly released: number;
    /** Ended by the service itself. */
    readonly expired: number;
    /** Open now. */
    readonly open: number;
  };
  /** The most calls under way at a time on one CM. */
  readonly simultaneous: number;
  /** Calls that came while another one was under way on the same CM. */
  readonly overlaps: number;
};

type Session = { readonly cmHost: string; usedAt: number };

/** The SAT sessions that the service holds on Communication Managers, of which each has few. */
export class Sessions {
  readonly #limit: number;
  readonly #idleMs: number;
  readonly #open = new Map<string, Session>();
  #counted = { opened: 0, released: 0, expired: 0 };

  constructor(limit: number, idleMs: number) {
    this.#limit = limit;
    this.#idleMs = idleMs;
  }

  /** Opens one; undefined when the CM has no free one. */
  open(cmHost: string): string | undefined {
    this.#endIdle();
    const used = [...this.#open.values()].filter((session) => session.cmHost === cmHost).length;
    if (used >= this.#limit) return undefined;
    const id = randomBytes(12).toString('hex');
    this.#open.set(id, { cmHost, usedAt: Date.now() });
    this.#counted.opened += 1;
    return id;
  }

  /** Whether the session is there for this CM; a use keeps it from expiring. */
  use(id: string, cmHost: string): boolean {
    this.#endIdle();
    const session = this.#open.get(id);
    if (session?.cmHost !== cmHost) return false;
    session.usedAt = Date.now();
    return true;
  }

  /** Ends one at the client's wish; one that is not there is no error. */
  release(id: string): void {
    if (this.#open.delete(id)) this.#counted.released += 1;
  }

  /** Ends one without being asked. */
  expire(id: string): void {
    if (this.#open.delete(id)) this.#counted.expired += 1;
  }

  /** Ends all without being asked, as a restart of the service does. */
  expireAll(): void {
    for (const id of this.#open.keys()) this.expire(id);
  }

  counters(): Counters['sessions'] {
    this.#endIdle();
    return { ...this.#counted, open: this.#open.size };
  }

  /** Starts counting anew; sessions that are open stay so. */
  resetCounters(): void {
    this.#counted = { opened: 0, released: 0, expired: 0 };
  }

  #endIdle(): void {
    const now = Date.now();
    for (const [id, { usedAt }] of this.#open) if (now - usedAt > this.#idleMs) this.expire(id);
  }
}

/** Counts calls that are under way on one CM at the same time: the SAT serves one at a time. */
export class CallsUnderWay {
  readonly #now = new Map<string, number>();
  #simultaneous = 0;
  #overlaps = 0;

  /** Counts a call on a CM (none: a call that reaches no CM) until `end`, which may be called again. */
  begin(cmHost: string | undefined): { readonly end: () => void } {
    if (cmHost === undefined) return { end: () => undefined };
    const calls = (this.#now.get(cmHost) ?? 0) + 1;
    this.#now.set(cmHost, calls);
    this.#simultaneous = Math.max(this.#simultaneous, calls);
    if (calls > 1) this.#overlaps += 1;
    let ended = false;
    const end = (): void => {
      if (ended) return;
      ended = true;
      this.#now.set(cmHost, (this.#now.get(cmHost) ?? 1) - 1);
    };
    return { end };
  }

  counters(): Pick<Counters, 'simultaneous' | 'overlaps'> {
    return { simultaneous: this.#simultaneous, overlaps: this.#overlaps };
  }

  resetCounters(): void {
    this.#simultaneous = Math.max(0, ...this.#now.values());
    this.#overlaps = 0;
  }
}
