import { personsActs } from './permitted.ts';

/** The kinds of entries that the sync and rosterd itself write. */
const syncActs = [
  'account-gone',
  'account-returned',
  'link-ended',
  'link-made',
  'refused',
  'released',
  'run-held',
  'source-paused',
  'source-resumed',
  'sync-switched',
  'team-bound',
  'team-created',
  'team-gone',
  'team-renamed',
  'team-returned',
  'user-changed',
  'user-created',
] as const;
export type SyncAct = (typeof syncActs)[number];

/** Every kind of entry of the history, sorted. */
export const eventTypes: readonly string[] = [...new Set<string>([...syncActs, ...personsActs])].sort();
