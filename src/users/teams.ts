import { fold, normalise } from '../domain/text.ts';
import type { Asker } from '../domain/permissions.ts';
import type { SourceId, TeamId } from '../domain/user.ts';
import { ActionRefusedError } from './errors.ts';
import type { PersonsEvent } from './events.ts';
import { refuseForeign, type ScopeReads } from './own-scope.ts';

/** What every act on a team is asked with; teams are given by name. */
interface TeamRequest extends Asker {
  readonly team: string;
  readonly reason?: string | undefined;
}

/** What would name nothing any more without the team. */
export interface TeamUse {
  /** Members and supervisors, inactive ones too. */
  readonly users: number;
  /** Users of whom a person has said something about it: given, taken, main, in a scope. */
  readonly words: number;
  /** What was applied of accounts, those of ended links among them. */
  readonly snapshots: number;
  readonly operators: number;
  /** Sources that have a team which is bound to it. */
  readonly sources: readonly SourceId[];
  /** It is the default team, or was that of a policy which somebody still has. */
  readonly isDefault: boolean;
}

/** What acts on teams need inside one transaction. */
export interface TeamTransaction extends ScopeReads {
  /** Nobody else changes teams, memberships or what people say of them until the end. */
  lockTeams(): Promise<void>;
  rename(team: TeamId, name: string): Promise<void>;
  useOf(team: TeamId): Promise<TeamUse>;
  /** With what the sources' teams that are gone were bound by. */
  remove(team: TeamId): Promise<void>;
  appendEvent(event: PersonsEvent): Promise<void>;
}

/** Runs work in one transaction, again from the start where a concurrent writer was in the way. */
export interface TeamStore {
  transaction<T>(work: (transaction: TeamTransaction) => Promise<T>): Promise<T>;
}

/** What people do to teams (spec 11.6). Each throws an ActionRefusedError. */
export interface Teams {
  /** Another name, until the source that it is bound to renames it (spec 11.1). Moves nobody. */
  rename(request: TeamRequest & { readonly name: string }): Promise<void>;
  /** Only a team that nobody and nothing refers to. */
  remove(request: TeamRequest): Promise<void>;
}

export function createTeams(store: TeamStore): Teams {
  const onTeam = (request: TeamRequest, work: (tx: TeamTransaction, team: NamedTeam) => Promise<void>): Promise<void> =>
    store.transaction(async (tx) => {
      await tx.lockTeams();
      const team = await namedTeam(tx, request.team);
      const { operator } = request;
      const assigner = { operator, scope: await tx.operatorScope(operator), tree: await tx.groupTree() };
      await refuseForeign(tx, assigner, { teams: [team.id], groups: [] });
      await work(tx, team);
    });
  return {
    rename: (request) =>
      onTeam(request, async (tx, team) => {
        const name = normalise(request.name);
        if (name === team.name) return;
        const holder = (await tx.teams()).find((each) => fold(each.name) === fold(name));
        if (holder !== undefined && holder.id !== team.id)
          throw new ActionRefusedError(
            'team-name-taken',
            `There is a team "${holder.name}" already: names are unique.`,
          );
        await tx.rename(team.id, name);
        await tell(tx, request, 'team-renamed', { before: team.name, after: name });
      }),
    remove: (request) =>
      onTeam(request, async (tx, team) => {
        refuseUsed(team, await tx.useOf(team.id));
        await tx.remove(team.id);
        await tell(tx, request, 'team-removed', { before: team.name, after: null });
      }),
  };
}

interface NamedTeam {
  readonly id: TeamId;
  readonly name: string;
}

async function namedTeam(tx: TeamTransaction, name: string): Promise<NamedTeam> {
  const team = (await tx.teams()).find((each) => fold(each.name) === fold(name));
  if (team !== undefined) return team;
  throw new ActionRefusedError('team-unknown', `There is no team "${name}"; \`rosterd team list\` shows all.`);
}

function refuseUsed({ name }: NamedTeam, { users, words, snapshots, operators, sources, isDefault }: TeamUse): void {
  const uses = [
    ...(isDefault ? ['it is or was the default team (organization.defaultTeam)'] : []),
    ...(sources.length > 0 ? [`${sources.join(', ')} has a team that is bound to it`] : []),
    ...(users > 0 ? [`${users} users are in it or supervise it`] : []),
    ...(words > 0 ? [`people have given it to ${words} users, taken it from them or put it into their scope`] : []),
    ...(users === 0 && snapshots > 0
      ? [`it was applied from ${snapshots} accounts whose users may come back to it`]
      : []),
    ...(operators > 0 ? [`${operators} operators have it in their scope`] : []),
  ];
  if (uses.length > 0)
    throw new ActionRefusedError('team-in-use', `The team "${name}" cannot be removed: ${uses.join('; ')}.`);
}

async function tell(
  tx: TeamTransaction,
  { operator, may, reason }: TeamRequest,
  type: PersonsEvent['type'],
  { before, after }: { readonly before: string; readonly after: string | null },
): Promise<void> {
  const changes = [{ field: 'team', before, after }];
  await tx.appendEvent({ operator, may, type, source: null, userId: null, changes, reason: reason ?? null });
}
