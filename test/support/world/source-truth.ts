import type { AccountRecord, RoleFacts } from '../../../src/domain/account.ts';
import type { Field } from '../../../src/domain/fields.ts';
import type { WorldConfig, WorldSource } from './config.ts';
import type { NaiveRead } from './naive-import.ts';
import { must } from './naive-state.ts';
import type { SourceStep, SyncStep } from './steps.ts';

/** What an object at a source looks like; fields that are missing are not read. */
interface Truth {
  values: Partial<Record<Field, string | null>>;
  disabled: boolean;
  facts: number;
  teams: readonly number[];
  supervises: readonly number[];
}

interface Told {
  readonly text: string;
  readonly since: number;
}

/** What the sources of a world would say if they were asked now. */
export interface SourceTruth {
  readonly config: WorldConfig;
  readonly objects: Map<string, Map<number, Truth>>;
  /** By source and team: which of the names it has. */
  readonly teamNames: Map<string, number[]>;
  /** By source and external id: what it said when the sources were asked last, and since which time of asking it says that. */
  readonly told: Map<string, Map<string, Told>>;
  now: number;
}

export function sourceTruth(config: WorldConfig): SourceTruth {
  return {
    config,
    objects: new Map(config.sources.map(({ id }) => [id, new Map<number, Truth>()])),
    teamNames: new Map(config.sources.map(({ id }) => [id, [0, 1, 2, 3]])),
    told: new Map(config.sources.map(({ id }) => [id, new Map<string, Told>()])),
    now: 0,
  };
}

const acdFields: readonly Field[] = ['username', 'firstName', 'lastName', 'email', 'employeeId', 'department', 'acdId'];
const directoryFields: readonly Field[] = [
  'windowsLogin',
  'firstName',
  'lastName',
  'email',
  'employeeId',
  'department',
  'phoneNumber',
];
const spelling: Readonly<Partial<Record<Field, readonly string[]>>> = {
  username: ['anna', 'Anna ', 'bob', 'cyril', 'dan'],
  windowsLogin: ['CORP\\anna', 'CORP\\bob', 'corp\\BOB', 'CORP\\cyril', 'CORP\\dan'],
  firstName: ['Jan', 'Jana', 'Zo\u00eb', 'Zoe\u0308', 'Honza'],
  lastName: ['Nov\u00e1k', 'M\u00fcller', "O'Brien", 'Nguy\u1ec5n', 'Stra\u00dfe'],
  email: ['a@x.test', 'A@X.test', 'b@x.test', 'c@x.test', 'd@x.test'],
  employeeId: ['0100', '0101', '0102', '0103', '0104'],
  department: ['North', 'South', 'East', '', ' '],
  acdId: ['4710', '4711', '4712', '4713', '4714'],
  phoneNumber: ['1', '2', '3', '4', '5'],
};
const teamNames = ['Sales', 'Support', 'Back office', 'sales', 'Everybody'];
const facts: readonly RoleFacts[] = [
  { supervisor: false, groups: [], profiles: [], roles: [] },
  { supervisor: true, groups: ['cn=leads'], profiles: ['Coach'], roles: [] },
  { supervisor: true, groups: [], profiles: [], roles: ['trainer'] },
  { supervisor: false, groups: ['CN=Leads'], profiles: ['coach '], roles: [] },
  { supervisor: false, groups: [], profiles: [], roles: ['ghost'] },
  { roles: [] },
];

/** The text that stands for a number in a field of a world. */
export function textOf(field: Field, value: number): string {
  return spelling[field]?.[value] ?? `value ${String(value)}`;
}

function sourceAt(truth: SourceTruth, index: number): WorldSource {
  const { sources } = truth.config;
  const found = sources[index % sources.length];
  if (found === undefined) throw new Error('a world has sources');
  return found;
}

function fieldsOf(source: WorldSource): readonly Field[] {
  return source.as === 'acd' ? acdFields : directoryFields;
}

function initial(source: WorldSource, id: number, values: readonly (number | null)[]): Truth['values'] {
  const fields = fieldsOf(source).slice(0, 6);
  const said = fields.map((field, index) => [
    field,
    values[index] === null || values[index] === undefined ? null : textOf(field, values[index]),
  ]);
  // Most ACDs name their agents by the id; an agent of the second ACD has no login of its own (spec 4.6).
  const own = source.as === 'acd' ? { acdId: `${source.id}-${String(id)}` } : {};
  const all = { ...Object.fromEntries(said), ...own } as Truth['values'];
  if (source.id === 'acd2') delete all.username;
  return all;
}

