import { fold, normalise } from '../domain/text.ts';
import type { SourceId, TeamId } from '../domain/user.ts';
import { ActionRefusedError } from './errors.ts';
import type { RequestReconcile } from './events.ts';
import { beyond, refuseForeign } from './own-scope.ts';
import type { ActionRules } from './ports.ts';
import { bindingChange, knownSourceTeam, movedByNextRun, rebind, renameTeam } from './team-bindings.ts';
import { mergeTeams } from './team-merge.ts';
import type { NamedTeam, TeamRequest, TeamStore, TeamTransaction, TeamUse } from './team-transaction.ts';
import type { SourceTeamName, TeamActed } from './team-ports.ts';

/** `team bind`, and with a team null `team unbind`. */
type BindRequest = Omit<TeamRequest, 'team'> &
  SourceTeamName & { readonly team: string | null; readonly preview: boolean };

/** What people do to teams (spec 11.6). Each throws an ActionRefusedError. */
export interface Teams {
  /** Another name, until the source that it is bound to renames it (spec 11.1). Moves nobody. */
  rename(request: TeamRequest & { readonly name: string }): Promise<void>;
  /** Only a team that nobody and nothing refers to. */
  remove(request: TeamRequest): Promise<void>;
  /** A source's team is bound to another team, or its memberships are left out; the next run of the source moves its members. */
  bind(request: BindRequest): Promise<TeamActed>;
  /** One team takes the other's place wherever it stands, at once; the other is no more. */
  merge(request: TeamRequest & { readonly into: string; readonly preview: boolean }): Promise<TeamActed>;
}

export function createTeams(store: TeamStore, rules: ActionRules, requestReconcile: RequestReconcile): Teams {
  const onTeam = <T>(
    request: TeamRequest,
    end: 'keep' | 'drop',
    work: (tx: TeamTransaction, team: NamedTeam) => Promise<T>,
  ): Promise<T> =>
    store.transaction(request.operator, end, async (tx) => {
      await tx.lockTeams();
      const team = await namedTeam(tx, request.team);
      await refuseForeignTeams(tx, request.operator, [team.id]);
      return work(tx, team);
    });
  return {
    rename: (request) =>
      onTeam(request, 'keep', async (tx, team) => {
        const name = normalise(request.name);
        if (name === team.name) return;
        await refuseTakenName(tx, name, team.id);
        await renameTeam(tx, request, team, name);
      }),
    remove: (request) =>
      onTeam(request, 'keep', async (tx, team) => {
        refuseUsed(team, await tx.useOf(team.id));
        const group = (await tx.groupTree()).placed.get(team.id) ?? null;
        await tx.remove(team.id);
        const { operator, may, reason = null } = request;
        const changes = [{ field: 'team', before: team.name, after: null }];
        const event = { operator, may, reason, source: null, type: 'team-removed', changes } as const;
        await tx.appendTeamEvent(event, { act: 'remove', team: team.id, name: team.name, group });
      }),
    async bind(request) {
      const { operator, source, externalId, preview } = request;
      const act = (end: 'keep' | 'drop'): Promise<TeamActed> =>
        store.transaction(operator, end, async (tx) => {
          await tx.lockTeams();
          const own = await knownSourceTeam(tx, request);
          const to = request.team === null ? null : (await namedTeam(tx, request.team)).id;
          await refuseForeignTeams(tx, operator, [own.team, to]);
          const after = { team: to, ignored: to === null, undecided: false };
          const event = await rebind(tx, request, own, after);
          const names = new Map((await tx.teams()).map(({ id, name }) => [id, name]));
          const { before, after: now } = bindingChange(own, own, after, names);
          const told = event === null ? [] : [bindingSentence(source, own, before, now)];
          const moved = end === 'drop' ? await movedByNextRun(tx, rules, operator, { source, externalId }) : [];
          return { event: end === 'drop' ? null : event, moved, told };
        });
      // Whom the run will move is found by carrying it out, which a preview drops.
      const shown = await act('drop');
      if (preview) return shown;
      const acted = await act('keep');
      if (acted.event !== null) await requestReconcile([source]);
      return { ...acted, moved: shown.moved };
    },
    async merge(request) {
      const { woken, ...acted } = await onTeam(request, request.preview ? 'drop' : 'keep', async (tx, team) => {
        const into = await namedTeam(tx, request.into);
        await refuseForeignTeams(tx, request.operator, [into.id]);
        return mergeTeams(tx, rules, request, team, into);
      });
      if (request.preview) return { ...acted, event: null };
      if (woken.length > 0) await requestReconcile(woken);
      return acted;
    },
  };
}

function bindingSentence(
  source: SourceId,
  { name, externalId }: { readonly name: string; readonly externalId: string },
  before: unknown,
  after: unknown,
): string {
  const shown = (value: unknown): string =>
    value === 'none' || value === null ? 'no team' : typeof value === 'string' ? value : '';
  return `${source} ${name} (${externalId}) is bound to ${shown(after)}, before to ${shown(before)}. The next run of ${source} moves whom it concerns, under the guard.`;
}

async function namedTeam(tx: TeamTransaction, name: string): Promise<NamedTeam> {
  const team = (await tx.teams()).find((each) => fold(each.name) === fold(name));
  if (team !== undefined) return team;
  throw new ActionRefusedError('team-unknown', `There is no team "${name}"; \`rosterd team list\` shows all.`);
}

/** Teams beyond the operator's scope; null is a team of a source that is bound to none, which is nobody's. @throws ActionRefusedError */
export async function refuseForeignTeams(
  tx: TeamTransaction,
  operator: string,
  teams: readonly (TeamId | null)[],
): Promise<void> {
  const scope = await tx.operatorScope(operator);
  if (scope.full) return;
  if (teams.includes(null)) throw beyond(operator, 'A team of a source that is bound to none');
  const named = teams.flatMap((team) => team ?? []);
  await refuseForeign(tx, { operator, scope, tree: await tx.groupTree() }, { teams: named, groups: [] });
}

/** @throws ActionRefusedError */
export async function refuseTakenName(tx: TeamTransaction, name: string, own: TeamId): Promise<void> {
  const holder = (await tx.teams()).find((each) => fold(each.name) === fold(name));
  if (holder !== undefined && holder.id !== own)
    throw new ActionRefusedError('team-name-taken', `There is a team "${holder.name}" already: names are unique.`);
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
