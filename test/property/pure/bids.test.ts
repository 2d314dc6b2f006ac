import fc from 'fast-check';
import { expect, test } from 'vitest';
import { claimKey, type Claim } from '../../../src/domain/claim.ts';
import { resolveBids, type Bidder, type Outcome } from '../../../src/reconcile/bids.ts';
import { exchanges, inParts } from '../../../src/reconcile/exchanges.ts';
import { budget, tell } from '../../support/world/budget.ts';
import { naiveBids, stableOutcomes, type NaiveBidder } from '../../support/world/naive-bids.ts';

const { pure, seed } = budget();
const runs = Math.ceil(pure / 4);

const fields = ['username', 'employeeId'] as const;
const name = fc.constantFrom('a', 'b', 'c', 'd');
const names = fc.record({ username: fc.option(name), employeeId: fc.option(name) });
type Names = Readonly<Record<(typeof fields)[number], string | null>>;

/** What somebody has and would have, and whether they exist already. */
interface Wish {
  readonly has: Names;
  readonly would: Names;
  readonly creates: boolean;
}
const wish: fc.Arbitrary<Wish> = fc.record({ has: names, would: names, creates: fc.boolean() });

function claimsOf(values: Names): Claim[] {
  return fields.flatMap((field) => (values[field] === null ? [] : [{ field, kind: field, value: values[field] }]));
}

/** The bidders of some wishes, and who holds what now: among those who say they have it, the first. */
function biddersOf(wishes: readonly Wish[]): { bidders: Bidder[]; holders: Map<string, number> } {
  const holders = new Map<string, number>();
  const bidders = wishes.map(({ has, would, creates }, index): Bidder => {
    const user = index + 1;
    const had = creates ? [] : claimsOf(has).filter((claim) => !holders.has(claimKey(claim)));
    for (const claim of had) holders.set(claimKey(claim), user);
    const missing = (from: Claim[], list: Claim[]): Claim[] =>
      from.filter((claim) => !list.some((other) => claimKey(other) === claimKey(claim)));
    const wanted = claimsOf(would);
    const base = { user, accountId: user, externalId: `n${String(index)}`, allOrNothing: creates };
    return { ...base, wants: missing(wanted, had), gives: missing(had, wanted) };
  });
  return { bidders, holders };
}

function naive({ user, externalId, allOrNothing, wants, gives }: Bidder): NaiveBidder {
  const claims = (list: readonly Claim[]): NaiveBidder['wants'] =>
    list.map((claim) => ({ field: claim.field, name: claimKey(claim) }));
  return { user: allOrNothing ? null : String(user), externalId, wants: claims(wants), gives: claims(gives) };
}

function lostNames(outcome: Outcome | undefined): string[] {
  return (outcome?.lost ?? []).map((loss) => claimKey(loss.claim)).sort();
}

test('4.7 unique names go as trying everything out would have it', () => {
  fc.assert(
    fc.property(fc.array(wish, { minLength: 1, maxLength: 7 }), (wishes) => {
      const { bidders, holders } = biddersOf(wishes);
      const outcomes = resolveBids(bidders, holders);
      const second = bidders.map(naive);
      const held = Object.fromEntries([...holders].map(([key, user]) => [key, String(user)]));
      const { lost: expected, decided } = naiveBids(second, held);
      // The rule itself: without a circle there is one outcome that holds together, and this is it.
      if (decided) expect(stableOutcomes(second, held)).toContainEqual(expected);
      for (const [index, bidder] of bidders.entries()) {
        const [lost, should] = [lostNames(outcomes.get(bidder)), at(expected, index).map((claim) => claim.name)];
        // A creation that waits waits as a whole; which of its names it lacks first is no matter.
        if (bidder.allOrNothing) expect(lost.length > 0, bidder.externalId).toBe(should.length > 0);
        else expect(lost, bidder.externalId).toEqual(should.sort());
      }
    }),
    { numRuns: runs, seed },
  );
  tell('unique names', runs, seed);
});

test('4.8 the order of the bidders does not matter', () => {
  fc.assert(
    fc.property(
      fc.array(wish, { minLength: 2, maxLength: 7 }),
      fc.array(fc.nat(), { minLength: 7, maxLength: 7 }),
      (wishes, places) => {
        const { bidders, holders } = biddersOf(wishes);
        const shuffled = [...bidders]
          .map((bidder, index) => ({ bidder, place: at(places, index) }))
          .sort((a, b) => a.place - b.place);
        const [first, second] = [
          resolveBids(bidders, holders),
          resolveBids(
            shuffled.map((each) => each.bidder),
            holders,
          ),
        ];
        for (const bidder of bidders) expect(second.get(bidder)).toEqual(first.get(bidder));
      },
    ),
    { numRuns: Math.ceil(runs / 4), seed },
  );
});

function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new RangeError(`nothing at ${index}`);
  return item;
}

test('4.7 who gives a name up is written before who takes it, and only circles of them stand together', () => {
  fc.assert(
    fc.property(fc.array(wish, { minLength: 1, maxLength: 9 }), fc.nat(4), (wishes, most) => {
      const { bidders, holders } = biddersOf(wishes);
      const outcomes = resolveBids(bidders, holders);
      const groups = exchanges(outcomes);
      const moves = [...outcomes].flatMap(([bidder, outcome]) =>
        bidder.wants.flatMap((claim) => {
          const giver = holders.get(claimKey(claim));
          const won = !lostNames(outcome).includes(claimKey(claim));
          return won && giver !== undefined && giver !== bidder.user ? [{ giver, taker: bidder.user }] : [];
        }),
      );
      const concerned = new Set(moves.flatMap(({ giver, taker }) => [giver, taker]));
      expect(groups.flat().sort((a, b) => a - b)).toEqual([...concerned].sort((a, b) => a - b));
      const place = (user: number): number => groups.findIndex((group) => group.includes(user));
      for (const { giver, taker } of moves) expect(place(giver)).toBeLessThanOrEqual(place(taker));
      // Whoever stands together reaches everybody else of the circle, and is reached.
      const reaches = (from: number, to: number, seen = new Set<number>()): boolean =>
        moves.some(
          ({ giver, taker }) =>
            giver === from && !seen.has(taker) && (taker === to || reaches(taker, to, new Set([...seen, taker]))),
        );
      for (const group of groups)
        for (const a of group) for (const b of group) if (a !== b) expect(reaches(a, b)).toBe(true);
      const parts = inParts(groups, most + 1);
      expect(parts.flat()).toEqual(groups.flat());
      for (const part of parts)
        expect(part.length <= most + 1 || groups.some((group) => group.length === part.length)).toBe(true);
    }),
    { numRuns: runs, seed },
  );
  tell('exchanges of unique names', runs, seed);
});
