/**
 * Carries out jobs one after the other until none is left, once at a time in this process: who asks meanwhile has it looked
 * again behind the one under way.
 */
export function createJobLoop(
  exclusively: (work: (signal: AbortSignal) => Promise<void>) => Promise<void>,
  carryOutAll: (signal: AbortSignal) => Promise<void>,
): () => Promise<void> {
  let running: Promise<void> | null = null;
  let again = false;
  const loop = async (): Promise<void> => {
    while (again) {
      again = false;
      await exclusively(carryOutAll);
    }
  };
  const carryOut = (): Promise<void> => {
    again = true;
    running ??= loop().finally(() => {
      running = null;
      // Asked for between the last look and now.
      return again ? carryOut() : undefined;
    });
    return running;
  };
  return carryOut;
}
