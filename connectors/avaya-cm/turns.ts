/** Lets one at a time through for each key, in the order in which they came. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Waits for the turn, and gives what ends it. Throws the signal's reason when that is aborted first. */
  async take(key: string, signal: AbortSignal): Promise<() => void> {
    const before = this.#last.get(key) ?? Promise.resolve();
    const { promise: left, resolve } = Promise.withResolvers<undefined>();
    const leave = (): void => {
      resolve(undefined);
    };
    // Whoever comes next waits for everybody before, also behind one who gave up waiting.
    this.#last.set(
      key,
      before.then(() => left),
    );
    try {
      await unlessAborted(before, signal);
      return leave;
    } catch (error) {
      leave();
      throw error;
    }
  }
}

async function unlessAborted(event: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  const stop = (): void => {
    reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    signal.throwIfAborted();
    await Promise.race([event, stopped]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
