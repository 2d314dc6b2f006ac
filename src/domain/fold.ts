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
      effective([...input.words.supervisesGiven, ...idsOf(ranked, 'supervises')], input.words.supervisesTaken),
    ),
  };
}

/** Snapshots, the highest rank of the default order first. */
export function inRankOrder<Ranked extends Pick<Snapshot, 'source'>>(
  snapshots: readonly Ranked[],
  policy: Policy,
): readonly Ranked[] {
  if (snapshots.length < 2) return snapshots;
  const position = new Map(policy.rank.map((source, index) => [source.id, index]));
  const of = (source: SourceId): number => position.get(source) ?? policy.rank.length;
  return [...snapshots].sort((a, b) => of(a.source) - of(b.source) || compareText(a.source, b.source));
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
  const eligible = field === 'acdId' ? ranked.filter((snapshot) => isAcd(snapshot.source, input.policy)) : ranked;
  const own = input.policy.fieldRank[field];
  if (own === undefined) return eligible;
  const named = own.flatMap((source) => eligible.filter((snapshot) => snapshot.source === source));
  return [...named, ...eligible.filter((snapshot) => !own.includes(snapshot.source))];
}

function isAcd(source: SourceId, policy: Policy): boolean {
  return policy.rank.some((known) => known.id === source && known.as === 'acd');
}

function acdSupplier(input: FoldInput, ranked: readonly Snapshot[]): SourceId | null {
  return winner('acdId', input, ranked)?.source ?? null;
}

function foldRoles(input: FoldInput, ranked: readonly Snapshot[]): HeldRole[] {
  const givenBy = new Map<string, HeldRole['givenBy']>(input.words.rolesGiven.map((role) => [role, 'operator']));
  for (const snapshot of ranked)
    for (const role of snapshot.roles) if (!givenBy.has(role)) givenBy.set(role, snapshot.source);
  for (const role of input.words.rolesTaken) {
    const reasserted = role === agentRole && input.policy.reassertAgentRole;
    if (!reasserted) givenBy.delete(role);
  }
  return [...givenBy].map(([role, by]) => ({ role, givenBy: by })).sort((a, b) => compareText(a.role, b.role));
}

function foldTeams(input: FoldInput, ranked: readonly Snapshot[]): readonly TeamId[] {
  const teams = effective([...input.words.teamsGiven, ...idsOf(ranked, 'teams')], input.words.teamsTaken);
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

function idsOf(snapshots: readonly Snapshot[], part: 'teams' | 'supervises'): TeamId[] {
  return snapshots.flatMap((snapshot) => snapshot[part]);
}

/** What people give and the slots supply, without what people took (spec 10.3, 11.2). */
function effective<T>(givenOrSupplied: readonly T[], taken: readonly T[]): Set<T> {
  const set = new Set(givenOrSupplied);
  for (const item of taken) set.delete(item);
  return set;
}

function sortedIds(ids: ReadonlySet<number>): number[] {
  return [...ids].sort((a, b) => a - b);
}
