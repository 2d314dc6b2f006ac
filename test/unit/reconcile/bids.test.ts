import { describe, expect, it } from 'vitest';
import type { Claim } from '../../../src/domain/claim.ts';
import { isUniqueField } from '../../../src/domain/fields.ts';
import { resolveBids, type Bidder } from '../../../src/reconcile/bids.ts';

/** `username=x` as a claim. */
function claim(text: string): Claim {
  const [field = '', value = ''] = text.split('=');
  if (!isUniqueField(field)) throw new Error(`${field} is not unique`);
  return { field, kind: field, value };
}

interface Bid {
  /** Missing for a creation: the users of creations are numbered from 101, in the order of the row. */
  readonly user?: number;
  readonly wants?: readonly string[];
  readonly gives?: readonly string[];
}

interface Row {
  readonly situation: string;
  /** Who holds what before, by user id. */
  readonly holders?: Readonly<Record<string, number>>;
  /** By external id. */
  readonly bids: Readonly<Record<string, Bid>>;
  /** By external id: `gets all`, or what is lost and to whom. */
  readonly expected: Readonly<Record<string, string>>;
}

const rows: Row[] = [
  {
    situation: 'a name that the user holds already is theirs, though a higher external id wants it',
    holders: { 'username=x': 1 },
    bids: { a: { user: 1, wants: ['username=x'] }, b: { user: 2, wants: ['username=x'] } },
    expected: { a: 'gets all', b: 'loses username=x to 1' },
  },
  { situation: 'a free name is given', bids: { a: { user: 1, wants: ['username=x'] } }, expected: { a: 'gets all' } },
  {
    situation: 'a name that somebody outside the run holds is lost to them',
    holders: { 'username=x': 9 },
    bids: { a: { user: 1, wants: ['username=x'] } },
    expected: { a: 'loses username=x to 9' },
  },
  {
    situation: 'a name that its holder keeps is lost to them',
    holders: { 'username=x': 2 },
    bids: { a: { user: 1, wants: ['username=x'] }, b: { user: 2, wants: ['employeeId=5'] } },
    expected: { a: 'loses username=x to 2', b: 'gets all' },
  },
  {
    situation: 'a name that its holder gives up for nothing is free',
    holders: { 'windowsLogin=x': 2 },
    bids: { a: { user: 1, wants: ['windowsLogin=x'] }, b: { user: 2, gives: ['windowsLogin=x'] } },
    expected: { a: 'gets all', b: 'gets all' },
  },
  {
    situation: 'a swap of two names works',
    holders: { 'username=x': 1, 'username=y': 2 },
    bids: {
      a: { user: 1, wants: ['username=y'], gives: ['username=x'] },
      b: { user: 2, wants: ['username=x'], gives: ['username=y'] },
    },
    expected: { a: 'gets all', b: 'gets all' },
  },
  {
    situation: 'a circle of three works',
    holders: { 'username=x': 1, 'username=y': 2, 'username=z': 3 },
    bids: {
      a: { user: 1, wants: ['username=y'], gives: ['username=x'] },
      b: { user: 2, wants: ['username=z'], gives: ['username=y'] },
      c: { user: 3, wants: ['username=x'], gives: ['username=z'] },
    },
    expected: { a: 'gets all', b: 'gets all', c: 'gets all' },
  },
  {
    situation: 'a chain into a free name works',
    holders: { 'username=x': 1, 'username=y': 2 },
    bids: {
      a: { user: 2, wants: ['username=x'], gives: ['username=y'] },
      b: { user: 1, wants: ['username=free'], gives: ['username=x'] },
    },
    expected: { a: 'gets all', b: 'gets all' },
  },
  {
    situation: 'a chain whose end is blocked stands still: nobody gives a name up before the new one is certain',
    holders: { 'username=x': 1, 'username=y': 2, 'username=z': 9 },
    bids: {
      a: { user: 3, wants: ['username=x'] },
      b: { user: 1, wants: ['username=y'], gives: ['username=x'] },
      c: { user: 2, wants: ['username=z'], gives: ['username=y'] },
    },
    expected: { a: 'loses username=x to 1', b: 'loses username=y to 2', c: 'loses username=z to 9' },
  },
  {
    situation: 'among equals the lowest external id wins',
    bids: { b: { user: 1, wants: ['username=x'] }, a: { user: 2, wants: ['username=x'] } },
    expected: { a: 'gets all', b: 'loses username=x to 2' },
  },
  {
    situation: 'only the losing field waits',
    holders: { 'username=x': 9 },
    bids: { a: { user: 1, wants: ['username=x', 'employeeId=5'] } },
    expected: { a: 'loses username=x to 9' },
  },
  {
    situation: 'the loser of a rivalry keeps the name that it has, and whoever wanted that one loses too',
    holders: { 'username=x': 2 },
    bids: {
      a: { user: 1, wants: ['username=new'] },
      b: { user: 2, wants: ['username=new'], gives: ['username=x'] },
      c: { user: 3, wants: ['username=x'] },
    },
    expected: { a: 'gets all', b: 'loses username=new to 1', c: 'loses username=x to 2' },
  },
  {
    situation: 'of two creations with one name the lower one is made, the other waits',
    bids: { a: { wants: ['username=x'] }, b: { wants: ['username=x'] } },
    expected: { a: 'gets all', b: 'loses username=x to 101' },
  },
  {
    situation: 'a creation that lacks one name waits, and leaves its other names to the next',
    holders: { 'employeeId=5': 9 },
    bids: { a: { wants: ['username=x', 'employeeId=5'] }, b: { wants: ['username=x'] } },
    expected: { a: 'loses employeeId=5 to 9', b: 'gets all' },
  },
  {
    situation: 'a creation that loses to a rival leaves its other names to the next',
    bids: {
      a: { wants: ['username=x'] },
      b: { wants: ['username=x', 'employeeId=5'] },
      c: { wants: ['employeeId=5'] },
    },
    expected: { a: 'gets all', b: 'loses username=x to 101', c: 'gets all' },
  },
  {
    situation: 'a creation may take the name that a user gives up',
    holders: { 'username=x': 1 },
    bids: { a: { wants: ['username=x'] }, b: { user: 1, wants: ['username=y'], gives: ['username=x'] } },
    expected: { a: 'gets all', b: 'gets all' },
  },
  {
    situation: 'a creation that waits because a chain broke costs nobody the names that it does not take',
    holders: { 'username=held': 1 },
    bids: {
      a: { wants: ['username=held', 'employeeId=5'] },
      b: { user: 2, wants: ['username=new'] },
      c: { user: 3, wants: ['employeeId=5'] },
      h: { user: 1, wants: ['username=new'], gives: ['username=held'] },
    },
    expected: {
      a: 'loses username=held to 1',
      b: 'gets all',
      c: 'gets all',
      h: 'loses username=new to 2',
    },
  },
  {
    situation: 'whether a creation comes about is followed through, however many hang on each other',
    holders: { 'username=held': 9 },
    bids: {
      a: { wants: ['username=held', 'employeeId=1'] },
      b: { wants: ['employeeId=1', 'numericId=2'] },
      c: { wants: ['numericId=2', 'employeeId=3'] },
      d: { wants: ['employeeId=3', 'numericId=4'] },
      e: { wants: ['numericId=4', 'employeeId=5'] },
      f: { wants: ['employeeId=5', 'numericId=6'] },
      g: { wants: ['numericId=6'] },
    },
    expected: {
      a: 'loses username=held to 9',
      b: 'gets all',
      c: 'loses numericId=2 to 102',
      d: 'gets all',
      e: 'loses numericId=4 to 104',
      f: 'gets all',
      g: 'loses numericId=6 to 106',
    },
  },
  {
    situation: 'names of different fields are different names',
    holders: { 'username=x': 9 },
    bids: { a: { user: 1, wants: ['employeeId=x'] } },
    expected: { a: 'gets all' },
  },
];

