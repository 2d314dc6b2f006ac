import type { Logger } from 'pino';

/** How long the last clean-up of a process that has crashed may take, in milliseconds. */
const patience = 5_000;

/**
 * After an error that nobody caught the process is in no known state: it is logged (without secrets), `onCrash` may let go
 * of what others wait for, and the process ends with exit code 1. Returns a function that takes the handlers off again.
 */
export function installCrashHandlers(logger: Logger, onCrash: () => Promise<void> | void): () => void {
  let crashed = false;
  const crash = (error: unknown, origin: string): void => {
    if (crashed) return;
    crashed = true;
    setTimeout(() => process.exit(1), patience).unref();
    logger.fatal({ err: error, origin }, 'unexpected error: the process ends');
    // An `async` function, so that a synchronous throw is a rejection too.
    (async () => onCrash())()
      .catch((second: unknown) => {
        logger.error({ err: second }, 'cleaning up after the unexpected error failed');
      })
      .finally(() => process.exit(1));
  };
  const onException = (error: Error): void => crash(error, 'uncaughtException');
  const onRejection = (reason: unknown): void => crash(reason, 'unhandledRejection');
  process.on('uncaughtException', onException);
  process.on('unhandledRejection', onRejection);
  return () => {
    process.off('uncaughtException', onException);
    process.off('unhandledRejection', onRejection);
  };
}
