import { rounded } from './output.ts';

/** How long requests took, in milliseconds. */
export interface Latencies {
  readonly requests: number;
  readonly failed: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** Sends a request every `periodMs`, whether or not the one before has been answered, until it is stopped. */
export function probe(periodMs: number, ask: () => Promise<{ status: number }>): { stop: () => Promise<Latencies> } {
  const times: number[] = [];
  let failed = 0;
  const underWay = new Set<Promise<void>>();
  const once = async (): Promise<void> => {
    const started = performance.now();
    try {
      if ((await ask()).status !== 200) failed += 1;
    } catch {
      failed += 1; // counted: an answer that never came is a figure like any other
    }
    times.push(performance.now() - started);
  };
  const timer = setInterval(() => {
    const work = once().finally(() => underWay.delete(work));
    underWay.add(work);
  }, periodMs);
  return {
    stop: async () => {
      clearInterval(timer);
      await Promise.all(underWay);
      return summary(times, failed);
    },
  };
}

function summary(times: readonly number[], failed: number): Latencies {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    rounded(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN, 1);
  return {
    requests: times.length,
    failed,
    p50: at(0.5),
    p95: at(0.95),
    p99: at(0.99),
    max: rounded(sorted.at(-1) ?? NaN, 1),
  };
}