function outcomes(row: Row, reversed: boolean): Record<string, string> {
  const bidders = Object.entries(row.bids).map(([externalId, bid], index): Bidder => ({
    user: bid.user ?? 101 + index,
    accountId: index + 1,
    externalId,
    wants: (bid.wants ?? []).map(claim),
    gives: (bid.gives ?? []).map(claim),
    allOrNothing: bid.user === undefined,
  }));
  const found = resolveBids(reversed ? bidders.reverse() : bidders, new Map(Object.entries(row.holders ?? {})));
  return Object.fromEntries(
    [...found].map(([bidder, { lost }]) => [
      bidder.externalId,
      lost.length === 0
        ? 'gets all'
        : `loses ${lost.map((loss) => `${loss.claim.kind}=${loss.claim.value} to ${String(loss.holder ?? 'nobody')}`).join(', ')}`,
    ]),
  );
}

describe('4.7 unique names, decided over the whole run', () => {
  for (const row of rows)
    it(`4.7 ${row.situation}`, () => {
      expect(outcomes(row, false)).toEqual(row.expected);
    });

  for (const row of rows)
    it(`4.8 the order of decisions changes nothing: ${row.situation}`, () => {
      expect(outcomes(row, true)).toEqual(outcomes(row, false));
    });

  it.each([false, true])(
    '4.7 of equal external ids the account that was known first wins (listed last: %s)',
    (last) => {
      const wants = [claim('username=x')];
      const known = [1, 2].map((id) => ({
        ...{ user: id, accountId: id, externalId: 'a', wants, gives: [], allOrNothing: true },
      }));
      const found = resolveBids(last ? known.toReversed() : known, new Map());
      const losers = [...found].filter(([, { lost }]) => lost.length > 0).map(([{ accountId }]) => accountId);
      expect(losers).toEqual([2]);
    },
  );

  it('4.7 names that change hands within the run are marked, so that both users are written together', () => {
    const bidders: Bidder[] = [
      {
        user: 1,
        accountId: 1,
        externalId: 'a',
        wants: [claim('username=y')],
        gives: [claim('username=x')],
        allOrNothing: false,
      },
      {
        user: 2,
        accountId: 2,
        externalId: 'b',
        wants: [claim('username=z')],
        gives: [claim('username=y')],
        allOrNothing: false,
      },
    ];
    const found = resolveBids(
      bidders,
      new Map([
        ['username=x', 1],
        ['username=y', 2],
      ]),
    );
    expect([...found].map(([bidder, { swaps }]) => [bidder.externalId, swaps])).toEqual([
      ['a', true],
      ['b', false],
    ]);
  });

  it('4.7 one name that changes hands is enough for that; one that is held and was lost is none', () => {
    const one = { user: 1, accountId: 1, externalId: 'a', gives: [], allOrNothing: false };
    const giver = { user: 2, accountId: 2, externalId: 'b', wants: [], gives: [claim('username=y')] };
    const swaps = (wants: string[]) => {
      const bidder = { ...one, wants: wants.map(claim) };
      const holders = new Map([
        ['username=y', 2],
        ['employeeId=9', 9],
      ]);
      return resolveBids([bidder, { ...giver, allOrNothing: false }], holders).get(bidder)?.swaps;
    };
    expect(swaps(['username=y', 'employeeId=5'])).toBe(true);
    expect(swaps(['windowsLogin=w', 'employeeId=9'])).toBe(false);
  });
});
