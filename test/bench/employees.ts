import { createHash } from 'node:crypto';
import { generatePeople, inetOrgPerson, type DirectoryEntry, type Person } from '../support/services/people.ts';

/** The attributes that the benches map to fields and to a team; the id comes beside them. */
export const mappedAttributes = [
  'uid',
  'givenName',
  'sn',
  'displayName',
  'mail',
  'employeeNumber',
  'mobile',
  'departmentNumber',
  'ou',
] as const;

/** What a source says in `mapping` beyond its connector's defaults. */
export const teamMapping = { team: 'ou' } as const;

const teams = 200;

/**
 * The first `count` employees below `parentDn`, always the same ones: nine mapped attributes and a stable id each, in 200
 * teams. A later `edition` has the same ids with another last name, telephone number and team for everybody.
 */
export function* employees(count: number, parentDn: string, edition = 0): Generator<DirectoryEntry> {
  for (const person of generatePeople(count)) yield employee(person, parentDn, edition);
}

function employee(person: Person, parentDn: string, edition: number): DirectoryEntry {
  const { dn, attributes } = inetOrgPerson(person, parentDn);
  const sn = edition === 0 ? person.sn : `${person.sn}-${edition}`;
  return {
    dn,
    attributes: {
      ...attributes,
      sn,
      displayName: `${person.givenName} ${sn}`,
      mobile: `00420${String(person.index).padStart(8, '0')}${edition}`,
      ou: `Team ${String((person.index + edition) % teams).padStart(3, '0')}`,
      entryUUID: uuidOf(person.index),
    },
  };
}

/** In the order of the ids people come as a directory gives them: in none that means anything. */
function uuidOf(index: number): string {
  const hex = createHash('sha256').update(`employee ${index}`).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}
