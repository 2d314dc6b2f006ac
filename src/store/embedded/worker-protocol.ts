/** What the thread gets to do. Any message to it asks for an orderly close. */
export type WorkerTask = {
  /** PGlite's cluster; made if it is not there. */
  readonly cluster: string;
  readonly socketPath: string;
};

/** What the thread says. `failed` is its last word, before or after `ready`. */
export type WorkerReport = { readonly kind: 'ready' | 'closed' } | { readonly kind: 'failed'; readonly reason: string };
