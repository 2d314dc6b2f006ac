import type { Page, Read, ReadEnd } from '../connector-kit/contract.ts';
import type { RejectedRecord, SourceTeam, AccountContent } from '../domain/account.ts';
import type { Field } from '../domain/fields.ts';
import { normalise } from '../domain/text.ts';
import type { SourceId } from '../domain/user.ts';
import type { Lease } from '../domain/lease.ts';
import { accountKeys } from '../reconcile/match-keys.ts';
import { contentHash, merge, validateRecord } from './content.ts';
import type { AccountWrite, ImportStore, KnownAccount } from './ports.ts';
import { SeenAccounts } from './seen.ts';

/** How many rejected records a run names; the others are only counted (architecture 8). */
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
  readonly match: readonly (readonly Field[])[];
  readonly read: Read;
  /** A full read: what is missing at its complete end is absent. */
  readonly full: boolean;
  readonly counts: ImportCounts;
  readonly signal: AbortSignal;
  readonly progress: (done: number, total: number | undefined) => Promise<void>;
}

export interface ImportEnd {
  /** Whether absence was concluded, or could have been (spec 3.1). */
  readonly complete: boolean;
  /** Why not, for people. */
  readonly reason: string | null;
  readonly cursor: string | null;
  readonly rejects: readonly RejectedRecord[];
  readonly notes: readonly string[];
}

/**
 * Reads a source into accounts and touches nothing else (spec 2.1): a fixed number of statements per page, none that
 * writes where nothing has changed. What is missing is concluded only at the end of a complete full read (spec 3.1).
 */
export async function importSource(input: ImportInput): Promise<ImportEnd> {
  const state: State = { input, seen: new SeenAccounts(), teams: new Map(), rejects: [], unprovable: null };
  const end = await readPages(state);
  const reason =
    state.unprovable ?? (end.complete ? null : (end.reason ?? 'the source did not say that this was everything'));
  if (reason === null && input.full) await concludeAbsences(state);
  if (input.counts.new + input.counts.changed > 500) await input.store.analyse();
  return {
    complete: reason === null,
    reason,
    cursor: end.cursor ?? null,
    rejects: state.rejects,
    notes: end.notes ?? [],
  };
}

interface State {
  readonly input: ImportInput;
  readonly seen: SeenAccounts;
  /** Names of the source's teams that this run has stored. */
  readonly teams: Map<string, string>;
  readonly rejects: RejectedRecord[];
  /** Why this read cannot prove absence although it arrived whole (spec 2.2). */
  unprovable: string | null;
}

/** Stores each page while the next one is being read. */
async function readPages(state: State): Promise<ReadEnd> {
  const { read, signal, counts, progress } = state.input;
  let pending = read.next();
  for (;;) {
    const step = await pending;
    if (step.done === true) return step.value;
    signal.throwIfAborted();
    pending = read.next();
    // A failure of the next page must not go unheard while this one is stored: it is awaited in the next round.
    pending.catch(() => undefined);
    await storePage(state, step.value);
    await progress(counts.read + counts.rejected, step.value.total);
  }
}

interface Said {
  readonly externalId: string;
  readonly content: AccountContent;
}

async function storePage(state: State, page: Page): Promise<void> {
  const { store, source, counts, lease } = state.input;
  const { said, rejectedIds } = usableRecords(state, page);
  const known = await store.known(source, [...said.map((record) => record.externalId), ...rejectedIds, ...page.gone]);
  const byId = new Map(known.map((account) => [account.externalId, account]));
  // A rejected record's account counts as seen (spec 2.2).
  for (const id of rejectedIds) {
    const account = byId.get(id);
    if (account !== undefined) state.seen.add(account.id);
  }
  const fresh = said.filter((record) => !byId.has(record.externalId));
  const { changed, returned } = await compareKnown(state, said, byId);
  const gone = page.gone.flatMap((id) => byId.get(id) ?? []).filter((account) => !account.absent);
  const teams = newTeamNames(state, said);
  counts.read += said.length;
  counts.new += fresh.length;
  counts.changed += changed.length;
  counts.unchanged += said.length - fresh.length - changed.length;
  if (fresh.length + changed.length + returned.length + gone.length + teams.length === 0) return;
  await store.inLease(lease, async (tx) => {
    const inserted = await tx.insertAccounts(
      source,
      fresh.map((record) => accountWrite(state, record, false)),
    );
    for (const account of inserted) state.seen.add(account.id);
    await tx.updateAccounts(changed);
    await tx.markSeen(returned);
    await tx.markAbsent(
      gone.map((account) => account.id),
      'deleted, as the source itself reports',
    );
    await tx.saveTeams(source, teams);
  });
}

