/**
 * What goes wrong with a request. Those above the line happen before the service sees it, the others when its answer is
 * sent: a session that the request opened exists then. What breaks off in mid-body does so behind the session's id.
 */
export type Fault =
  /** The web server in front: 401, 403, 429, 500, 503. */
  | { readonly kind: 'http'; readonly status: number; readonly retryAfter?: string }
  | { readonly kind: 'redirect' }
  | { readonly kind: 'garbage' }
  | { readonly kind: 'soap-fault'; readonly text: string }
  | { readonly kind: 'slow'; readonly ms: number }
  | { readonly kind: 'never-answers' }
  | { readonly kind: 'reset' }
  /** The CM has forgotten the session: idle for too long, or restarted. */
  | { readonly kind: 'expired-session' }
  | { readonly kind: 'no-free-session' }
  | { readonly kind: 'result-code'; readonly resultCode: number; readonly messageText: string }
  // ———
  | { readonly kind: 'empty-list' }
  /** The first half of the objects; `announced` says in `message_text` how many there are. */
  | { readonly kind: 'half-list'; readonly announced: boolean }
  | { readonly kind: 'reset-in-body' }
  /**
   * The connection ends in order in mid-body: fewer bytes than Content-Length says, no last chunk, or (`document`) with
   * a Content-Length that fits, so that only the document shows it.
   */
  | { readonly kind: 'cut'; readonly framing: 'content-length' | 'chunked' | 'document' };

/** What a request does: an operation on a model, a list that is limited by `count n`, or the release of a session. */
export type Operation = `${'list' | 'list count' | 'display'} ${'Agent' | 'HuntGroup'}` | 'release';

/** Which requests a fault meets. */
export type FaultScope = {
  /** Default: every one. */
  readonly operation?: Operation;
  /** Default: on every CM. */
  readonly cmHost?: string;
  /** How many of them pass before it begins. Default 0. */
  readonly after?: number;
  /** How many of them it meets. Default: all, until it is switched off. */
  readonly times?: number;
};

/** A request as far as faults care. `operation` is undefined for one that nobody understands. */
type Met = { readonly operation: Operation | undefined; readonly cmHost: string | undefined };
type Armed = { readonly fault: Fault; readonly scope: FaultScope; after: number; times: number };

/** The faults that are switched on; of several that fit a request the first one meets it. */
export class FaultSwitch {
  #armed: Armed[] = [];
  #met = 0;

  /** How many requests a fault has met. */
  get met(): number {
    return this.#met;
  }

  /** Switches a fault on. */
  on(fault: Fault, scope: FaultScope = {}): void {
    this.#armed.push({ fault, scope, after: scope.after ?? 0, times: scope.times ?? Number.POSITIVE_INFINITY });
  }

  /** Switches all faults off. */
  off(): void {
    this.#armed = [];
  }

  /** The fault that meets this request, counted. */
  take(request: Met): Fault | undefined {
    for (const armed of this.#armed) {
      const { operation = request.operation, cmHost = request.cmHost } = armed.scope;
      if (armed.times === 0 || operation !== request.operation || cmHost !== request.cmHost) continue;
      if (armed.after > 0) {
        armed.after -= 1;
        continue;
      }
      armed.times -= 1;
      this.#met += 1;
      return armed.fault;
    }
    return undefined;
  }
}
