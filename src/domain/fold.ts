import { sortedIds } from './sorted-ids.ts';
import { sourceFields, type Field } from './fields.ts';
import { compareText, fold as foldText } from './text.ts';
import {
  agentRole,
  type HeldRole,
  type Policy,
  type Snapshot,
  type SourceId,
  type TeamId,
  type UserState,
  type UserValue,
  voiceOf,
  type Voice,
  type Words,
} from './user.ts';

/** Names of teams by id; the alphabet decides on main teams (spec 11.3). */
export type TeamNames = ReadonlyMap<TeamId, string>;

/** A team as people see it. */
export function teamName(team: TeamId, names: TeamNames): string {
  return names.get(team) ?? `team ${String(team)}`;
}

export interface FoldInput {
  readonly origin: UserState['origin'];
  readonly words: Words;
  readonly snapshots: readonly Snapshot[];
  readonly policy: Policy;
  readonly teamNames: TeamNames;
  /** The stored membership and main team: the one value that feeds back (spec 11.3). */
  readonly present: Pick<UserValue, 'teams' | 'mainTeam'>;
}

/**
 * The function that a user is: people's words, applied snapshots and applied policy in, the user's value out
 * (spec, the model; 5.1). It serves the sync, previews, explain and the invariants alike.
 */
export function fold(input: FoldInput): UserValue {
  const ranked = inRankOrder(input.snapshots, input.policy);
  const fields = foldFields(input, ranked);
  const teams = foldTeams(input, ranked);
  return {
    fields,
    acdSource: fields.acdId === undefined ? null : acdSupplier(input, ranked),
    roles: foldRoles(input, ranked),
    teams,
    mainTeam: foldMainTeam(input, ranked, teams),
    supervises: sortedIds(
      effective(
        [...input.words.supervisesGiven, ...idsOf(ranked, 'supervises', input.policy)],
        input.words.supervisesTaken,
      ),
    ),
  };
}

/** Snapshots, the highest rank of the default order first; of ACDs the living before the others (spec 5.8). */
export function inRankOrder<Ranked extends Pick<Snapshot, 'source' | 'voice'>>(
  snapshots: readonly Ranked[],
  policy: Policy,
): readonly Ranked[] {
  if (snapshots.length < 2) return snapshots;
  const position = new Map(policy.rank.map((source, index) => [source.id, index]));
  const of = (source: SourceId): number => position.get(source) ?? policy.rank.length;
  const ranked = [...snapshots].sort((a, b) => of(a.source) - of(b.source) || compareText(a.source, b.source));
  return livingFirst(ranked, policy);
}

/** How a slot speaks under a policy: those of retired sources as those of ended links do. */
export function voiceUnder(slot: Pick<Snapshot, 'source' | 'voice'>, policy: Pick<Policy, 'retired'>): Voice {
  return policy.retired?.includes(slot.source) === true ? 'ended' : voiceOf(slot);
}

/** ACDs take the places of ACDs: the living first, the others in the order in which they are. */
function livingFirst<Ranked extends Pick<Snapshot, 'source' | 'voice'>>(
  ranked: readonly Ranked[],
  policy: Policy,
): readonly Ranked[] {
  const acds = ranked.filter((slot) => isAcd(slot.source, policy));
  if (acds.length < 2) return ranked;
  const lives = (slot: Ranked): boolean => voiceUnder(slot, policy) === 'living';
  const order = [...acds.filter(lives), ...acds.filter((slot) => !lives(slot))];
  let next = 0;
  return ranked.map((slot) => (isAcd(slot.source, policy) ? (order[next++] ?? slot) : slot));
}

/** A part of a user that an ACD which is no longer theirs gives up to one that is (spec 5.8). */
type AcdPart = 'acdId' | 'roles' | 'teams' | 'supervises';

function supplies(slot: Snapshot, part: AcdPart): boolean {
  return part === 'acdId' ? slot.values.acdId !== undefined : slot[part].length > 0;
}

/** The snapshots that have a voice in a part: an ended ACD has none where a living one supplies it (spec 5.8). */
export function speaking(part: AcdPart, snapshots: readonly Snapshot[], policy: Policy): readonly Snapshot[] {
  if (snapshots.length < 2) return snapshots;
  const acd = (slot: Snapshot): boolean => isAcd(slot.source, policy);
  const taken = snapshots.some((slot) => acd(slot) && voiceUnder(slot, policy) === 'living' && supplies(slot, part));
  return taken ? snapshots.filter((slot) => !acd(slot) || voiceUnder(slot, policy) !== 'ended') : snapshots;
}

