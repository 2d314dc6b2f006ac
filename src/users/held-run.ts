import type { Asker } from '../domain/permissions.ts';
import type { AccountContent } from '../domain/account.ts';
import type { Change } from '../domain/change.ts';
import type { SourceId, UserId } from '../domain/user.ts';
import { valueSaid } from '../reconcile/project.ts';
import { refusedParts } from '../reconcile/refused-parts.ts';
import { ActionRefusedError } from './errors.ts';
import { beyond } from './own-scope.ts';
import type { PersonsEvent, RequestReconcile } from './events.ts';

/** `run approve|discard` (spec 13.2). */
interface HeldRunRequest extends Asker {
  readonly run: number;
  /** Of what was shown, or its beginning (12 characters at least): approving is about what a person has seen. */
  readonly digest?: string | undefined;
  readonly reason?: string | undefined;
}

/** One decision that a held run showed, with the account as it is now. */
interface ShownAccount {
  readonly kind: 'gone' | 'values' | 'link' | 'create' | 'question' | 'unmatched';
  readonly accountId: number;
  readonly userId: UserId | null;
  readonly changes: readonly Change[];
  /** Null where the account is not as it was shown. */
  readonly content: AccountContent | null;
}

/** A part of an account that is not to be applied as long as its source says this. */
interface RefusedPart {
  readonly accountId: number;
  /** A part (spec section 1, refusal), or `identity`: whom the account belongs to. */
  readonly part: string;
  readonly said: string;
}

/** What deciding on a held run needs inside one transaction. */
export interface HeldRunTransaction {
  /** Locks the run; null where there is none. */
  lockRun(
    run: number,
  ): Promise<{ readonly state: string; readonly source: SourceId | null; readonly digest: string | null } | null>;
  /** Whether the run shows a decision about somebody out of the operator's scope, or about nobody yet. */
  showsBeyond(run: number, operator: string): Promise<boolean>;
  /** Hands the run back to the engine, which applies what still is as shown. */
  approve(run: number, operator: string): Promise<void>;
  /** What the run showed, by account id. */
  shown(run: number, afterAccount: number, limit: number): Promise<readonly ShownAccount[]>;
  refuse(parts: readonly RefusedPart[], request: HeldRunRequest): Promise<void>;
  /** Refuses the policy of a run without a source; gives the number of users whom it would have changed (spec 14.4). */
  refusePolicy(request: HeldRunRequest): Promise<number>;
  /** Ends the run with nothing applied. */
  discard(run: number, operator: string): Promise<void>;
  appendEvent(event: PersonsEvent): Promise<void>;
}

/** Runs work in one transaction. */
export interface HeldRunStore {
  transaction<T>(work: (transaction: HeldRunTransaction) => Promise<T>): Promise<T>;
}

export interface HeldRuns {
  /** Has the engine apply each decision whose account and user are as shown. @throws ActionRefusedError */
  approve(request: HeldRunRequest & { readonly digest: string }): Promise<void>;
  /** Refuses what was shown, part by part; links and creations until a person links; a policy until there is another. @throws ActionRefusedError */
  discard(request: HeldRunRequest): Promise<{ refused: number }>;
}

const batchSize = 1_000;
const shortestDigest = 12;

/** What people do to a run that the guard holds. */
export function createHeldRuns(store: HeldRunStore, requestReconcile: RequestReconcile): HeldRuns {
  return {
    async approve(request) {
      const source = await store.transaction(async (transaction) => {
        const locked = await lockHeld(transaction, request);
        await transaction.approve(request.run, request.operator);
        await transaction.appendEvent(eventOf(request, 'run-approved', locked));
        return locked;
      });
      await requestReconcile(source === null ? [] : [source]);
    },
    async discard(request) {
      const { source, refused } = await store.transaction(async (transaction) => {
        const locked = await lockHeld(transaction, request);
        const count = await (locked === null ? transaction.refusePolicy(request) : refuseShown(transaction, request));
        await transaction.discard(request.run, request.operator);
        await transaction.appendEvent(eventOf(request, 'run-discarded', locked));
        return { source: locked, refused: count };
      });
      if (source !== null) await requestReconcile([source]);
      return { refused };
    },
  };
}

async function lockHeld(transaction: HeldRunTransaction, request: HeldRunRequest): Promise<SourceId | null> {
  const { run, digest, operator } = request;
  const locked = await transaction.lockRun(run);
  if (locked === null) throw new ActionRefusedError('run-unknown', `There is no run ${String(run)}.`);
  if (locked.state !== 'held')
    throw new ActionRefusedError(
      'run-not-held',
      `Run ${String(run)} is not held: it is ${locked.state}. A later run of its source may have asked again: rosterd run list --state held`,
    );
  if (await transaction.showsBeyond(run, operator)) throw beyond(operator, `Some of what run ${String(run)} shows`);
  if (digest !== undefined && (digest.length < shortestDigest || locked.digest?.startsWith(digest) !== true))
    throw new ActionRefusedError(
      'digest-changed',
      `What run ${String(run)} shows has the digest ${locked.digest?.slice(0, shortestDigest) ?? ''}, not ${digest}: look at it again.`,
    );
  return locked.source;
}

async function refuseShown(transaction: HeldRunTransaction, request: HeldRunRequest): Promise<number> {
  let refused = 0;
  for (let after = 0; ;) {
    const shown = await transaction.shown(request.run, after, batchSize);
    const last = shown.at(-1);
    if (last === undefined) return refused;
    after = last.accountId;
    const parts = shown.flatMap(partsOf);
    await transaction.refuse(parts, request);
    refused += parts.length;
  }
}

function partsOf({ kind, accountId, changes, content }: ShownAccount): RefusedPart[] {
  if (kind === 'unmatched' || kind === 'question') return [];
  if (kind === 'gone') return [{ accountId, part: 'gone', said: '' }];
  if (kind !== 'values') return [{ accountId, part: 'identity', said: '' }];
  // What its source has said meanwhile was not shown: the next run asks about it.
  if (content === null) return [];
  return refusedParts(changes).map((part) => ({ accountId, part, said: valueSaid(content, part) }));
}

function eventOf(
  request: HeldRunRequest,
  type: 'run-approved' | 'run-discarded',
  source: SourceId | null,
): PersonsEvent {
  return {
    operator: request.operator,
    may: request.may,
    type,
    source,
    userId: null,
    runId: request.run,
    changes: [],
    reason: request.reason ?? null,
  };
}
