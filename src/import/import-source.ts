import { setImmediate } from 'node:timers/promises';
import type { Gone, Page, Read, ReadEnd } from '../connector-kit/contract.ts';
import { absenceProof } from '../domain/absence.ts';
import { idCameTwice } from '../domain/account.ts';
import type { AccountContent, RejectedRecord, SourceTeam } from '../domain/account.ts';
import type { SourceId } from '../domain/user.ts';
import type { Lease } from '../domain/lease.ts';
import { heard } from '../heard.ts';
import { accountKeys, type Matching } from '../reconcile/match-keys.ts';
import { contentHash, merge, validateRecord } from './content.ts';
import type { AccountWrite, ImportStore, ImportTx, KnownAccount } from './ports.ts';
import { SeenAccounts, SeenTeams } from './seen.ts';

/** How many rejected records, and how many values that could not be used, a run names; the others are only counted. */
const namedRejects = 20;

/** Counts of one import (spec 2.5). */
interface ImportCounts {
  read: number;
  new: number;
  changed: number;
  unchanged: number;
  rejected: number;
}

export interface ImportInput {
  readonly store: ImportStore;
  readonly lease: Lease;
  readonly source: SourceId;
  readonly match: Matching;
  readonly read: Read;
  /** A full read: what is missing at its end is absent, where it proves absence. */
  readonly full: boolean;
  /** Whether two pages of a full read may be stored at once. */
  readonly overlap: boolean;
  readonly counts: ImportCounts;
  readonly signal: AbortSignal;
  readonly progress: (done: number, total: number | undefined) => Promise<void>;
}

export interface ImportEnd {
  /** Whether everything that the source has was read, and at least one record had a usable id (spec 2.2). */
  readonly whole: boolean;
  /** Why not, for people. */
  readonly reason: string | null;
  /** Whole, and absence was concluded or could have been (spec 3.1); a note says why not. */
  readonly complete: boolean;
  /** Whether reading again may bring everything. */
  readonly retryable: boolean;
  /** A delta that has left it to the next one to show everybody. */
  readonly unlisted: boolean;
  readonly cursor: string | null;
  readonly rejects: readonly RejectedRecord[];
  readonly notes: readonly string[];
}

/**
 * Reads a source into accounts and touches nothing else (spec 2.1): a fixed number of statements per page, none that
 * writes where nothing has changed. What is missing is concluded only at the end of a complete full read, or of a complete
 * delta that has shown everybody (spec 3.1).
 */
export async function importSource(input: ImportInput): Promise<ImportEnd> {
  const state: State = {
    input,
    anyKnown: await input.store.anyKnown(input.source),
    seen: new SeenAccounts(),
    storing: new Set(),
    teams: new SeenTeams(),
    rejects: [],
    usableIds: 0,
    unprovable: null,
    unread: { count: 0, named: [] },
  };
  const end = await readPages(state);
  const reason = whyNotWhole(state, end);
  const complete = reason === null && state.unprovable === null;
  if (complete && input.full) {
    await concludeTeams(state);
    await concludeAbsences(state, absenceProof.notShown);
  } else if (complete && end.showsEverybody === true) await concludeAbsences(state, absenceProof.notListed);
  if (input.counts.new + input.counts.changed > 500) await input.store.analyse();
  return {
    whole: reason === null,
    reason,
    complete,
    retryable: end.retryable === true,
    unlisted: reason === null && end.unlisted === true,
    cursor: end.cursor ?? null,
    rejects: state.rejects,
    notes: notesOf(state, end, reason === null),
  };
}

/** Why a read has not shown everything that the source has; null where it has. */
function whyNotWhole({ input, usableIds, unprovable }: State, end: ReadEnd): string | null {
  if (!end.whole) return end.reason ?? 'the source did not say that this was everything';
  // A read of which nobody can be told has shown nobody: it has failed (spec 2.2).
  return input.counts.rejected > 0 && usableIds === 0 ? unprovable : null;
}

