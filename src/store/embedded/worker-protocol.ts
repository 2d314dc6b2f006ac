/** What the thread gets to do. */
export type WorkerTask = {
  /** PGlite's cluster; made if it is not there. */
  readonly cluster: string;
  readonly socketPath: string;
};

/** What the thread is asked for: an orderly close, or a copy of the cluster's files as they are at one moment. */
export type WorkerOrder = { readonly kind: 'close' } | { readonly kind: 'copy'; readonly to: string };

/**
 * What the thread says; `alive` every second while it is not busy. `failed` is its last word, before or after `ready`;
 * `copied` answers a copy, with the reason where it could not be made.
 */
export type WorkerReport =
  | { readonly kind: 'alive' | 'ready' | 'closed' }
  | { readonly kind: 'copied'; readonly reason: string | null }
  | { readonly kind: 'failed'; readonly reason: string };
