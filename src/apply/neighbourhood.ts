import type { UserId } from '../domain/user.ts';
import { correlate, type CandidateUser, type UnlinkedAccount, type Verdict } from '../reconcile/correlate.ts';
import { readKey, ruleName } from '../reconcile/match-keys.ts';
import type { ReconcileReads, UnlinkedRow } from './ports.ts';
import type { Pass } from './pass.ts';

/** Match keys and names that users will have once their values are written, by user (see takeValues). */
export type KeysAhead = ReadonlyMap<UserId, Pick<CandidateUser, 'names'> & { readonly keys: readonly string[] }>;

/**
 * Correlates a batch of accounts with everything that may bear on the answer: the users found under their keys, and every
 * other unlinked account that shares a key or a user with them, as far as questions reach.
 */
export async function correlateBatch(
  pass: Pick<Pass, 'rules'>,
  read: ReconcileReads,
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
    await findUsers(pass, read, known, frontier, ahead, aheadByKey);
    frontier = await findPeers(pass, read, known, frontier);
    if (frontier.length > 0) {
      await findUsers(pass, read, known, frontier, ahead, aheadByKey);
    }
    const verdicts = decide(pass, known);
    const questioned = frontier.filter((row) => verdicts.get(row.id)?.kind === 'question');
    if (questioned.length === 0) {
      if (known.accounts.size === batch.length) return { verdicts, accounts: known.accounts };
      return { verdicts: await askedAgain(pass, read, known, ahead, aheadByKey), accounts: known.accounts };
    }
    frontier = questioned;
  }
}

/**
 * Decides from users that are read after all accounts: what a person has said of a user since makes an account due again that was
 * read before, and counts for the others.
 */
async function askedAgain(
  pass: Pick<Pass, 'rules'>,
  read: ReconcileReads,
  { accounts }: Known,
  ahead: KeysAhead,
  aheadByKey: ReadonlyMap<string, readonly UserId[]>,
): Promise<ReadonlyMap<number, Verdict>> {
  const known: Known = { accounts, users: new Map(), usersByKey: new Map(), asked: new Set() };
  await findUsers(pass, read, known, [...accounts.values()], ahead, aheadByKey);
  return decide(pass, known);
}

interface Known {
  readonly accounts: Map<number, UnlinkedRow>;
  readonly users: Map<UserId, CandidateUser>;
  readonly usersByKey: Map<string, UserId[]>;
  /** Keys that have been looked up. */
  readonly asked: Set<string>;
}

function decide(pass: Pick<Pass, 'rules'>, known: Known): ReadonlyMap<number, Verdict> {
  return correlate({
    accounts: [...known.accounts.values()].filter(competes),
    users: known.users,
    usersByKey: known.usersByKey,
    ruleNames: pass.rules.match.map(ruleName),
    trustedRules: pass.rules.trustedRules,
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
  for (const [user, { keys }] of ahead)
    for (const key of keys) {
      const others = users.get(key);
      if (others === undefined) users.set(key, [user]);
      else others.push(user);
    }
  return users;
}

async function findUsers(
  pass: Pick<Pass, 'rules'>,
  read: ReconcileReads,
  known: Known,
  rows: readonly UnlinkedAccount[],
  ahead: KeysAhead,
  aheadByKey: ReadonlyMap<string, readonly UserId[]>,
): Promise<void> {
  const keys = [...new Set(rows.flatMap((row) => row.keys))].filter(
    (key) => key !== null && !known.asked.has(key),
  ) as string[];
  if (keys.length === 0) return;
  const hits = (await read.usersByKeys(keys)).filter((hit) => !ahead.has(hit.userId));
  for (const key of keys) {
    known.asked.add(key);
    known.usersByKey.set(key, [...(aheadByKey.get(key) ?? [])]);
  }
  for (const hit of hits) known.usersByKey.get(hit.key)?.push(hit.userId);
  const unknown = [...new Set([...known.usersByKey.values()].flat())].filter((id) => !known.users.has(id));
  if (unknown.length === 0) return;
  for (const user of await read.candidates(pass.rules.id, unknown)) {
    const then = ahead.get(user.id);
    const foundBy = then?.keys
      .filter((key) => pass.rules.sharedKeys?.has(key) !== true)
      .map((key) => readKey(key).rule);
    known.users.set(
      user.id,
      then === undefined || foundBy === undefined ? user : { ...user, names: then.names, foundBy },
    );
  }
}

/** Accounts that share a key with `rows`, or a user with them. */
async function findPeers(
  pass: Pick<Pass, 'rules'>,
  read: ReconcileReads,
  known: Known,
  rows: readonly UnlinkedAccount[],
): Promise<readonly UnlinkedRow[]> {
  const own = rows.flatMap((row) => row.keys.filter((key) => key !== null));
  const users = [...new Set(own.flatMap((key) => known.usersByKey.get(key) ?? []))];
  const theirs = users.length === 0 ? [] : (await read.keysOfUsers(users)).map((row) => row.key);
  const keys = [...new Set([...own, ...theirs])];
  if (keys.length === 0) return [];
  const ids = await read.accountsByKeys(pass.rules.id, keys, [...known.accounts.keys()]);
  if (ids.length === 0) return [];
  const peers = await read.unlinked(ids, false);
  for (const peer of peers) known.accounts.set(peer.id, peer);
  return peers;
}