/** What a person should know of a read beside its counts (spec 2.2, 2.9). */
function notesOf({ input, anyKnown, unprovable, unread }: State, end: ReadEnd, whole: boolean): string[] {
  const more = unread.count - unread.named.length;
  return [
    ...(end.notes ?? []),
    ...(whole && unprovable !== null && input.full
      ? [`it proves no absence, since ${unprovable}: nothing is concluded from what is missing`]
      : []),
    ...unread.named,
    ...(more > 0 ? [`${String(more)} more values could not be used and were not read`] : []),
    ...(anyKnown || end.offered === undefined ? [] : [end.offered]),
  ];
}

interface State {
  readonly input: ImportInput;
  /** Whether the source had accounts before this read. Of a first read an id that is there came earlier in it. */
  readonly anyKnown: boolean;
  readonly seen: SeenAccounts;
  /** External ids of new accounts that are on their way into the store. */
  readonly storing: Set<string>;
  readonly teams: SeenTeams;
  readonly rejects: RejectedRecord[];
  /** How many records had an id that names an account, rejected ones included. */
  usableIds: number;
  /** Why this read cannot prove absence although it arrived whole (spec 2.2). */
  unprovable: string | null;
  /** Values that could not be used. */
  readonly unread: { count: number; readonly named: string[] };
}

/** Stores pages while the next one is being read and, in a full read, compared with what is known. */
async function readPages(state: State): Promise<ReadEnd> {
  const { read, full, overlap, signal, counts, progress } = state.input;
  let pending = read.next();
  let [former, latest] = [Promise.resolve(), Promise.resolve()];
  try {
    for (;;) {
      const step = await pending;
      // A delta may say of an account again what the page in front has changed.
      if (step.done === true || !full) await Promise.all([former, latest]);
      if (step.done === true) return step.value;
      signal.throwIfAborted();
      pending = heard(read.next());
      const write = await comparePage(state, step.value);
      await (overlap ? former : latest);
      [former, latest] = [latest, heard(writePage(state, write))];
      await progress(counts.read + counts.rejected, step.value.total);
      // Pages that are there already follow each other without a pause; the API and the leases' renewal have their turn here.
      await setImmediate();
    }
  } finally {
    // Whatever ended this: nothing is left behind that still writes. Where it matters, it was awaited above.
    await Promise.allSettled([former, latest]);
  }
}

interface Said {
  readonly externalId: string;
  readonly content: AccountContent;
  readonly groupsNotRead: readonly string[];
  /** Where it stands, and why values of it were not read. */
  readonly unread: { readonly position: string; readonly reasons: readonly string[] };
}

/** What a page changes. */
interface PageWrite {
  readonly fresh: readonly AccountWrite[];
  readonly changed: readonly (AccountWrite & { id: number })[];
  /** Ids of accounts that were absent. */
  readonly returned: readonly number[];
  readonly gone: readonly Gone[];
  readonly teams: readonly SourceTeam[];
  readonly byId: ReadonlyMap<string, KnownAccount>;
}

