import type { MockedAnswer } from '../http-mock.ts';
import type { AskedPath } from '../scripted-http.ts';
import { xml } from './uccx-answers.ts';

/** An agent in XML, by the id of its link and its agent id; `more` is further elements as they are written. */
export function agent(id: string, agentId: string, person = '', more = ''): string {
  return `<agent><refURL>/unifiedconfig/config/agent/${id}</refURL><agentId>${agentId}</agentId><person>${person}</person>${more}</agent>`;
}

export function person(first: string, last: string, userName: string, more = ''): string {
  return `<firstName>${first}</firstName><lastName>${last}</lastName><userName>${userName}</userName>${more}`;
}

export interface PageInfo {
  readonly start?: number;
  readonly total?: number | undefined;
  readonly next?: string;
  readonly role?: string;
}

/** A page of a list. */
export function page(collection: string, items: readonly string[], info: PageInfo = {}): string {
  const { start = 0, next, role = 'Administrator' } = info;
  const total = 'total' in info ? info.total : items.length;
  return [
    `<results><pageInfo><resultsPerPage>100</resultsPerPage><startIndex>${String(start)}</startIndex>`,
    total === undefined ? '' : `<totalResults>${String(total)}</totalResults>`,
    next === undefined ? '' : `<nextPage>${next.replaceAll('&', '&amp;')}</nextPage>`,
    `</pageInfo><permissionInfo>${role === '' ? '' : `<role>${role}</role>`}</permissionInfo>`,
    `<${collection}>${items.join('')}</${collection}></results>`,
  ].join('');
}

export const noTeams = xml(page('agentTeams', []));
export const noSuchAgent = xml(
  '<apiErrors><apiError><errorType>notFound.dbData</errorType></apiError></apiErrors>',
  404,
);

/** A system whose list of agents is this answer, and that has no teams. */
export function ucceListing(list: MockedAnswer): (asked: AskedPath) => MockedAnswer {
  return ({ path: [, , kind, id] }) => (id !== undefined ? noSuchAgent : kind === 'agent' ? list : noTeams);
}
