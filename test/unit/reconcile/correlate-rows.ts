import {
  correlate,
  type CandidateUser,
  type Neighbourhood,
  type UnlinkedAccount,
  type Verdict,
} from '../../../src/reconcile/correlate.ts';

/**
 * The rules are employee id, then e-mail. `keys` has an account's key for each, users are found under `of`.
 * Account ids are numbers from 101, user ids single digits.
 */
export interface Row {
  readonly rule: string;
  readonly situation: string;
  readonly accounts: Readonly<Record<number, Partial<UnlinkedAccount> & Pick<UnlinkedAccount, 'keys'>>>;
  readonly users?: Readonly<Record<number, Partial<CandidateUser>>>;
  readonly of?: Readonly<Record<string, readonly number[]>>;
  readonly createsUsers?: boolean;
  readonly trustedRules?: readonly string[];
  readonly fromDisabled?: 'wait' | 'inactive';
  readonly expected: Readonly<Record<number, string>>;
}

function neighbourhood(row: Row, reversed: boolean): Neighbourhood {
  const turn = <T>(list: readonly T[]): T[] => (reversed ? [...list].reverse() : [...list]);
  return {
    accounts: turn(Object.entries(row.accounts)).map(([id, account]) => ({
      id: Number(id),
      externalId: `x${id}`,
      disabled: false,
      barred: [],
      unlinkedByPerson: false,
      names: { firstName: null, lastName: null },
      sameAs: [],
      ofItsOwn: false,
      ...account,
    })),
    users: new Map(
      turn(Object.entries(row.users ?? {})).map(([id, user]) => [
        Number(id),
        {
          ...{
            id: Number(id),
            active: true,
            syncOn: true,
            linkedAccount: null,
            linkedKeys: [],
            names: { firstName: null, lastName: null },
            foundBy: [],
            takesNone: false,
            merged: false,
            inDoubt: [],
          },
          ...user,
        },
      ]),
    ),
    usersByKey: new Map(Object.entries(row.of ?? {}).map(([key, users]) => [key, turn(users)])),
    ruleNames: ['employeeId', 'email'],
    trustedRules: row.trustedRules ?? [],
    createsUsers: row.createsUsers ?? true,
    fromDisabled: row.fromDisabled ?? 'wait',
  };
}

function told(verdict: Verdict): string {
  switch (verdict.kind) {
    case 'link':
      return `link ${verdict.userId} by rule ${verdict.rule}`;
    case 'wait':
      return `wait: ${verdict.reason}${verdict.userId === null ? '' : ` ${verdict.userId}`}`;
    case 'question':
      return `${verdict.item} of ${verdict.accountIds.join(', ')} with ${verdict.userIds.join(', ')}`;
    case 'create':
    case 'unmatched':
      return verdict.kind;
  }
}

/** What is said of each account, with everything in one order or the other. */
export const verdicts = (row: Row, reversed: boolean): Record<string, string> =>
  Object.fromEntries([...correlate(neighbourhood(row, reversed))].map(([id, verdict]) => [id, told(verdict)]));
