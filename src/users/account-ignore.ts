import type { Asker } from '../domain/permissions.ts';
import type { SourceId, UserId } from '../domain/user.ts';
import { ActionRefusedError } from './errors.ts';
import type { PersonsEvent, RequestReconcile } from './events.ts';

/** `account ignore|unignore` (spec 2.7). */
interface IgnoreRequest extends Asker {
  readonly source: SourceId;
  readonly externalId: string;
  readonly reason?: string | undefined;
}

interface LockedAccount {
  readonly id: number;
  readonly ignored: boolean;
  /** The user whom it is linked to. */
  readonly userId: UserId | null;
}

/** What ignoring needs inside one transaction. */
export interface AccountIgnoreTransaction {
  /** Locks the account; null where there is no such account. */
  lockAccount(source: SourceId, externalId: string): Promise<LockedAccount | null>;
  /**
   * Closes the open questions about the account and makes it due, with every other account that one of them named.
   * Answers the sources of these accounts.
   */
  ignore(accountId: number, request: IgnoreRequest): Promise<readonly SourceId[]>;
  /** It is to be decided on as if it were new. */
  unignore(accountId: number): Promise<void>;
  appendEvent(event: PersonsEvent): Promise<void>;
}

/** Runs work in one transaction. */
export interface AccountIgnoreStore {
  transaction<T>(work: (transaction: AccountIgnoreTransaction) => Promise<T>): Promise<T>;
}

export interface AccountIgnore {
  /** It makes no user, no link and no question any more. A linked one is refused. @throws ActionRefusedError */
  ignore(request: IgnoreRequest): Promise<{ changed: boolean }>;
  /** Takes a person's word back; a rule of the configuration goes on ignoring. @throws ActionRefusedError */
  unignore(request: IgnoreRequest): Promise<{ changed: boolean }>;
}

/** People's word that an account is none of a human: service, test, IVR. Saying it twice keeps the first reason. */
export function createAccountIgnore(store: AccountIgnoreStore, requestReconcile: RequestReconcile): AccountIgnore {
  return {
    async ignore(request) {
      const woken = await store.transaction(async (transaction) => {
        const account = await lock(transaction, request);
        if (account.ignored) return null;
        if (account.userId !== null) throw linked(request, account.userId);
        const sources = await transaction.ignore(account.id, request);
        await transaction.appendEvent(eventOf(request, account.id, 'account-ignored'));
        return sources;
      });
      if (woken !== null) await requestReconcile(woken);
      return { changed: woken !== null };
    },
    async unignore(request) {
      const changed = await store.transaction(async (transaction) => {
        const account = await lock(transaction, request);
        if (!account.ignored) return false;
        await transaction.unignore(account.id);
        await transaction.appendEvent(eventOf(request, account.id, 'account-unignored'));
        return true;
      });
      if (changed) await requestReconcile([request.source]);
      return { changed };
    },
  };
}

async function lock(transaction: AccountIgnoreTransaction, request: IgnoreRequest): Promise<LockedAccount> {
  const { source, externalId } = request;
  const account = await transaction.lockAccount(source, externalId);
  if (account !== null) return account;
  throw new ActionRefusedError('account-unknown', `Source ${source} has no account ${externalId}.`);
}

function linked({ source, externalId }: IgnoreRequest, userId: UserId): ActionRefusedError {
  return new ActionRefusedError(
    'account-linked',
    `Account ${externalId} of ${source} is linked to user ${userId}: end the link first, with ` +
      `\`rosterd user unlink ${userId} ${source}\`, then ignore it.`,
  );
}

function eventOf(
  request: IgnoreRequest,
  accountId: number,
  type: 'account-ignored' | 'account-unignored',
): PersonsEvent {
  const [before, after] = type === 'account-ignored' ? ['no', 'yes'] : ['yes', 'no'];
  const { operator, may, source, externalId, reason } = request;
  return {
    ...{ operator, may, type, source, userId: null },
    account: { id: accountId, externalId },
    changes: [{ field: 'ignored', before, after }],
    reason: reason ?? null,
  };
}
