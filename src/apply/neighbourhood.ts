import type { UserId } from '../domain/user.ts';
import { correlate, type CandidateUser, type UnlinkedAccount, type Verdict } from '../reconcile/correlate.ts';
import type { UnlinkedRow } from './ports.ts';
import type { Pass } from './pass.ts';

/** Match keys that users will have once their values are written, by user (see takeValues). */
export type KeysAhead = ReadonlyMap<UserId, readonly string[]>;

/**
 * Correlates a batch of accounts with everything that may bear on the answer: the users found under their keys, and every
 * other unlinked account that shares a key or a user with them, as far as questions reach.
 */
export async function correlateBatch(
  pass: Pass,
  batch: readonly UnlinkedRow[],
  ahead: KeysAhead,
): Promise<{ verdicts: ReadonlyMap<number, Verdict>; accounts: ReadonlyMap<number, UnlinkedRow> }> {
  const known: Known = {
    accounts: new Map(batch.map((row) => [row.id, row])),
    users: new Map(),
    usersByKey: new Map(),
    asked: new Set(),
  };
  const aheadByKey = byKey(ahead);
  let frontier: readonly UnlinkedRow[] = batch;
  for (;;) {
    await findUsers(pass, known, frontier, ahead, aheadByKey);
    frontier = await findPeers(pass, known, frontier);
    if (frontier.length > 0) {
      await findUsers(pass, known, frontier, ahead, aheadByKey);
    }
    const verdicts = decide(pass, known);
    const questioned = frontier.filter((row) => verdicts.get(row.id)?.kind === 'question');
    if (questioned.length === 0) return { verdicts, accounts: known.accounts };
    frontier = questioned;
  }
}

interface Known {
  readonly accounts: Map<number, UnlinkedRow>;
  readonly users: Map<UserId, CandidateUser>;
  readonly usersByKey: Map<string, UserId[]>;
  /** Keys that have been looked up. */
  readonly asked: Set<string>;
}

function decide(pass: Pass, known: Known): ReadonlyMap<number, Verdict> {
  return correlate({
    accounts: [...known.accounts.values()].filter(competes),
    users: known.users,
    usersByKey: known.usersByKey,
    createsUsers: pass.rules.createsUsers,
    fromDisabled: pass.rules.fromDisabled,
  });
}

/** Absent and ignored accounts are neither decided on nor in anybody's way. */
export function competes(row: Pick<UnlinkedRow, 'absent' | 'ignored'>): boolean {
  return !row.absent && !row.ignored;
}

function byKey(ahead: KeysAhead): ReadonlyMap<string, UserId[]> {
  const users = new Map<string, UserId[]>();
  for (const [user, keys] of ahead) for (const key of keys) users.set(key, [...(users.get(key) ?? []), user]);
  return users;
}

async function findUsers(
  pass: Pass,
  known: Known,
  rows: readonly UnlinkedAccount[],
  ahead: KeysAhead,
  aheadByKey: ReadonlyMap<string, readonly UserId[]>,
): Promise<void> {
  const keys = [...new Set(rows.flatMap((row) => row.keys))].filter(
    (key) => key !== null && !known.asked.has(key),
  ) as string[];
  if (keys.length === 0) return;
  const hits = (await pass.store.read.usersByKeys(keys)).filter((hit) => !ahead.has(hit.userId));
  for (const key of keys) {
    known.asked.add(key);
    known.usersByKey.set(key, [...(aheadByKey.get(key) ?? [])]);
  }
  for (const hit of hits) known.usersByKey.get(hit.key)?.push(hit.userId);
  const unknown = [...new Set([...known.usersByKey.values()].flat())].filter((id) => !known.users.has(id));
  if (unknown.length === 0) return;
  for (const user of await pass.store.read.candidates(pass.rules.id, unknown)) known.users.set(user.id, user);
}

/** Accounts that share a key with `rows`, or a user with them. */
async function findPeers(pass: Pass, known: Known, rows: readonly UnlinkedAccount[]): Promise<readonly UnlinkedRow[]> {
  const own = rows.flatMap((row) => row.keys.filter((key) => key !== null));
  const users = [...new Set(own.flatMap((key) => known.usersByKey.get(key) ?? []))];
  const theirs = users.length === 0 ? [] : (await pass.store.read.keysOfUsers(users)).map((row) => row.key);
  const keys = [...new Set([...own, ...theirs])];
  if (keys.length === 0) return [];
  const ids = await pass.store.read.accountsByKeys(pass.rules.id, keys, [...known.accounts.keys()]);
  if (ids.length === 0) return [];
  const peers = await pass.store.read.unlinked(ids, false);
  for (const peer of peers) known.accounts.set(peer.id, peer);
  return peers;
}