/** Lets something happen at a source. */
export function happen(truth: SourceTruth, step: SourceStep): void {
  const source = sourceAt(truth, step.source);
  const objects = truth.objects.get(source.id) ?? new Map<number, Truth>();
  if (step.do === 'empty') return objects.clear();
  if (step.do === 'crowd') return crowd(source, objects, step);
  if (step.do === 'shift') return shift(source, objects, step.field);
  if (step.do === 'rename') {
    const names = truth.teamNames.get(source.id) ?? [];
    names[step.team] = step.name;
    return;
  }
  if (step.do === 'put') {
    const teams = step.team === null ? [] : [step.team];
    objects.set(step.id, {
      values: initial(source, step.id, step.values),
      disabled: false,
      facts: 0,
      teams,
      supervises: [],
    });
    return;
  }
  if (step.do === 'remove') {
    objects.delete(step.id);
    return;
  }
  const object = objects.get(step.id);
  if (object === undefined) return;
  if (step.do === 'set') setField(source, object, step);
  else if (step.do === 'swap') swap(source, object, objects.get(step.other), step.field);
  else if (step.do === 'disable') object.disabled = step.disabled;
  else if (step.do === 'facts') object.facts = step.facts;
  else Object.assign(object, { teams: step.teams, supervises: step.supervises });
}

function setField(source: WorldSource, object: Truth, step: Extract<SourceStep, { do: 'set' }>): void {
  const field = fieldsOf(source)[step.field] ?? 'email';
  object.values[field] = step.value === null ? null : textOf(field, step.value);
}

/** Accounts without anything else: their ids begin where those of single accounts end. */
function crowd(
  source: WorldSource,
  objects: Map<number, Truth>,
  { count, field, value }: Extract<SourceStep, { do: 'crowd' }>,
): void {
  const values = fieldsOf(source).map((_, index) => (index === field ? value : null));
  for (let id = 100; id < 100 + count; id++)
    objects.set(id, { values: initial(source, id, values), disabled: false, facts: 0, teams: [], supervises: [] });
}

function shift(source: WorldSource, objects: ReadonlyMap<number, Truth>, index: number): void {
  const field = fieldsOf(source)[index] ?? 'email';
  const rows = [...objects].sort(([a], [b]) => a - b).map(([, object]) => object);
  const said = rows.map((object) => object.values[field] ?? null);
  for (const [row, object] of rows.entries()) object.values[field] = said[row + 1] ?? null;
}

function swap(source: WorldSource, a: Truth, b: Truth | undefined, index: number): void {
  const field = fieldsOf(source)[index] ?? 'email';
  if (b === undefined) return;
  const [ofA, ofB] = [a.values[field] ?? null, b.values[field] ?? null];
  a.values[field] = ofB;
  b.values[field] = ofA;
}

/** What a sync reads of each source. */
export function readsOf(truth: SourceTruth, step: SyncStep): (readonly [string, NaiveRead])[] {
  const { sources } = truth.config;
  truth.now++;
  for (const source of sources) noteChanges(truth, source);
  return step.sources.flatMap(({ source: index, cut, fault }) => {
    const source = sources[index];
    if (source === undefined) return [];
    const records = rotated(recordsOf(truth, source), step.rotate);
    const whole = faulty(records, fault);
    const at = new Map([...must(truth.told.get(source.id))].map(([id, { since }]) => [id, since]));
    const changes = { now: cut === null && fault === 'none' ? truth.now : null, at };
    const read = { records: cut === null ? whole : whole.slice(0, cut), complete: cut === null, changes };
    return [[source.id, read] as const];
  });
}

/** Notes what the source says otherwise than when it was asked last, and who is there no more. */
function noteChanges(truth: SourceTruth, source: WorldSource): void {
  const told = must(truth.told.get(source.id));
  const said = new Map(recordsOf(truth, source).map((record) => [record.externalId, JSON.stringify(record)]));
  for (const id of new Set([...told.keys(), ...said.keys()])) {
    const text = said.get(id) ?? '';
    if (told.get(id)?.text !== text) told.set(id, { text, since: truth.now });
  }
}

function rotated<T>(items: readonly T[], by: number): T[] {
  const start = items.length === 0 ? 0 : by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}

/** The same id twice, with another value; or a record that cannot be used (spec 2.2). */
function faulty(records: readonly AccountRecord[], fault: SyncStep['sources'][number]['fault']): AccountRecord[] {
  const [first, ...rest] = records;
  if (first === undefined || fault === 'none') return [...records];
  if (fault === 'duplicate') return [...records, { ...first, values: { ...first.values, department: 'Twice' } }];
  return [{ ...first, values: { ...first.values, department: 'bad \u0001' } }, ...rest];
}

function recordsOf(truth: SourceTruth, source: WorldSource): AccountRecord[] {
  const names = truth.teamNames.get(source.id) ?? [];
  const team = (index: number): { id: string; name: string } => ({
    id: `t${String(index)}`,
    name: teamNames[names[index] ?? 0] ?? 'Sales',
  });
  return [...(truth.objects.get(source.id) ?? new Map<number, Truth>())].map(([id, object]) => ({
    externalId: `n${String(id)}`,
    values: object.values,
    ...(object.disabled ? { disabled: true } : { disabled: false }),
    roleFacts: facts[object.facts] ?? {},
    ...(source.as === 'acd' ? { teams: object.teams.map(team), supervises: object.supervises.map(team) } : {}),
  }));
}
