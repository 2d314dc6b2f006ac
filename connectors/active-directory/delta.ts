import type { Kit, Read } from '../../src/connector-kit/contract.ts';
import { readController } from '../../src/connector-kit/ldap/active-directory-domain.ts';
import { Changes } from './changes.ts';
import { readCursor, systemOf, writeCursor } from './cursor.ts';
import type { Cursor } from './cursor.ts';
import { readByDirSync } from './dirsync-delta.ts';
import { mayReadDeleted } from './place.ts';
import type { Place } from './place.ts';
import type { Reach } from './reach.ts';
import { prepareReading } from './reading.ts';
import { readByUsn } from './usn-delta.ts';
import { positionsOf, watchGroups } from './watch.ts';
import type { Watch } from './watch.ts';

/**
 * Reads what has changed since a cursor, by the way that the cursor was made for. Throws a SourceError, `cursor-unusable` where only a
 * full read can go on.
 */
export async function* readChanges(
  { reach, pageSize, kit }: { readonly reach: Reach; readonly pageSize: number; readonly kit: Kit },
  cursor: string,
  signal: AbortSignal,
): Read {
  const { connection, domain } = reach;
  const controller = await readController(connection, signal);
  const before = readCursor(cursor, { system: systemOf(domain), controller, named: kit.roleGroups });
  const reading = await prepareReading(reach, pageSize, kit, signal);
  const watch = await watchGroups(reach, reading.groups, signal);
  const seesDeleted = await mayReadDeleted(connection, domain, signal);
  const changes = new Changes(reading, signal);
  const delta = { reading, changes, watch, before, seesDeleted, signal };
  const next = (from: Cursor['from']): string =>
    writeCursor({ ...before, takenMs: controller?.timeMs ?? before.takenMs, watch: positionsOf(watch), from });
  const notes = [...deletionNotes(seesDeleted), ...reading.search.notes()];
  if (before.from.kind === 'dirsync') {
    const end = yield* readByDirSync(delta, before.from.cookie);
    const from = { kind: 'dirsync', cookie: end.cookie } as const;
    const { showsEverybody } = end;
    return { whole: true, showsEverybody, cursor: next(from), notes: [...end.notes, ...notes] };
  }
  const said = yield* readByUsn(delta, BigInt(before.from.usn));
  const from = { kind: 'usn', usn: String(controller?.highestUsn ?? before.from.usn) } as const;
  return { whole: true, showsEverybody: true, cursor: next(from), notes: [...said, ...notes] };
}

/** The cursor of a full read that began at a place; undefined where no delta can follow. */
export function cursorFrom(place: Place, reach: Reach, watch: Watch, named: readonly string[]): string | undefined {
  if (place.from === undefined) return undefined;
  return writeCursor({ system: systemOf(reach.domain), ...place.from, named: [...named], watch: positionsOf(watch) });
}

/** What a run says of the deltas that follow it, and of what they do not notice. */
export function placeNotes({ way }: Place, seesDeleted: boolean): string[] {
  if (way.kind === 'none') return [`changes cannot be read by themselves, every import reads in full: ${way.why}`];
  const usn = way.kind === 'usn' ? [`changes are found by uSNChanged, since DirSync is refused: ${way.why}`] : [];
  return [...usn, ...deletionNotes(seesDeleted)];
}

function deletionNotes(seesDeleted: boolean): string[] {
  if (seesDeleted) return [];
  return ['connection.bindDn may not read deleted objects: no tombstone is seen, see source check for the grant'];
}
