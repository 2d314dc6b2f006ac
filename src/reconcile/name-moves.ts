import { claimKey, type Claim } from '../domain/claim.ts';
import type { UserId } from '../domain/user.ts';

/** What one act takes and gives up of unique names. Of somebody who is being created `userId` is nobody else's. */
export interface NameMove {
  readonly userId: UserId;
  readonly wants: readonly Claim[];
  readonly gives: readonly Claim[];
}

/** A name that cannot be had, and who has it or gets it before. */
export interface LostName {
  readonly claim: Claim;
  readonly holder: UserId;
}

/**
 * Who of those that act together cannot have a name that they want, decided over all of them, so that two may exchange names
 * (spec 4.7): each act is done wholly or not at all; a name is had where nobody holds it, or its holder gives it up in an act
 * that is done; among several who want one, the first has it. Pure, and linear in the number of names.
 */
export function lostNames<Item extends NameMove>(
  items: readonly Item[],
  holders: ReadonlyMap<string, UserId>,
): ReadonlyMap<Item, LostName> {
  const lost = new Map<Item, LostName>();
  const givers = new Map(items.flatMap((item) => item.gives.map((claim) => [claimKey(claim), item] as const)));
  const wanting = Map.groupBy(
    items.flatMap((item) => item.wants.map((claim) => ({ item, claim, key: claimKey(claim) }))),
    ({ key }) => key,
  );
  const isHeld = (key: string, { userId }: Item): UserId | null => {
    const holder = holders.get(key);
    if (holder === undefined || holder === userId) return null;
    const giver = givers.get(key);
    return giver?.userId === holder && !lost.has(giver) ? null : holder;
  };
  // Who cannot act keeps their names: those who want them cannot act either.
  const lose = (item: Item, loss: LostName): void => {
    const open = [{ item, loss }];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (lost.has(next.item)) continue;
      lost.set(next.item, next.loss);
      for (const kept of next.item.gives)
        for (const { item: other, claim } of wanting.get(claimKey(kept)) ?? [])
          open.push({ item: other, loss: { claim, holder: next.item.userId } });
    }
  };
  for (const [key, all] of wanting)
    for (const { item, claim } of all) {
      const holder = isHeld(key, item);
      if (holder !== null) lose(item, { claim, holder });
    }
  for (const all of wanting.values()) {
    const [first, ...others] = all.filter(({ item }) => !lost.has(item));
    if (first !== undefined) for (const { item, claim } of others) lose(item, { claim, holder: first.item.userId });
  }
  return lost;
}
