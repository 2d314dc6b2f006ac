import type { Kit } from '../../src/connector-kit/contract.ts';
import type { AnswerHead } from '../../src/connector-kit/http/failures.ts';
import { pause } from '../../src/connector-kit/http/pause.ts';

/** What the vendor's headers count requests in. */
const windowSeconds = 60;

/** How fast the vendor lets this token ask. The headers and every refusal count, whatever the vendor says elsewhere. */
export class Pace {
  readonly #log: Kit['log'];
  #allowed: number | undefined;
  #freeAt = 0;
  #waitedMs = 0;
  /** How many requests are still to be made, as far as that is known; for people. */
  left: number | undefined;

  constructor(log: Kit['log']) {
    this.#log = log;
  }

  /** Requests that are allowed in a minute; undefined while no answer has said so. */
  get allowed(): number | undefined {
    return this.#allowed;
  }

  /** Takes the headers of an answer in. Once everything that is allowed is used up, the next request waits for the reset. */
  heed({ headers }: AnswerHead): void {
    const [count, allowed, reset] = ['count', 'allowed', 'reset'].map((name) =>
      numberOf(headers[`inin-ratelimit-${name}`]),
    );
    if (allowed === undefined || allowed === 0) return;
    this.#allowed = allowed;
    if (count !== undefined && count >= allowed && reset !== undefined && reset <= windowSeconds + 1)
      this.#freeAt = performance.now() + reset * 1000;
  }

  /** Waits until the next request may go. Throws the signal's reason. */
  async turn(signal: AbortSignal): Promise<void> {
    const ms = this.#freeAt - performance.now();
    if (ms > 0) await this.wait(ms, signal);
  }

  /** Waits as long as the vendor asked for, and says how long everything will take. Throws the signal's reason. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    this.#freeAt = 0;
    this.#waitedMs += ms;
    const about = { seconds: Math.ceil(ms / 1000), allowedPerMinute: this.#allowed, requestsLeft: this.left };
    const minutes = this.left === undefined ? undefined : this.minutesFor(this.left);
    const much = minutes === undefined ? '' : `; the rest of the read takes about ${inMinutes(minutes)}`;
    this.#log.warn(`Genesys Cloud limits requests: waits ${String(about.seconds)} s${much}`, about);
    await pause(ms, signal);
  }

  /** How long so many requests take at the pace allowed, at most. */
  minutesFor(requests: number): number | undefined {
    return this.#allowed === undefined ? undefined : Math.ceil(requests / this.#allowed);
  }

  /** What the limit has cost so far; for the run's notes. */
  get notes(): readonly string[] {
    if (this.#waitedMs === 0) return [];
    const allowed = this.#allowed === undefined ? '' : ` (${String(this.#allowed)} a minute are allowed)`;
    return [`waited ${String(Math.ceil(this.#waitedMs / 1000))} s, because Genesys Cloud limits requests${allowed}`];
  }
}

/** How long a refused request has to wait: as the answer says, else until the reset and a second; in milliseconds. */
export function waitAfter({ headers }: AnswerHead, retryAfterMs: number | undefined): number {
  const reset = numberOf(headers['inin-ratelimit-reset']);
  return retryAfterMs ?? (reset === undefined ? 10_000 : (reset + 1) * 1000);
}

/** For people. */
export function inMinutes(minutes: number): string {
  return minutes <= 1 ? 'a minute' : `${String(minutes)} minutes`;
}

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\s*\d{1,6}\s*$/.test(text) ? Number(text) : undefined;
}