async function comparePage(state: State, page: Page): Promise<PageWrite> {
  const { store, source, counts } = state.input;
  const { said, rejected } = validate(page, counts.read + counts.rejected);
  const rejectedIds = rejected.flatMap((record) => record.externalId ?? []);
  const sighted = validSightings(page);
  const goneIds = page.gone.map((gone) => gone.externalId);
  const ids = [...said, ...sighted].map((record) => record.externalId);
  // In a first read nothing is known but what the read itself has brought, and that is found as it is stored again.
  const asks = state.anyKnown || rejectedIds.length + sighted.length + goneIds.length > 0;
  const known = asks ? await store.known(source, [...ids, ...rejectedIds, ...goneIds]) : [];
  const byId = new Map(known.map((account) => [account.externalId, account]));
  const usable = said.filter((record) => !isRepeated(state, byId.get(record.externalId), record, rejected));
  for (const record of rejected) reject(state, record);
  for (const record of usable) noteUnread(state, record);
  const seenAgain = sighted.filter((record) => byId.has(record.externalId));
  // A rejected record's account counts as seen (spec 2.2).
  const spared = [...rejectedIds, ...seenAgain.map((record) => record.externalId)].flatMap((id) => byId.get(id) ?? []);
  for (const account of spared) state.seen.add(account.id);
  const present = usable.flatMap((record) => byId.get(record.externalId) ?? []);
  const returned = [...present, ...spared].filter((account) => account.absent).map((account) => account.id);
  const fresh = usable.filter((record) => !byId.has(record.externalId)).map((record) => accountWrite(state, record));
  const resaid = await changedAccounts(state, seenAgain.filter(saysSomething), byId);
  const changed = [...(await changedAccounts(state, usable, byId)), ...resaid];
  const gone = page.gone.filter((each) => byId.has(each.externalId));
  const teams = state.teams.take(usable.map((record) => record.content));
  counts.read += usable.length + resaid.length;
  counts.new += fresh.length;
  counts.changed += changed.length;
  // Of a source read again after a broken attempt, what that one stored is not unchanged.
  counts.unchanged = Math.max(counts.read - counts.new - counts.changed, 0);
  for (const { externalId } of fresh) state.storing.add(externalId);
  return { fresh, changed, returned, gone, teams, byId };
}

async function writePage(state: State, { fresh, changed, returned, gone, teams, byId }: PageWrite): Promise<void> {
  const { store, source, lease } = state.input;
  if (fresh.length + changed.length + returned.length + gone.length + teams.length === 0) return;
  const inserted = await store.inLease(lease, async (tx) => {
    const accounts = await tx.insertAccounts(source, fresh);
    await tx.updateAccounts(changed);
    await tx.markSeen([...new Set(returned)]);
    await markGone(tx, gone, byId);
    await tx.saveTeams(source, teams);
    return accounts;
  });
  for (const account of inserted) state.seen.add(account.id);
  for (const { externalId } of fresh) state.storing.delete(externalId);
  if (inserted.length < fresh.length) rejectRepeated(state, fresh, inserted);
}

/** Records whose id an earlier page of this first read had: the first one counts. */
function rejectRepeated(
  state: State,
  fresh: readonly AccountWrite[],
  inserted: readonly { externalId: string }[],
): void {
  const stored = new Set(inserted.map((account) => account.externalId));
  const { counts } = state.input;
  for (const { externalId } of fresh.filter((record) => !stored.has(record.externalId))) {
    counts.read--;
    counts.new--;
    reject(state, { externalId, position: `id ${externalId}`, reason: idCameTwice, repeated: true });
  }
}

async function markGone(tx: ImportTx, gone: readonly Gone[], byId: ReadonlyMap<string, KnownAccount>): Promise<void> {
  const idsOf = (how: Gone['how']): number[] =>
    gone.filter((each) => each.how === how).flatMap((each) => byId.get(each.externalId)?.id ?? []);
  await tx.markAbsent(idsOf('deleted'), absenceProof.deleted);
  await tx.markAbsent(idsOf('out-of-scope'), absenceProof.outOfScope);
}

/** One that cannot be used is passed over: it says nothing new, and was no reason to read the account. */
function validSightings({ sighted = [] }: Page): Said[] {
  return sighted.flatMap((record) => {
    const result = validateRecord(record);
    return 'reason' in result ? [] : [{ ...result, unread: { position: '', reasons: [] } }];
  });
}

/** Whether more was seen of an account than that it is there. */
function saysSomething({ content: { values, ...parts } }: Pick<Said, 'content'>): boolean {
  return Object.keys(values).length + Object.keys(parts).length > 0;
}

/** Splits a page into records that can be used and those that are rejected with their reason (spec 2.2). */
function validate(page: Page, before: number): { said: Said[]; rejected: RejectedRecord[] } {
  const said: Said[] = [];
  const rejected: RejectedRecord[] = [...page.rejected];
  const ids = new Set<string>();
  for (const [index, record] of page.records.entries()) {
    const position = record.unread?.position ?? `record ${String(before + index + 1)}`;
    const result = validateRecord(record);
    const { externalId } = result;
    if ('reason' in result)
      rejected.push({ ...(externalId === undefined ? {} : { externalId }), position, reason: result.reason });
    else if (ids.has(result.externalId))
      rejected.push({ externalId: result.externalId, position, reason: idCameTwice, repeated: true });
    else {
      ids.add(result.externalId);
      const reasons = [...(record.unread?.reasons ?? []), ...result.unread];
      said.push({ ...result, unread: { position, reasons } });
    }
  }
  return { said, rejected };
}

