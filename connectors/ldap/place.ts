import { dnKey } from '../../src/connector-kit/ldap/dn.ts';
import { ResultFailure } from '../../src/connector-kit/ldap/failures.ts';
import { and, atLeast, or, parseFilter, present } from '../../src/connector-kit/ldap/filter.ts';
import type { Filter } from '../../src/connector-kit/ldap/filter.ts';
import type { Entry } from '../../src/connector-kit/ldap/messages.ts';
import { readSome } from '../../src/connector-kit/ldap/read-one.ts';
import { undatedOf } from './reach.ts';
import type { Reach } from './reach.ts';
import { readStamp } from './stamps.ts';
import type { DateAttribute } from './stamps.ts';

/** What people may be in: its move moves them along, without a change of their own. */
const containers = parseFilter(
  '(|(objectClass=organizationalUnit)(objectClass=organization)(objectClass=locality)(objectClass=country)' +
    '(objectClass=domain)(objectClass=container)(objectClass=nsContainer))',
);

/** Where a directory stands. All times are the server's own, read from its entries: no other clock is asked. */
export interface Place {
  readonly date: DateAttribute;
  /** The last change that it has. */
  readonly newest: number;
  /** From where on the next delta reads: somewhat before that, since a change may come late. */
  readonly since: number;
  /** The containers that have changed since then, or since the place that this one follows. */
  readonly containers: readonly ChangedContainer[];
}

/** A container as it stood at a time. */
interface ChangedContainer {
  readonly dn: string;
  readonly time: number;
  /** The same as long as it has not changed again. */
  readonly key: string;
}

/** Why changes cannot be read by themselves, for people. */
export interface NoPlace {
  readonly why: string;
  readonly remedy: string;
}

export function isPlace(place: Place | NoPlace): place is Place {
  return 'since' in place;
}

const second = 1_000_000;
const day = 86_400 * second;
/** A change becomes visible later than its time says where it came from another server. */
const overlap = 60 * second;
/** Of those, no more than so many are read again; after a bulk load they would be everybody. */
const mostAgain = 500;
/** How far back from this machine's clock the last change is looked for, step by step; where it stands is found whatever that clock says. */
const stepsBack = [300 * second, 3_600 * second, day, 30 * day, 365 * day, 3_650 * day];

/**
 * Notes where the directory stands, before anything is read (spec 3.5): whatever changes from now on has no earlier time than
 * the newest that is there. `from` is the place that a delta begins at. Throws a SourceError.
 */
export async function takePlace(
  reach: Reach,
  from: Pick<Place, 'date' | 'newest' | 'since'> | undefined,
  signal: AbortSignal,
): Promise<Place | NoPlace> {
  const undated = undatedOf(reach);
  if (undated.length > 0)
    return {
      why: `the server does not date changes of ${undated.join(', ')}`,
      remedy: 'map and filter by other attributes, or leave it at full reads',
    };
  const date = from?.date ?? (await findDate(reach, signal));
  const names = reach.vendor.dates.map(({ name }) => name).join(' or ');
  if (date === undefined)
    return { why: `no entry shows ${names}`, remedy: `grant connection.bindDn read access to ${names}` };
  const now = Date.now() * 1_000;
  const starts = from === undefined ? [...stepsBack.map((back) => now - back), 0] : [from.since];
  const last = await findLast({ reach, date, signal }, starts, now + day);
  const newest = Math.max(from?.newest ?? 0, last.newest);
  const since = Math.max(last.since, newest - overlap, from?.since ?? 0);
  const whole = since - (since % date.step);
  return { date, newest, since: whole, containers: await changedContainers(reach, date, from?.since ?? whole, signal) };
}

/** Whoever has changed since a time. */
export function changedSince(date: DateAttribute, time: number): Filter {
  return atLeast(date.name, date.write(time));
}

async function findDate(
  { connection, settings, vendor }: Reach,
  signal: AbortSignal,
): Promise<DateAttribute | undefined> {
  const { baseDn: base } = settings;
  for (const date of vendor.dates) {
    const filter = and(parseFilter(settings.filter), present(date.name));
    const [entry] = await readSome(connection, { base, scope: 'sub', filter, attributes: [date.name] }, 1, signal);
    if (entry !== undefined && timeOf(entry, date) !== undefined) return date;
  }
  return undefined;
}

interface Looking {
  readonly reach: Reach;
  readonly date: DateAttribute;
  readonly signal: AbortSignal;
}

/**
 * Finds the last changes: the first of these starts that shows some, and within what follows it, a time since which they are not
 * too many. Times behind `end` are mistakes, and would hide all that follows.
 */
async function findLast(
  looking: Looking,
  starts: readonly number[],
  end: number,
): Promise<{ readonly newest: number; readonly since: number }> {
  let high = end;
  for (const start of starts) {
    let low = start;
    let found = await changesSince(looking, low, end);
    if (found.newest === undefined) {
      high = start;
      continue;
    }
    let { newest } = found;
    while (found.more && high - low > looking.date.step) {
      const middle = low + Math.floor((high - low) / 2);
      const later = await changesSince(looking, middle, end);
      if (later.newest === undefined) high = middle;
      else [low, found, newest] = [middle, later, later.newest];
    }
    return { newest, since: low };
  }
  return { newest: 0, since: 0 };
}

/** The newest of some changes since a time, and whether there are more than those. */
async function changesSince(
  { reach: { connection, settings }, date, signal }: Looking,
  since: number,
  end: number,
): Promise<{ readonly newest: number | undefined; readonly more: boolean }> {
  const filter = and(or(parseFilter(settings.filter), containers), changedSince(date, since));
  const search = {
    base: settings.baseDn,
    scope: 'sub',
    filter,
    attributes: [date.name],
    sizeLimit: mostAgain,
  } as const;
  const { entries, failure } = await connection.search(search, signal);
  const more = failure instanceof ResultFailure && failure.truncates;
  if (failure !== undefined && !more) throw failure;
  const times = entries.map((entry) => timeOf(entry, date) ?? 0).filter((time) => time > 0 && time <= end);
  return { newest: times.length === 0 ? undefined : Math.max(...times), more };
}

/** Of more than can be remembered, some are read again next time. */
async function changedContainers(
  { connection, settings }: Reach,
  date: DateAttribute,
  since: number,
  signal: AbortSignal,
): Promise<readonly ChangedContainer[]> {
  const filter = and(containers, changedSince(date, since));
  const search = { base: settings.baseDn, scope: 'sub', filter, attributes: [date.name] } as const;
  const base = dnKey(settings.baseDn);
  const entries = await readSome(connection, search, mostAgain, signal);
  return entries
    .filter(({ dn }) => dnKey(dn) !== base)
    .map((entry) => ({ dn: entry.dn, time: timeOf(entry, date) ?? 0, key: keyOf(entry, date) }));
}

function keyOf(entry: Entry, date: DateAttribute): string {
  return `${stampOf(entry, date) ?? ''} ${dnKey(entry.dn)}`;
}

function timeOf(entry: Entry, date: DateAttribute): number | undefined {
  return readStamp(stampOf(entry, date));
}

function stampOf(entry: Entry, date: DateAttribute): string | undefined {
  return entry.texts.get(date.name.toLowerCase())?.[0];
}
