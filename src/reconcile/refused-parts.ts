import { isSupervisionWord, type Change } from '../domain/change.ts';
import type { Part } from './project.ts';

/** A part of an account that changes of a user come from. */
export type ChangedPart = Exclude<Part, 'gone'>;

/** The parts of an account that have to be refused, so that these changes are not proposed again (spec 13.2, 15.3). */
export function refusedParts(changes: readonly Pick<Change, 'field'>[]): ChangedPart[] {
  return [...new Set(changes.map(({ field }) => partOf(field)))];
}

function partOf(field: Change['field']): ChangedPart {
  // As long as what the source says of supervision is refused, it ends nobody's word (spec 11.4).
  if (isSupervisionWord(field)) return 'supervises';
  return field === 'mainTeam' ? 'teams' : field;
}
