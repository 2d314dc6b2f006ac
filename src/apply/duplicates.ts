import type { UserId } from '../domain/user.ts';
import { duplicateItem } from './decisions.ts';
import { readKey } from '../reconcile/match-keys.ts';
import type { LinkedKeys, ReconcileTx } from './ports.ts';
import type { Writing } from './pass.ts';
import { mostNamed } from '../domain/review-answers.ts';
import { settleQuestions } from './questions.ts';

/** A user of a batch with their account of the run's source, and the keys under which they are found. */
interface LinkedUser {
  readonly userId: UserId;
  /** The keys of what the account says, applied or not. */
  readonly own: readonly string[];
  readonly keys: readonly string[];
}

/** A key under which a user outside the batch is found. */
interface KeyOfUser {
  readonly key: string;
  readonly userId: UserId;
}

const kinds = ['possible-duplicate'];

/**
 * Derives anew which users of a batch may be the same person as another: a linked account of one has values that match the
 * other by its source's rules (spec 4.9). Whatever holds the account back, the question arises; it holds nothing itself.
 * `others` are the users under the keys near them, where the caller has looked them up.
 */
export async function settleDuplicates(
  tx: ReconcileTx,
  pass: Writing,
  linked: readonly LinkedUser[],
  others?: readonly KeyOfUser[],
): Promise<void> {
  const userIds = linked.map((entry) => entry.userId);
  const open = await tx.openItems(kinds, [], userIds);
  const pairs = new Map([
    ...pairsNear(linked, others ?? (await usersNear(tx, linked))),
    ...open.map((item) => [item.subject, item.userIds] as const),
  ]);
  if (pairs.size === 0) return;
  const arising = await arisingPairs(tx, pairs);
  const answered = await answeredPairs(tx, arising);
  const desired = arising.filter(([subject]) => !answered.has(subject)).map(([, users]) => duplicateItem(users));
  await settleQuestions(tx, pass, { kinds, accountIds: [], userIds }, desired);
}

/** The keys under which users may be that are the same person as this one. */
export function keysNear({ own, keys }: LinkedUser): readonly string[] {
  return [...own, ...keys];
}

async function usersNear(tx: ReconcileTx, linked: readonly LinkedUser[]): Promise<readonly KeyOfUser[]> {
  const keys = [...new Set(linked.flatMap(keysNear))];
  const known = linked.map((entry) => entry.userId);
  return keys.length === 0 ? [] : tx.usersByKeys(keys, known);
}

/** The pairs that share any key: those that may be asked about, found by look-ups. */
function pairsNear(
  linked: readonly LinkedUser[],
  others: readonly KeyOfUser[],
): ReadonlyMap<string, readonly UserId[]> {
  const keysOf = new Map(linked.map((entry) => [entry.userId, keysNear(entry)]));
  const among = linked.flatMap((entry) => entry.keys.map((key) => ({ key, userId: entry.userId })));
  const usersByKey = Map.groupBy([...others, ...among], (hit) => hit.key);
  const pairs = new Map<string, readonly UserId[]>();
  for (const [userId, own] of keysOf)
    for (const { userId: other } of own.flatMap((key) => fewUnder(key, usersByKey))) {
      if (other === userId) continue;
      const pair = [userId, other].sort((a, b) => a - b);
      pairs.set(pair.join(':'), pair);
    }
  return pairs;
}

/** What more users have than a question could be about says nothing of two of them. */
function fewUnder(key: string, usersByKey: ReadonlyMap<string, readonly KeyOfUser[]>): readonly KeyOfUser[] {
  const users = usersByKey.get(key) ?? [];
  return users.length > mostNamed ? [] : users;
}

/** The pairs of which a person has said that they are two people, by an answer about them or about an account (spec 4.9). */
async function answeredPairs(
  tx: ReconcileTx,
  pairs: readonly (readonly [string, readonly UserId[]])[],
): Promise<ReadonlySet<string>> {
  if (pairs.length === 0) return new Set();
  const answered = await tx.separateUserAnswers(pairs.map(([subject]) => subject));
  const barred = await tx.barredPairs([...new Set(pairs.flatMap(([, users]) => users))]);
  return new Set([...answered, ...barred]);
}

/** The pairs of which a linked account of one matches the other. */
async function arisingPairs(
  tx: ReconcileTx,
  pairs: ReadonlyMap<string, readonly UserId[]>,
): Promise<(readonly [string, readonly UserId[]])[]> {
  const userIds = [...new Set([...pairs.values()].flat())];
  const said = Map.groupBy(await tx.keysOfLinkedAccounts(userIds), (account) => account.userId);
  const found = byUser(await tx.keysOfUsers(userIds));
  const matches = (one: UserId | undefined, other: UserId | undefined): boolean =>
    one !== undefined &&
    other !== undefined &&
    (said.get(one) ?? []).some((account) => matchesKeys(account, found.get(other) ?? new Set()));
  return [...pairs].filter(([, [a, b]]) => matches(a, b) || matches(b, a));
}

/** Both are found by a rule, and no stronger one of which both have a value tells them apart (spec 4.12). */
function matchesKeys({ keys, ruleNames, trustedRules }: LinkedKeys, theirs: ReadonlySet<string>): boolean {
  const rules = new Set([...theirs].map((key) => readKey(key).rule));
  let apart = false;
  for (const [index, key] of keys.entries()) {
    const name = ruleNames[index] ?? '';
    if (key === null) continue;
    if (!theirs.has(key)) apart ||= rules.has(name);
    else if (!apart || trustedRules.includes(name)) return true;
  }
  return false;
}

function byUser(rows: readonly { userId: UserId; key: string }[]): ReadonlyMap<UserId, ReadonlySet<string>> {
  const groups = Map.groupBy(rows, (row) => row.userId);
  return new Map([...groups].map(([userId, group]) => [userId, new Set(group.map((row) => row.key))]));
}
