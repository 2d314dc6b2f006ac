import type { Change } from '../domain/change.ts';
import type { Part } from './project.ts';

const partOf: Readonly<Partial<Record<Change['field'], Part>>> = {
  roles: 'roles',
  teams: 'teams',
  mainTeam: 'teams',
  supervises: 'supervises',
};

/** The parts of an account that have to be refused, so that these changes are not proposed again (spec 13.2, 15.3). */
export function refusedParts(changes: readonly Pick<Change, 'field'>[]): Part[] {
  return [...new Set(changes.map(({ field }) => partOf[field] ?? (field as Part)))];
}
