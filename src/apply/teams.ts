import type { TeamId } from '../domain/user.ts';
import { bindTeams, type TeamVerdict } from '../reconcile/bind-teams.ts';
import type { World } from '../reconcile/decide.ts';
import type { ItemDraft, ReconcileReads, ReconcileTx } from './ports.ts';
import type { Pass } from './pass.ts';
import { openMissing } from './values.ts';

/** The teams of a run's source as they are and as they would be, before anything is written. */
export interface TeamOutlook {
  readonly verdicts: readonly TeamVerdict[];
  /** With provisional, negative ids for teams that would be created. */
  readonly world: Pick<World, 'teamNames' | 'bindings'>;
}

/** Decides on the source's new and renamed teams (spec 11.1) and shows the world as it would be. */
export async function lookAtTeams(read: ReconcileReads, source: string): Promise<TeamOutlook> {
  const [known, observed] = await Promise.all([read.teams(), read.sourceTeams(source)]);
  const verdicts = bindTeams(
    observed.filter((team) => team.undecided),
    known,
  );
  const teamNames = new Map(known.map((team) => [team.id, team.name]));
  const bindings = new Map<string, TeamId | null>(observed.map((team) => [team.externalId, team.teamId]));
  let provisional = 0;
  for (const verdict of verdicts) {
    if (verdict.kind === 'bind') bindings.set(verdict.team.externalId, verdict.teamId);
    if (verdict.kind === 'rename') teamNames.set(verdict.teamId, verdict.name);
    if (verdict.kind !== 'create') continue;
    bindings.set(verdict.team.externalId, --provisional);
    teamNames.set(provisional, verdict.name);
  }
  return { verdicts, world: { teamNames, bindings } };
}

/** Writes what was decided on teams, with an event for each change. */
export async function writeTeams(tx: ReconcileTx, pass: Pass, verdicts: readonly TeamVerdict[]): Promise<void> {
  if (verdicts.length === 0) return;
  const source = pass.rules.id;
  const of = <K extends TeamVerdict['kind']>(kind: K): Extract<TeamVerdict, { kind: K }>[] =>
    verdicts.filter((verdict): verdict is Extract<TeamVerdict, { kind: K }> => verdict.kind === kind);
  await tx.createTeams(of('create').map(({ team, name }) => ({ source, externalId: team.externalId, name })));
  await tx.bindTeams(of('bind').map(({ team, teamId }) => ({ source, externalId: team.externalId, teamId })));
  await tx.renameTeams(of('rename').map(({ teamId, name }) => ({ teamId, name })));
  const settled = verdicts.filter((verdict) => verdict.kind !== 'name-taken');
  await tx.settleSourceTeams(
    source,
    settled.map(({ team }) => team.externalId),
  );
  await tx.appendEvents(
    settled
      .filter((verdict) => verdict.kind !== 'unchanged')
      .map(({ kind, team }) => ({
        type: { create: 'team-created', bind: 'team-bound', rename: 'team-renamed' }[kind],
        userId: null,
        accountId: null,
        externalId: team.externalId,
        changes: [],
        reason: `team ${team.name} of ${source}`,
        guardClasses: null,
      })),
    { source, runId: pass.runId },
  );
  await openMissing(
    tx,
    pass,
    of('name-taken').map((verdict) => nameTakenItem(verdict, source)),
  );
}

function nameTakenItem(
  { team, teamId }: { team: { externalId: string; name: string }; teamId: TeamId | null },
  source: string,
): ItemDraft {
  return {
    kind: 'team-name-taken',
    subject: `${source}:${team.externalId}`,
    accountIds: [],
    userIds: [],
    part: 'teams',
    waitKeys: [],
    evidence: { source, team: team.externalId, name: team.name, takenBy: teamId },
  };
}
