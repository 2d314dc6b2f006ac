import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** One made-up employee. The same index gives the same person in every run and on every machine. */
export type Person = {
  /** From 1. */
  readonly index: number;
  readonly uid: string;
  readonly givenName: string;
  readonly sn: string;
  readonly displayName: string;
  readonly mail: string;
  /** Seven digits with leading zeros, which a careless number conversion would lose. */
  readonly employeeNumber: string;
  readonly department: string;
};

/** One entry as LDAP knows it; an attribute has one value or several. */
export type DirectoryEntry = {
  readonly dn: string;
  readonly attributes: Readonly<Record<string, string | readonly string[]>>;
};

const GIVEN_NAMES = ['Jürgen', 'Siobhán', 'Thị Hương', 'Anna', 'Óscar', 'Jean-Luc', 'Zoë', 'Łukasz', 'Mary Ann', 'Bo'];
const FAMILY_NAMES = ['Müller', "O'Brien", 'Nguyễn', 'Smith', 'Dvořák', 'Åkesson', 'de la Cruz', 'Žižka', 'Öztürk'];
const DEPARTMENTS = ['Support', 'Sales', 'Back Office', 'Qualität', 'Claims'];

/** The person with this index (from 1). */
export function personAt(index: number): Person {
  const givenName = pick(GIVEN_NAMES, index);
  const sn = pick(FAMILY_NAMES, Math.floor(index / GIVEN_NAMES.length));
  const uid = `agent${String(index).padStart(6, '0')}`;
  return {
    index,
    uid,
    givenName,
    sn,
    displayName: `${givenName} ${sn}`,
    mail: `${uid}@example.com`,
    employeeNumber: String(index).padStart(7, '0'),
    department: pick(DEPARTMENTS, index),
  };
}

/** The first `count` people, one at a time: a hundred thousand of them need no memory. */
export function* generatePeople(count: number): Generator<Person> {
  for (let index = 1; index <= count; index += 1) yield personAt(index);
}

/** A person as an inetOrgPerson (RFC 2798) below `parentDn`. */
export function inetOrgPerson(person: Person, parentDn: string): DirectoryEntry {
  return {
    dn: `uid=${person.uid},${parentDn}`,
    attributes: {
      objectClass: 'inetOrgPerson',
      uid: person.uid,
      cn: person.displayName,
      sn: person.sn,
      givenName: person.givenName,
      displayName: person.displayName,
      mail: person.mail,
      employeeNumber: person.employeeNumber,
      departmentNumber: person.department,
    },
  };
}

/** One entry in LDIF (RFC 2849): values that are not plain ASCII are base64, lines are not folded. */
function toLdif(entry: DirectoryEntry): string {
  const lines = Object.entries(entry.attributes).flatMap(([name, values]) =>
    (typeof values === 'string' ? [values] : values).map((value) => ldifLine(name, value)),
  );
  return `${[ldifLine('dn', entry.dn), ...lines].join('\n')}\n\n`;
}

/** Writes entries as an LDIF file, one after the other, without holding them all. */
export async function writeLdif(file: string, entries: Iterable<DirectoryEntry>): Promise<void> {
  await pipeline(Readable.from(ldifChunks(entries)), createWriteStream(file));
}

/** Writes `count` people below `parentDn` as an LDIF file; the parent itself is not in it. */
export function writePeopleLdif(file: string, count: number, parentDn: string): Promise<void> {
  return writeLdif(file, peopleEntries(count, parentDn));
}

function* peopleEntries(count: number, parentDn: string): Generator<DirectoryEntry> {
  for (const person of generatePeople(count)) yield inetOrgPerson(person, parentDn);
}

function* ldifChunks(entries: Iterable<DirectoryEntry>): Generator<string> {
  let chunk = '';
  for (const entry of entries) {
    chunk += toLdif(entry);
    if (chunk.length < 65_536) continue;
    yield chunk;
    chunk = '';
  }
  yield chunk;
}

function ldifLine(name: string, value: string): string {
  // RFC 2849, SAFE-STRING: no NUL, CR, LF or byte above 127; no space, colon or "<" first; no space last.
  // eslint-disable-next-line no-control-regex -- the RFC's own range
  const safe = /^(?![ :<])[\x01-\x09\x0b\x0c\x0e-\x7f]*$/.test(value) && !value.endsWith(' ');
  return safe ? `${name}: ${value}` : `${name}:: ${Buffer.from(value, 'utf8').toString('base64')}`;
}

function pick(list: readonly string[], index: number): string {
  return list[index % list.length] ?? '';
}
