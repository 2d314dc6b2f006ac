/** What goes wrong with a request to a REST interface. Those above the line need nothing of the interface, the others change its list. */
export type RestFault =
  | { readonly kind: 'http'; readonly status: number; readonly retryAfter?: string }
  /** The session has expired: to a page where one logs in. */
  | { readonly kind: 'redirect' }
  /** HTTP 200 with a page where one logs in. */
  | { readonly kind: 'login-page' }
  | { readonly kind: 'entity-bomb' }
  | { readonly kind: 'slow'; readonly ms: number }
  | { readonly kind: 'never-answers' }
  | { readonly kind: 'reset' }
  | { readonly kind: 'reset-in-body' }
  /**
   * The connection ends in order in mid-body: fewer bytes than Content-Length says, no last chunk, or with a Content-Length that
   * fits, so that only the document shows it, cut within a record or between two.
   */
  | { readonly kind: 'cut'; readonly framing: 'content-length' | 'chunked' | 'document' | 'between-records' }
  // ———
  /** An error document inside HTTP 200. */
  | { readonly kind: 'error-inside' }
  | { readonly kind: 'empty-list' }
  /** A list, or a page, without its second half and without a word. */
  | { readonly kind: 'half-list' }
  /** A page that came before, again. */
  | { readonly kind: 'repeated-page' }
  /** The list has moved by one since the page before. */
  | { readonly kind: 'shifted-page' }
  | { readonly kind: 'wrong-total' };

/** Which requests a fault meets. */
export type RestFaultScope = {
  /** Such as `list agent`. Default: every one. */
  readonly operation?: string;
  /** How many of them pass before it begins. Default 0. */
  readonly after?: number;
  /** How many of them it meets. Default: all, until it is switched off. */
  readonly times?: number;
};

type Armed = { readonly fault: RestFault; readonly scope: RestFaultScope; after: number; times: number };

/** The faults that are switched on; of several that fit a request the first one meets it. */
export class RestFaults {
  #armed: Armed[] = [];
  #met = 0;

  /** How many requests a fault has met. */
  get met(): number {
    return this.#met;
  }

  on(fault: RestFault, scope: RestFaultScope = {}): void {
    this.#armed.push({ fault, scope, after: scope.after ?? 0, times: scope.times ?? Number.POSITIVE_INFINITY });
  }

  off(): void {
    this.#armed = [];
  }

  /** The fault that meets this request, counted. */
  take(operation: string): RestFault | undefined {
    for (const armed of this.#armed) {
      if (armed.times === 0 || (armed.scope.operation ?? operation) !== operation) continue;
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