/** An id that an earlier page had is rejected like one that the same page had: the first record counts. */
function isRepeated(
  state: State,
  account: KnownAccount | undefined,
  record: Said,
  rejected: RejectedRecord[],
): boolean {
  const first = account === undefined || state.seen.add(account.id);
  if (first && !state.storing.has(record.externalId)) return false;
  const { externalId } = record;
  rejected.push({ externalId, position: `id ${externalId}`, reason: idCameTwice, repeated: true });
  return true;
}

function reject(state: State, record: RejectedRecord): void {
  state.input.counts.rejected++;
  if (state.rejects.length < namedRejects) state.rejects.push(record);
  const hasId = record.externalId !== undefined && record.externalId !== '';
  if (hasId) state.usableIds++;
  if (!hasId) state.unprovable ??= `a record without a usable id was rejected (${record.position}: ${record.reason})`;
  else if (record.repeated) state.unprovable ??= `the id ${record.externalId} appears twice in one read`;
  state.teams.missSome();
}

function noteUnread(state: State, { externalId, unread: { position, reasons } }: Said): void {
  const { unread, teams } = state;
  state.usableIds++;
  if (reasons.length === 0) return;
  // Among them may be its teams.
  teams.missSome();
  unread.count += reasons.length;
  for (const reason of reasons)
    if (unread.named.length < namedRejects) unread.named.push(`not read: ${position}, id ${externalId}: ${reason}`);
}

async function changedAccounts(
  state: State,
  said: readonly Said[],
  byId: ReadonlyMap<string, KnownAccount>,
): Promise<(AccountWrite & { id: number })[]> {
  const differing = said.flatMap((record) => {
    const account = byId.get(record.externalId);
    return account === undefined || contentHash(record.content) === account.contentHash ? [] : [{ account, record }];
  });
  if (differing.length === 0) return [];
  const stored = await state.input.store.contents(differing.map(({ account }) => account.id));
  return differing.flatMap(({ account, record }) => {
    const before = stored.get(account.id);
    if (before === undefined) return [];
    const content = merge(before.content, record.content, {
      groupsNotRead: record.groupsNotRead,
      linked: before.linked,
    });
    const write = accountWrite(state, { ...record, content });
    return write.contentHash === account.contentHash ? [] : [{ ...write, id: account.id }];
  });
}

function accountWrite(state: State, record: Said): AccountWrite {
  return {
    externalId: record.externalId,
    content: record.content,
    contentHash: contentHash(record.content),
    disabled: record.content.disabled ?? false,
    keys: accountKeys(record.content.values, state.input.match).filter((key) => key !== null),
  };
}

async function concludeTeams({ input: { store, source, lease }, teams: seen }: State): Promise<void> {
  const teams = seen.all();
  if (teams !== null && (await store.countTeamsMissing(source, teams)) > 0)
    await store.inLease(lease, (tx) => tx.markTeamsAbsent(source, teams));
}

/** What a complete read did not show is absent; whether it is *gone* is for reconcile to decide (spec 13.1). */
async function concludeAbsences(state: State, proof: string): Promise<void> {
  const { store, source, lease, signal } = state.input;
  if ((await store.countPresent(source)) === state.seen.count) return;
  for (let after = 0; ;) {
    signal.throwIfAborted();
    const ids = await store.presentIds(source, after, 10_000);
    const last = ids.at(-1);
    if (last === undefined) return;
    after = last;
    const missing = ids.filter((id) => !state.seen.has(id));
    if (missing.length > 0) await store.inLease(lease, (tx) => tx.markAbsent(missing, proof));
  }
}
