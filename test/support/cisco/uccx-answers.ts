import { writeXml } from '../simulators/cisco/document.ts';
import type { Part } from '../simulators/cisco/document.ts';
import type { MockedAnswer } from '../http-mock.ts';
import type { AskedPath } from '../scripted-http.ts';

const host = 'https://ccx1.example/adminapi';

/** A resource in XML; `more` is further elements as they are written. */
export function resource(id: string, more = '', { self = id, team = '6' } = {}): string {
  return [
    `<resource><self>${host}/resource/${encodeURIComponent(self)}</self><userID>${id}</userID>`,
    `<team name="North"><refURL>${host}/team/${team}</refURL></team><type>1</type>${more}</resource>`,
  ].join('');
}

export function names(first: string, last: string): string {
  return `<firstName>${first}</firstName><lastName>${last}</lastName>`;
}

export function resources(...written: readonly string[]): string {
  return `<resources>${written.join('')}</resources>`;
}

/** The team North, with supervisors and members in the words of the wire. */
export function teams(more = ''): string {
  return `<teams><team><self>${host}/team/6</self><teamId>6</teamId><teamname>North</teamname>${more}</team></teams>`;
}

/** An answer in XML. */
export function xml(body: string, status = 200): MockedAnswer {
  return { status, headers: { 'content-type': 'application/xml' }, body };
}

export function json(value: unknown, status = 200): MockedAnswer {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) };
}

export const notFound = xml('<apiErrors><apiError><errorType>NotFound</errorType></apiError></apiErrors>', 404);

/** A system whose list of resources is this answer, and that has the team North and no skills. */
export function uccxListing(
  list: MockedAnswer,
  teamList: MockedAnswer = xml(teams()),
): (asked: AskedPath) => MockedAnswer {
  const none: Part = ['skills', []];
  return ({ path: [, kind, id] }) => {
    if (id !== undefined) return notFound;
    return kind === 'resource' ? list : kind === 'team' ? teamList : xml(writeXml(none));
  };
}
