import type { SourceId, UserId } from '../domain/user.ts';
import type { SyncOff, UserTx } from './ports.ts';

/**
 * The transaction as acts on these users have it: what each reads of its user, one after the other, is read of all of them by the
 * first who asks, and what each writes of its user by one of these ways is written for all at once by `write`. So acts are decided user
 * by user, and cost a fixed number of statements.
 */
export function gathered(
  tx: UserTx,
  userIds: readonly UserId[],
): { readonly tx: UserTx; readonly write: () => Promise<void> } {
  const links = once(() => tx.linksOfAll(userIds));
  const syncs = once(() => tx.syncOfAll(userIds));
  const waiting = once(() => tx.waitingForAll(userIds));
  const active = new Map<UserId, boolean>();
  const off = new Map<string, Map<UserId, readonly SyncOff[]>>();
  const isOfThese = new Set(userIds);
  return {
    tx: {
      ...tx,
      groupTree: once(() => tx.groupTree()),
      operatorScope: remembered((operator: string) => tx.operatorScope(operator)),
      sourceExists: remembered((source: SourceId) => tx.sourceExists(source)),
      linksOf: async (userId) => (isOfThese.has(userId) ? ((await links()).get(userId) ?? []) : tx.linksOf(userId)),
      async syncOf(userId) {
        const sync = isOfThese.has(userId) ? (await syncs()).get(userId) : undefined;
        return sync ?? tx.syncOf(userId);
      },
      async waitingFor(userId, source) {
        if (!isOfThese.has(userId)) return tx.waitingFor(userId, source);
        return (await waiting()).filter(
          (each) => each.userId === userId && (source === null || each.source === source),
        );
      },
      setActive: async (userId, is) => void active.set(userId, is),
      async saveSyncOff(userId, rows, operator) {
        const own = off.get(operator) ?? new Map<UserId, readonly SyncOff[]>();
        off.set(operator, own.set(userId, rows));
      },
    },
    async write() {
      await tx.setActiveOf(active);
      for (const [operator, own] of off) await tx.saveSyncOffOf(own, operator);
    },
  };
}

function once<Made>(make: () => Promise<Made>): () => Promise<Made> {
  let made: Promise<Made> | null = null;
  return () => (made ??= make());
}

function remembered<Key, Made>(make: (key: Key) => Promise<Made>): (key: Key) => Promise<Made> {
  const made = new Map<Key, Promise<Made>>();
  return (key) => {
    const known = made.get(key) ?? make(key);
    made.set(key, known);
    return known;
  };
}