function foldFields(input: FoldInput, ranked: readonly Snapshot[]): UserValue['fields'] {
  const fields: Partial<Record<Field, string>> = {};
  for (const field of fieldsPresent(input, ranked)) {
    const value =
      input.words.overrides[field] ??
      winner(field, input, ranked)?.values[field] ??
      input.words.localValues[field] ??
      input.policy.defaults[field];
    if (value !== undefined) fields[field] = value;
  }
  return fields;
}

/** Every field that anybody has a value for, in one fixed order. */
function fieldsPresent(input: FoldInput, ranked: readonly Snapshot[]): Iterable<Field> {
  const present = new Set<Field>();
  for (const values of [
    input.words.overrides,
    input.words.localValues,
    input.policy.defaults,
    ...ranked.map((snapshot) => snapshot.values),
  ])
    for (const field of Object.keys(values) as Field[]) present.add(field);
  const named = sourceFields.filter((field) => present.delete(field));
  return [...named, ...[...present].sort(compareText)];
}

/** The snapshot whose value of `field` counts, were there no override (spec 5.1). */
function winner(
  field: Field,
  input: Pick<FoldInput, 'origin' | 'policy'>,
  ranked: readonly Snapshot[],
): Snapshot | undefined {
  return voices(field, input, ranked).find((snapshot) => snapshot.values[field] !== undefined);
}

/** The snapshots that have a voice in `field`, highest rank first. `ranked` is in the default order. */
export function voices(
  field: Field,
  input: Pick<FoldInput, 'origin' | 'policy'>,
  ranked: readonly Snapshot[],
): readonly Snapshot[] {
  if (field === 'username') return ranked.filter((snapshot) => snapshot.source === input.origin);
  const eligible =
    field === 'acdId'
      ? speaking('acdId', ranked, input.policy).filter((snapshot) => isAcd(snapshot.source, input.policy))
      : ranked;
  const own = input.policy.fieldRank[field];
  if (own === undefined) return eligible;
  const named = own.flatMap((source) => eligible.filter((snapshot) => snapshot.source === source));
  return livingFirst([...named, ...eligible.filter((snapshot) => !own.includes(snapshot.source))], input.policy);
}

function isAcd(source: SourceId, policy: Policy): boolean {
  return policy.rank.some((known) => known.id === source && known.as === 'acd');
}

function acdSupplier(input: FoldInput, ranked: readonly Snapshot[]): SourceId | null {
  return winner('acdId', input, ranked)?.source ?? null;
}

function foldRoles(input: FoldInput, ranked: readonly Snapshot[]): HeldRole[] {
  const givenBy = new Map<string, HeldRole['givenBy']>(input.words.rolesGiven.map((role) => [role, 'operator']));
  for (const snapshot of speaking('roles', ranked, input.policy))
    for (const role of snapshot.roles) if (!givenBy.has(role)) givenBy.set(role, snapshot.source);
  for (const role of input.words.rolesTaken) {
    const reasserted = role === agentRole && input.policy.reassertAgentRole;
    if (!reasserted) givenBy.delete(role);
  }
  return [...givenBy].map(([role, by]) => ({ role, givenBy: by })).sort((a, b) => compareText(a.role, b.role));
}

function foldTeams(input: FoldInput, ranked: readonly Snapshot[]): readonly TeamId[] {
  const teams = effective([...input.words.teamsGiven, ...idsOf(ranked, 'teams', input.policy)], input.words.teamsTaken);
  return teams.size > 0 ? sortedIds(teams) : [input.policy.defaultTeam];
}

function foldMainTeam(input: FoldInput, ranked: readonly Snapshot[], teams: readonly TeamId[]): TeamId | null {
  const { words, present, teamNames } = input;
  if (words.mainTeam !== null && teams.includes(words.mainTeam)) return words.mainTeam;
  if (present.mainTeam !== null && teams.includes(present.mainTeam)) return present.mainTeam;
  const byName = [...teams].sort((a, b) =>
    compareText(foldText(teamName(a, teamNames)), foldText(teamName(b, teamNames))),
  );
  const added = byName.filter((team) => !present.teams.includes(team));
  const givers = [words.teamsGiven, ...ranked.map((snapshot) => snapshot.teams)];
  const [first] = [...givers.flatMap((given) => added.filter((team) => given.includes(team))), ...byName];
  return first ?? null;
}

function idsOf(snapshots: readonly Snapshot[], part: 'teams' | 'supervises', policy: Policy): TeamId[] {
  return speaking(part, snapshots, policy).flatMap((snapshot) => snapshot[part]);
}

/** What people give and the slots supply, without what people took (spec 10.3, 11.2). */
function effective<T>(givenOrSupplied: readonly T[], taken: readonly T[]): Set<T> {
  const set = new Set(givenOrSupplied);
  for (const item of taken) set.delete(item);
  return set;
}
