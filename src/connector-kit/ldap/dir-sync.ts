import { Buffer } from 'node:buffer';
import { SourceError } from '../errors.ts';
import type { LdapConnection } from './connection.ts';
import { DirSync, ExtendedDn, showDeleted } from './controls.ts';
import { equals } from './filter.ts';
import type { Filter } from './filter.ts';
import type { Entry } from './messages.ts';
import { guidText } from './microsoft-values.ts';

/** What to ask for. Attributes that are not named do not count as changes. */
export interface SyncSearch {
  /** The root of a naming context. */
  readonly base: string;
  readonly filter: Filter;
  readonly attributes: readonly string[];
}

/** How the values of one link attribute of an object have changed. */
export interface LinkChange {
  /** The objectGUIDs of those that were added or taken away. */
  readonly guids: Set<string>;
  /** The server told the values that are there, and not which ones have changed. */
  unclear: boolean;
}

/** What has changed since a cookie. */
export interface SyncChanges {
  /** Objects that exist and differ, by objectGUID; those of which only links have changed are not among them. */
  readonly touched: ReadonlySet<string>;
  /** Objects that the server itself reports as deleted. */
  readonly deleted: ReadonlySet<string>;
  /** Changes of `member`, by the objectGUID of the group. */
  readonly members: ReadonlyMap<string, LinkChange>;
  /** Where the next one starts: the server's bytes in base64. */
  readonly cookie: string;
}

const nobody = equals('objectGUID', Buffer.alloc(16));
const binary = new Set(['objectguid', 'parentguid']);
/** So many answers in a row are no list but a loop. */
const mostAnswers = 100_000;

/** A cookie for what changes from now on: asks for nobody, so that nothing is sent. Throws a SourceError. */
export async function startSync(connection: LdapConnection, base: string, signal: AbortSignal): Promise<string> {
  const search = { base, filter: nobody, attributes: ['objectGUID'] };
  return (await readSync(connection, search, '', signal)).cookie;
}

/** Reads what has changed since a cookie, in as many answers as the server makes of it. Throws a SourceError. */
export async function readSync(
  connection: LdapConnection,
  search: SyncSearch,
  since: string,
  signal: AbortSignal,
): Promise<SyncChanges> {
  const changes = { touched: new Set<string>(), deleted: new Set<string>(), members: new Map<string, LinkChange>() };
  let cookie: Buffer = Buffer.from(since, 'base64');
  for (let answers = 0; answers < mostAnswers; answers += 1) {
    const control = new DirSync(cookie);
    const controls = [control, new ExtendedDn(), showDeleted()];
    const answer = await connection.search({ ...search, scope: 'sub', binary, controls }, signal);
    if (answer.failure !== undefined) throw answer.failure;
    if (!answer.answered.has(control)) throw unanswered();
    for (const entry of answer.entries) note(entry, changes);
    cookie = control.cookie;
    if (!control.more) return { ...changes, cookie: cookie.toString('base64') };
  }
  throw new SourceError('fatal', 'protocol', `DirSync has not come to an end after ${mostAnswers} answers`);
}

/** Only attributes that have changed are sent. A later answer about the same object counts. */
function note(
  entry: Entry,
  changes: { touched: Set<string>; deleted: Set<string>; members: Map<string, LinkChange> },
): void {
  const guid = guidText(entry.octets.get('objectguid')?.[0] ?? Buffer.alloc(0));
  if (guid === undefined) return;
  if (entry.texts.get('isdeleted')?.[0]?.toUpperCase() === 'TRUE') {
    changes.deleted.add(guid);
    changes.touched.delete(guid);
    return;
  }
  changes.deleted.delete(guid);
  const links = [...entry.texts].filter(([name]) => name === 'member' || name.startsWith('member;'));
  if (links.length > 0) noteLinks(guid, links, changes.members);
  else changes.touched.add(guid);
}

function noteLinks(
  guid: string,
  links: readonly (readonly [string, readonly string[]])[],
  members: Map<string, LinkChange>,
): void {
  const change = members.get(guid) ?? { guids: new Set<string>(), unclear: false };
  members.set(guid, change);
  const increments = links.filter(([name]) => name === 'member;range=1-1' || name === 'member;range=0-0');
  // Windows sends an empty `member` along with a range of it (directories.md 17).
  const others = links.filter((each) => !increments.includes(each) && (each[1].length > 0 || increments.length === 0));
  if (others.length > 0) change.unclear = true;
  for (const dn of increments.flatMap(([, dns]) => dns)) {
    const member = /^<GUID=([0-9a-f-]{36})>/i.exec(dn)?.[1]?.toLowerCase();
    if (member === undefined) change.unclear = true;
    else change.guids.add(member);
  }
}

function unanswered(): SourceError {
  return new SourceError('fatal', 'protocol', 'the directory answered without a DirSync control');
}
