/** What the thread gets to do. Any message to it asks for an orderly close. */
export type WorkerTask = {
  /** PGlite's cluster; made if it is not there. */
  readonly cluster: string;
  readonly socketPath: string;
};

/** What the thread says; `alive` every second while it is not busy. `failed` is its last word, before or after `ready`. */
export type WorkerReport =
  { readonly kind: 'alive' | 'ready' | 'closed' } | { readonly kind: 'failed'; readonly reason: string };