/** Validates a page's records; bad ones are named, counted and never stop the rest (spec 2.2). */
function usableRecords(state: State, page: Page): { said: Said[]; rejectedIds: string[] } {
  const { counts } = state.input;
  const usable = new Map<string, Said>();
  const rejected: RejectedRecord[] = [...page.rejected];
  for (const [index, record] of page.records.entries()) {
    const position = `record ${String(counts.read + counts.rejected + index + 1)}`;
    const result = validateRecord(record);
    if ('reason' in result)
      rejected.push({ externalId: normalise(record.externalId), position, reason: result.reason });
    else if (usable.has(result.externalId)) {
      rejected.push({ externalId: result.externalId, position, reason: 'its id appears twice' });
      state.unprovable ??= `the id ${result.externalId} appears twice in one read`;
    } else usable.set(result.externalId, result);
  }
  for (const record of rejected) reject(state, record);
  return { said: [...usable.values()], rejectedIds: rejected.flatMap((record) => record.externalId ?? []) };
}

function reject(state: State, record: RejectedRecord): void {
  state.input.counts.rejected++;
  if (state.rejects.length < namedRejects) state.rejects.push(record);
  if (record.externalId === undefined || record.externalId === '')
    state.unprovable ??= `a record without a usable id was rejected (${record.position}: ${record.reason})`;
}

async function compareKnown(
  state: State,
  said: readonly Said[],
  byId: ReadonlyMap<string, KnownAccount>,
): Promise<{ changed: (AccountWrite & { id: number })[]; returned: number[] }> {
  const returned: number[] = [];
  const differing: { account: KnownAccount; record: Said }[] = [];
  for (const record of said) {
    const account = byId.get(record.externalId);
    if (account === undefined) continue;
    if (!state.seen.add(account.id)) {
      state.unprovable ??= `the id ${record.externalId} appears twice in one read`;
    }
    if (account.absent) returned.push(account.id);
    if (contentHash(record.content) !== account.contentHash) differing.push({ account, record });
  }
  const stored =
    differing.length === 0
      ? new Map<number, never>()
      : await state.input.store.contents(differing.map(({ account }) => account.id));
  const changed = differing.flatMap(({ account, record }) => {
    const before = stored.get(account.id);
    if (before === undefined) return [];
    const content = merge(before.content, record.content);
    const write = accountWrite(state, { externalId: record.externalId, content }, before.linked);
    return write.contentHash === account.contentHash ? [] : [{ ...write, id: account.id }];
  });
  return { changed, returned };
}

function accountWrite(state: State, record: Said, linked: boolean): AccountWrite {
  return {
    externalId: record.externalId,
    content: record.content,
    contentHash: contentHash(record.content),
    disabled: record.content.disabled ?? false,
    keys: linked ? null : accountKeys(record.content.values, state.input.match).filter((key) => key !== null),
  };
}

/** Teams whose name this run has not stored yet. */
function newTeamNames(state: State, said: readonly Said[]): SourceTeam[] {
  const teams = said.flatMap((record) => [...(record.content.teams ?? []), ...(record.content.supervises ?? [])]);
  return teams.filter((team) => {
    if (state.teams.get(team.id) === team.name) return false;
    state.teams.set(team.id, team.name);
    return true;
  });
}

/** What a complete read did not show is absent; whether it is *gone* is for reconcile to decide (spec 13.1). */
async function concludeAbsences(state: State): Promise<void> {
  const { store, source, lease, signal } = state.input;
  const teams = [...state.teams.keys()];
  if ((await store.countTeamsMissing(source, teams)) > 0)
    await store.inLease(lease, (tx) => tx.markTeamsAbsent(source, teams));
  if ((await store.countPresent(source)) === state.seen.count) return;
  for (let after = 0; ;) {
    signal.throwIfAborted();
    const ids = await store.presentIds(source, after, 10_000);
    const last = ids.at(-1);
    if (last === undefined) return;
    after = last;
    const missing = ids.filter((id) => !state.seen.has(id));
    if (missing.length > 0) await store.inLease(lease, (tx) => tx.markAbsent(missing, 'absent from a complete import'));
  }
}
