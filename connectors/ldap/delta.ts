import type { Kit, Read } from '../../src/connector-kit/contract.ts';
import { unusable } from '../../src/connector-kit/cursor.ts';
import { ChangedPeople } from '../../src/connector-kit/ldap/changed-people.ts';
import { showsNobody } from '../../src/connector-kit/ldap/directory-read.ts';
import { ResultFailure } from '../../src/connector-kit/ldap/failures.ts';
import { present } from '../../src/connector-kit/ldap/filter.ts';
import { digestOfMembers, readGroupMembers } from '../../src/connector-kit/ldap/group-members.ts';
import type { Entry } from '../../src/connector-kit/ldap/messages.ts';
import { readCursor, writeCursor } from './cursor.ts';
import type { Cursor, DateName } from './cursor.ts';
import { idAttributeOf } from './map.ts';
import { changedSince, isPlace, takePlace } from './place.ts';
import type { NoPlace, Place } from './place.ts';
import { groupsOf, groupsOfFilter, proofOf, systemOf } from './reach.ts';
import type { Reach } from './reach.ts';
import { lookOf, readingOf } from './reading.ts';
import type { Known } from './reading.ts';
import { dateAttributes, readStamp } from './stamps.ts';

/** So many pages of ids are gone through in no time. Where there are more, changes are applied first, and who has gone is seen by a second run. */
const fewPages = 10;
const createdAt = 'createtimestamp';

/**
 * Reads the changes since a cursor as far as the server gives them: where it ends a list early, what came is right, and nothing is
 * concluded from what did not (spec 3.2). Throws a SourceError, `cursor-unusable` where only a full read can go on.
 */
export async function* readChanges(reach: Reach, kit: Kit, text: string, signal: AbortSignal): Read {
  try {
    return yield* readEveryChange(reach, kit, text, signal);
  } catch (error) {
    if (error instanceof ResultFailure && error.truncates) return { whole: false, reason: error.message };
    throw error;
  }
}

/**
 * Reads what has changed since a cursor: people whose time of change is later, people below a container that has changed (it
 * may have been moved here), and everybody's groups where the members of one of the table of roles have changed. Then it goes
 * through the ids of everybody, which tells who is there no more.
 */
async function* readEveryChange(reach: Reach, kit: Kit, text: string, signal: AbortSignal): Read {
  const { context, vendor, plan } = reach;
  const idAttribute = idAttributeOf(plan);
  const dates = vendor.dates.map(({ name }) => name);
  const before = readCursor(text, { system: systemOf(context), idAttribute, dates });
  const date = dateAttributes[before.date];
  const place = await takePlace(reach, { ...before, date }, signal);
  if (!isPlace(place)) throw unusable(place.why);
  if ((await filterGroupsOf(reach, signal)) !== before.filterGroups)
    throw unusable('the members of a group that the filter asks for have changed');
  const groups = await groupsOf(reach, kit, signal);
  const watched = groups === undefined ? null : digestOfMembers(groups);
  const known: Known = { groups, proven: await proofOf(reach, before.proven, signal) };
  const reading = readingOf(reach, known);
  const attributes = [...new Set([...reading.attributes, createdAt])];
  const people = new ChangedPeople({ ...reading, attributes }, signal);
  let anyNew = false;
  const meet = (entry: Entry): void => {
    anyNew ||= isNew(entry, before.newest);
  };
  yield* people.people(reading.base, changedSince(date, before.since), meet);
  const moved = place.containers.filter(({ key }) => !before.containers.includes(key));
  for (const { dn } of moved) yield* people.people(dn, present('objectClass'), meet);
  const notes = [
    `${people.count} people read for ${date.name}${moved.length === 0 ? '' : `, ${moved.length} containers changed`}`,
  ];
  const next = { ...before, ...placed(place), groups: watched };
  const regrouped = watched !== before.groups;
  // A new entry may be one that was deleted and made anew: that the old one has gone is known before anything is decided.
  const lists = before.unlisted || before.people <= fewPages * reading.pageSize || regrouped || anyNew;
  if (!lists) {
    const said = [...notes, 'who has gone is looked for by the run behind this one', ...reading.notes()];
    return { whole: true, unlisted: true, cursor: writeCursor({ ...next, unlisted: true }), notes: said };
  }
  let seen = people.count;
  for await (const page of people.look(lookOf(reach, known, regrouped))) {
    seen += page.sighted?.length ?? 0;
    yield page;
  }
  if (seen === 0) return { whole: false, reason: showsNobody };
  return {
    whole: true,
    showsEverybody: true,
    cursor: writeCursor({ ...next, unlisted: false, people: seen }),
    notes: [
      ...notes,
      'the ids of everybody gone through',
      ...(regrouped
        ? ['members of a group of the table of roles have changed: the groups of everybody were read']
        : []),
      ...reading.notes(),
    ],
  };
}

/** Whether an entry was made in a later second than that of a time; times of creation have whole seconds. */
function isNew({ texts }: Entry, time: number): boolean {
  const created = readStamp(texts.get(createdAt)?.[0]) ?? 0;
  return created > time;
}

/** The cursor of a full read that began at a place. */
export async function cursorFrom(
  place: Place,
  reach: Reach,
  { groups, proven, people }: Known & { readonly people: number },
  signal: AbortSignal,
): Promise<string> {
  return writeCursor({
    system: systemOf(reach.context),
    idAttribute: idAttributeOf(reach.plan),
    ...placed(place),
    proven: [...proven],
    groups: groups === undefined ? null : digestOfMembers(groups),
    filterGroups: await filterGroupsOf(reach, signal),
    people,
    unlisted: false,
  });
}

/** What a run says where no delta can follow it. */
export function placeNotes(place: Place | NoPlace): string[] {
  if (isPlace(place)) return [];
  return [`changes cannot be read by themselves, every import reads in full: ${place.why}; ${place.remedy}`];
}

function placed({ date, newest, since, containers }: Place): Pick<Cursor, 'date' | 'newest' | 'since' | 'containers'> {
  const name: DateName = date.name === dateAttributes.entryCsn.name ? 'entryCsn' : 'modifyTimestamp';
  return {
    date: name,
    newest,
    since,
    containers: containers.filter(({ time }) => time >= since).map(({ key }) => key),
  };
}

/** Who is in the groups that the filter asks for: a server that keeps memberOf does not date that. */
async function filterGroupsOf(reach: Reach, signal: AbortSignal): Promise<string | null> {
  const named = groupsOfFilter(reach);
  if (named.length === 0) return null;
  return digestOfMembers(await readGroupMembers(reach.connection, reach.context.dn, named, signal));
}
