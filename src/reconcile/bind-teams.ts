import { compareText, fold, normalise } from '../domain/text.ts';
import type { TeamId } from '../domain/user.ts';

/** A team as a source names it, with the binding that it has. */
export interface ObservedTeam {
  readonly externalId: string;
  readonly name: string;
  readonly teamId: TeamId | null;
}

/** One of rosterd's teams. `boundBy` are the sources whose teams are bound to it. */
export interface KnownTeam {
  readonly id: TeamId;
  readonly name: string;
  readonly boundBy: readonly string[];
}

export type TeamVerdict =
  | { readonly kind: 'bind'; readonly team: ObservedTeam; readonly teamId: TeamId }
  | { readonly kind: 'create'; readonly team: ObservedTeam; readonly name: string }
  | { readonly kind: 'rename'; readonly team: ObservedTeam; readonly teamId: TeamId; readonly name: string }
  | { readonly kind: 'unchanged'; readonly team: ObservedTeam }
  | { readonly kind: 'name-taken'; readonly team: ObservedTeam; readonly teamId: TeamId | null };

/**
 * What becomes of a source's new and renamed teams (spec 11.1): a new one is created under its name or bound to an
 * unbound one of that name; a name that is bound elsewhere is a question; a rename follows the id. Lowest id first. Pure.
 */
export function bindTeams(observed: readonly ObservedTeam[], known: readonly KnownTeam[]): TeamVerdict[] {
  const ordered = [...observed].sort((a, b) => compareText(a.externalId, b.externalId));
  // Names are given up together; a team whose new name turns out to be taken keeps its old one, and all is decided anew.
  const keeping = new Set<TeamId>();
  for (;;) {
    const verdicts = decide(ordered, known, keeping);
    const failed = verdicts.flatMap((verdict) =>
      verdict.kind === 'name-taken' && verdict.team.teamId !== null && !keeping.has(verdict.team.teamId)
        ? [verdict.team.teamId]
        : [],
    );
    if (failed.length === 0) return verdicts;
    for (const team of failed) keeping.add(team);
  }
}

/** Who has a name: a team, or one that is being created. */
type Holder = { readonly id: TeamId; readonly bound: boolean } | { readonly id: null };

/** Decides in order; every renamed team but those `keeping` theirs has given up its old name. */
function decide(
  ordered: readonly ObservedTeam[],
  known: readonly KnownTeam[],
  keeping: ReadonlySet<TeamId>,
): TeamVerdict[] {
  const byId = new Map(known.map((team) => [team.id, team]));
  const renamed = new Set(
    ordered.flatMap((team) => {
      const own = ownTeam(team, byId);
      return own !== undefined && own.name !== normalise(team.name) && !keeping.has(own.id) ? [own.id] : [];
    }),
  );
  const staying = known.filter((team) => !renamed.has(team.id));
  const byName = new Map<string, Holder>(
    staying.map((team) => [fold(team.name), { id: team.id, bound: team.boundBy.length > 0 }]),
  );
  return ordered.map((team): TeamVerdict => {
    const name = normalise(team.name);
    const holder = byName.get(fold(name));
    const own = ownTeam(team, byId);
    if (own !== undefined) {
      if (own.name === name) return { kind: 'unchanged', team };
      if (holder !== undefined && holder.id !== own.id) return { kind: 'name-taken', team, teamId: holder.id };
      byName.set(fold(name), { id: own.id, bound: true });
      return { kind: 'rename', team, teamId: own.id, name };
    }
    if (holder === undefined) {
      byName.set(fold(name), { id: null });
      return { kind: 'create', team, name };
    }
    if (holder.id === null || holder.bound) return { kind: 'name-taken', team, teamId: holder.id };
    byName.set(fold(name), { id: holder.id, bound: true });
    return { kind: 'bind', team, teamId: holder.id };
  });
}

/** The team that a team of the source is bound to. */
function ownTeam({ teamId }: ObservedTeam, byId: ReadonlyMap<TeamId, KnownTeam>): KnownTeam | undefined {
  return teamId === null ? undefined : byId.get(teamId);
}
