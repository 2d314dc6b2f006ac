import type { AskedPath } from '../scripted-http.ts';
import type { MockedAnswer } from '../http-mock.ts';
import { json } from '../cisco/uccx-answers.ts';

export const token = json({ access_token: 'tok-1', token_type: 'bearer', expires_in: 86_400 });
export const noTeams = json({ entities: [] });

/** A user as it comes without expansions. */
export function user(id: string, more: object = {}): object {
  const email = `${id}@x.example`;
  return { id, name: `Eva ${id}`, email, username: email, state: 'active', version: 1, ...more };
}

export function users(entities: readonly unknown[], more: object = {}): MockedAnswer {
  return json({ entities, ...more });
}

/** The plain list, asked for its total. */
export function counted(total?: number): MockedAnswer {
  return json({ entities: [], pageSize: 1, pageNumber: 1, total });
}

export function errorBody(status: number, code: string, message: string): MockedAnswer {
  return json({ message, code, status, contextId: 'ctx-7', details: [], errors: [] }, status);
}

/** An organisation whose list of users is this answer, and that has no teams. */
export function cloudListing(list: MockedAnswer, total: number): (asked: AskedPath) => MockedAnswer {
  return ({ path: [first, , kind, id] }) => {
    if (first === 'oauth') return token;
    if (kind === 'teams') return noTeams;
    return id === 'query' ? list : id === undefined ? counted(total) : errorBody(404, 'not.found', 'no such user');
  };
}
