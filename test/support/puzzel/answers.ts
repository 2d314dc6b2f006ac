import type { MockedAnswer } from '../http-mock.ts';
import type { AskedPath } from '../scripted-http.ts';

/** An answer of the interface as it is when all is well. */
export function result(value: unknown): MockedAnswer {
  return json({ result: value, code: 0, id: 'a1', message: 'OK' });
}

/** A code inside HTTP 200. */
export function code(number: number, message: string): MockedAnswer {
  return json({ result: null, code: number, id: 'a1', message });
}

export function json(value: unknown, status = 200): MockedAnswer {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) };
}

export function token(value = 'token-1', more: object = {}): MockedAnswer {
  return json({ access_token: value, token_type: 'Bearer', expires_in: 900, ...more });
}

/** A row of the list of users. */
export function row(id: number | string, more: object = {}): object {
  return { id, groupId: 6, firstName: 'Jan', lastName: `Novák ${String(id)}`, userName: `agent${String(id)}`, ...more };
}

export const groups = result([{ id: 6, name: 'North' }]);
export const tokenInformation = result({ customerKey: '10042', userId: 1, userGroupId: 6, passwordValidDaysLeft: 88 });

/** A system whose list of users is this answer; details are empty, and states name nobody. */
export function puzzelListing(list: MockedAnswer): (asked: AskedPath) => MockedAnswer {
  return ({ path }) => {
    const [root, customer, kind, id] = path;
    if (root === 'id') return token();
    if (customer === 'accesstokeninformation') return tokenInformation;
    if (kind === 'usergroups') return groups;
    if (id === undefined) return list;
    return id === 'stateinformation' ? result([]) : result({ id });
  };
}
