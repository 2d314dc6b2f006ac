/** The states of a run, in the order in which it comes to them (spec 14.2). */
export const runStates = [
  'queued',
  'importing',
  'reconciling',
  'held',
  'completed',
  'completed-with-rejects',
  'failed',
  'cancelled',
] as const;
export type RunState = (typeof runStates)[number];
