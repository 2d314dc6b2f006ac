/** Something that outlives a crash of its owner unless it is stopped: a server process, a temporary directory. */
export type Leftover = { readonly stopNow: () => void };

const leftovers = new Set<Leftover>();
let hooksInstalled = false;

/**
 * Stops `leftover` when this process exits or is interrupted without having stopped it itself.
 * Later ones are stopped first, so that a server ends before its directory is removed.
 */
export function stopOnExit(leftover: Leftover): void {
  installHooks();
  leftovers.add(leftover);
}

/** Takes back {@link stopOnExit} for something that has been stopped in the ordinary way. */
export function forget(leftover: Leftover): void {
  leftovers.delete(leftover);
}

function installHooks(): void {
  if (hooksInstalled) return;
  hooksInstalled = true;
  process.on('exit', stopEverything);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => endWith(signal));
}

function endWith(signal: NodeJS.Signals): void {
  stopEverything();
  // A listener of somebody else decides how this process ends; without one the signal must still end it.
  if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
}

function stopEverything(): void {
  for (const leftover of [...leftovers].reverse()) {
    leftovers.delete(leftover);
    try {
      leftover.stopNow();
    } catch (error) {
      // The process is ending: what is left must be said, and must not keep the others from being stopped.
      process.stderr.write(`rosterd tests: not stopped: ${String(error)}\n`);
    }
  }
}
