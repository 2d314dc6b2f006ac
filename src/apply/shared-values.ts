import { claimKey } from '../domain/claim.ts';
import { isUniqueField } from '../domain/fields.ts';
import { compareText } from '../domain/text.ts';
import type { Lease } from '../domain/lease.ts';
import type { SourceId } from '../domain/user.ts';
import { digestOf } from '../digest.ts';
import { accountKeys, readKey } from '../reconcile/match-keys.ts';
import type { SourceRules } from '../reconcile/rules.ts';
import type { ItemDraft, ReconcileStore, ReconcileTx, SharedValue } from './ports.ts';
import { mostNamed } from '../domain/review-answers.ts';

/** A value that more living accounts of one source share than these identifies nobody (spec 4.11). */
const mostSharing = 20;
const kind = 'shared-value';

interface Sharing {
  readonly key: string;
  readonly accounts: readonly { readonly id: number; readonly externalId: string }[];
  /** As the lowest of them writes it. */
  readonly spelling: string;
}

/**
 * Finds out which values of a source identify nobody, because too many of its accounts share them, and asks one question about each
 * (spec 4.11). Looks at the values of what is due and at those that were shared before. Gives all keys of which that holds now.
 */
export async function settleSharedValues(
  store: ReconcileStore,
  { lease, runId, rules }: { readonly lease: Lease; readonly runId: number; readonly rules: SourceRules },
): Promise<ReadonlySet<string>> {
  const { read } = store;
  const known = await read.sharedValues(rules.id);
  const near = await read.keysHeldByMany(rules.id, mostSharing);
  const sharing = await countSharing(store, rules, [...new Set([...near, ...known.map((value) => value.key)])]);
  const news = changesOf(known, sharing);
  if (news.found.length + news.over.length + news.moved.length > 0)
    await store.inLease(lease, (tx) => writeNews(tx, news, rules, runId));
  return read.sharedKeys();
}

/** Page by page: thousands may share a value. */
async function countSharing(
  { read }: ReconcileStore,
  rules: SourceRules,
  keys: readonly string[],
): Promise<ReadonlyMap<string, Sharing>> {
  if (keys.length === 0) return new Map();
  const wanted = new Map(keys.map((key) => [key, [] as { id: number; externalId: string }[]]));
  const spellings = new Map<string, { externalId: string; text: string }>();
  for (let after: number | null = 0; after !== null;) {
    const page: Awaited<ReturnType<typeof read.sharers>> = await read.sharers(rules.id, keys, after, 2_000);
    for (const { id, externalId, content } of page.accounts)
      for (const [index, key] of accountKeys(content.values, rules).entries()) {
        const accounts = key === null ? undefined : wanted.get(key);
        if (key === null || accounts === undefined) continue;
        accounts.push({ id, externalId });
        const lowest = spellings.get(key);
        if (lowest !== undefined && compareText(lowest.externalId, externalId) <= 0) continue;
        const said = (rules.match[index] ?? []).map((field) => content.values[field] ?? '');
        spellings.set(key, { externalId, text: said.join(' ') });
      }
    after = page.last;
  }
  return new Map(
    [...wanted].map(([key, accounts]) => [
      key,
      {
        key,
        accounts: accounts.sort((a, b) => compareText(a.externalId, b.externalId)),
        spelling: spellings.get(key)?.text ?? '',
      },
    ]),
  );
}

interface News {
  readonly found: readonly Sharing[];
  /** Shared no longer, and no person has said that they identify nobody. */
  readonly over: readonly SharedValue[];
  /** Others share them now than before, and a question is open. */
  readonly moved: readonly Sharing[];
}

function changesOf(known: readonly SharedValue[], sharing: ReadonlyMap<string, Sharing>): News {
  const before = new Map(known.map((value) => [value.key, value]));
  const many = [...sharing.values()].filter(({ accounts }) => accounts.length > mostSharing);
  const manyKeys = new Set(many.map(({ key }) => key));
  return {
    found: many.filter(({ key }) => !before.has(key)),
    over: known.filter(({ key, answer }) => answer !== 'nobody' && !manyKeys.has(key)),
    moved: many.filter(({ key, accounts }) => {
      const value = before.get(key);
      return value?.answer === null && value.accounts !== accounts.length;
    }),
  };
}

async function writeNews(
  tx: ReconcileTx,
  { found, over, moved }: News,
  rules: SourceRules,
  runId: number,
): Promise<void> {
  const concerned = [
    ...found.map(({ key }) => key),
    ...over.filter(({ answer }) => answer === null).map(({ key }) => key),
  ];
  await tx.wakeSharers(concerned.filter((key) => found.some((each) => each.key === key)));
  await tx.saveShared(
    rules.id,
    [...found, ...moved].map(({ key, accounts }) => ({ key, accounts: accounts.length })),
  );
  await tx.dropShared(
    rules.id,
    over.map(({ key }) => key),
  );
  await tx.wakeSharers(over.map(({ key }) => key));
  await tx.wakeByItems(
    [],
    concerned.flatMap((key) => claimsAt(rules.id, key)),
  );
  const open = await tx.openItemsOfSource(kind, rules.id);
  const ended = new Set(over.map(({ key }) => subjectOf(rules, key)));
  await tx.closeItems(open.filter((item) => ended.has(item.subject)).map((item) => item.id));
  await tx.openNewItems(
    found.map((each) => itemOf(each, rules)),
    rules.id,
    runId,
  );
  await tx.refreshItems(moved.map((each) => itemOf(each, rules)));
}

/** Questions about a unique name that wait for this value: it is no unique name any more, or is one again. */
function claimsAt(source: SourceId, key: string): string[] {
  const { rule, values } = readKey(key);
  const [value, ...others] = values;
  return value !== undefined && others.length === 0 && isUniqueField(rule)
    ? [claimKey({ kind: rule === 'acdId' ? `acdId:${source}` : rule, value })]
    : [];
}

function subjectOf(rules: SourceRules, key: string): string {
  return digestOf([rules.id, key]);
}

function itemOf({ key, accounts, spelling }: Sharing, rules: SourceRules): ItemDraft {
  const named = accounts.slice(0, mostNamed);
  return {
    kind,
    subject: subjectOf(rules, key),
    accountIds: named.map(({ id }) => id),
    userIds: [],
    part: readKey(key).rule,
    waitKeys: [],
    evidence: {
      source: rules.id,
      key,
      field: readKey(key).rule,
      value: spelling,
      count: accounts.length,
      accounts: named.map(({ externalId }) => externalId),
    },
  };
}
