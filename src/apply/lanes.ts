/** What a transaction knows of the one in front of it. */
export interface Turn {
  /** Says that this one has its unique names: the one behind may take its own. */
  readonly named: () => void;
  /** The commit of the one in front: awaited before anything that both may touch. Rejects where this one has to give way. */
  readonly former: Promise<null>;
}

interface Lanes<Batch> {
  /** Batches in their order; null after the last. */
  readonly batches: AsyncIterable<Batch>;
  /** Whether a batch may start before the one in front is committed. */
  readonly overlaps: (batch: Batch) => boolean;
  /** One transaction. Calls `turn` at the start of each of its attempts. */
  readonly write: (batch: Batch, turn: () => Turn) => Promise<void>;
  readonly written: (batch: Batch) => Promise<void>;
}

/** How many transactions may be under way at once: with two, database and process still wait for each other. */
const width = 3;

/**
 * Writes batches in transactions of which some may be under way at once, since one alone leaves half of the database's work
 * waiting. They take unique names in their order and commit in their order, so nothing differs from one after the other: who
 * wants a name that one in front has taken waits for it inside the database.
 */
export async function inLanes<Batch>(lanes: Lanes<Batch>): Promise<void> {
  const underWay: UnderWay<Batch>[] = [];
  try {
    for await (const batch of lanes.batches) {
      if (lanes.overlaps(batch)) await underWay.at(-1)?.lane.named;
      else while (underWay.length > 0) await finishFirst(lanes, underWay);
      const front = underWay.at(-1)?.lane ?? nothingInFront;
      underWay.push({ batch, lane: startLane(front, (turn) => lanes.write(batch, turn)) });
      if (underWay.length === width) await finishFirst(lanes, underWay);
    }
    while (underWay.length > 0) await finishFirst(lanes, underWay);
  } finally {
    // Whatever ended this, no transaction is left behind.
    await Promise.allSettled(underWay.map(({ lane }) => lane.written));
  }
}

interface UnderWay<Batch> {
  readonly batch: Batch;
  readonly lane: Lane;
}

/** Waits for the batch in front. Where it had to start again, those behind gave way to it: they come after it, one by one. */
async function finishFirst<Batch>(lanes: Lanes<Batch>, underWay: UnderWay<Batch>[]): Promise<void> {
  const [first, ...behind] = underWay;
  if (first === undefined) return;
  await first.lane.written;
  underWay.shift();
  for (const [place, { batch, lane }] of first.lane.startedAgain() ? behind.entries() : []) {
    if (!(await gaveWay(lane))) continue;
    const again = startLane(nothingInFront, (turn) => lanes.write(batch, turn));
    underWay[place] = { batch, lane: again };
    await again.written;
  }
  await lanes.written(first.batch);
}

interface Lane {
  readonly named: Promise<null>;
  /** Rejects when it failed, and as soon as it has to start again. */
  readonly committed: Promise<null>;
  readonly written: Promise<void>;
  readonly startedAgain: () => boolean;
}

const nothingInFront: Lane = {
  named: Promise.resolve(null),
  committed: Promise.resolve(null),
  written: Promise.resolve(),
  startedAgain: () => false,
};

/** The one in front starts again and may need names that this one has taken: this one is rolled back, and comes after it. */
class GaveWay extends Error {
  override readonly name = 'GaveWay';
}

function startLane(former: Lane, transaction: (turn: () => Turn) => Promise<void>): Lane {
  const [named, committed] = [Promise.withResolvers<null>(), Promise.withResolvers<null>()];
  let attempts = 0;
  const written = transaction(() => {
    attempts++;
    if (attempts > 1) committed.reject(new GaveWay());
    const has = (): void => {
      named.resolve(null);
    };
    return { named: has, former: former.committed };
  });
  written
    .then(() => {
      committed.resolve(null);
    }, committed.reject)
    .finally(() => {
      named.resolve(null);
    })
    .catch(ignore);
  // It is awaited by the one behind, where there is one.
  committed.promise.catch(ignore);
  return { named: named.promise, committed: committed.promise, written, startedAgain: () => attempts > 1 };
}

async function gaveWay(lane: Lane): Promise<boolean> {
  try {
    await lane.written;
    return false;
  } catch (error) {
    if (error instanceof GaveWay) return true;
    throw error;
  }
}

function ignore(): void {
  // The promise itself is awaited elsewhere; see above.
}
