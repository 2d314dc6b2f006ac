import type { TeamId } from '../domain/user.ts';
import { bindTeams, type TeamVerdict } from '../reconcile/bind-teams.ts';
import type { World } from '../reconcile/decide.ts';
import { noTeam } from '../reconcile/project.ts';
import type { EventRow, ItemDraft, ReconcileReads, ReconcileTx, SourceTeamRow } from './ports.ts';
import type { Pass } from './pass.ts';
import { openMissing } from './questions.ts';

/** The teams of a run's source as they are and as they would be, before anything is written. */
export interface TeamOutlook {
  readonly verdicts: readonly TeamVerdict[];
  /** Teams that a complete import no longer shows, or shows again: kept, and told of. */
  readonly turned: readonly (SourceTeamRow & { readonly turned: 'gone' | 'returned' })[];
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
  const turned = observed.flatMap((team) => (team.turned === null ? [] : [{ ...team, turned: team.turned }]));
  return { verdicts, turned, world: { teamNames, bindings } };
}

/**
 * The world as people's answers have made it by now: what teams and roles of the source mean, and what identifies nobody. Comes
 * after the accounts have been read: an answer makes them due in the same transaction, so that it either counts for the decision
 * or makes them due again (spec 13.5).
 */
export async function worldNow(read: ReconcileReads, world: World): Promise<World> {
  const source = world.rules.id;
  const [known, observed] = [await read.teams(), await read.sourceTeams(source)];
  const [roleMeanings, sharedKeys] = [await read.roleMeanings(source), await read.sharedKeys()];
  return {
    ...world,
    rules: { ...world.rules, roleMeanings, sharedKeys },
    teamNames: new Map(known.map((team) => [team.id, team.name])),
    bindings: new Map(observed.map((team) => [team.externalId, team.teamId])),
  };
}

/** Writes what was decided on teams, with an event for each change. */
export async function writeTeams(
  tx: ReconcileTx,
  pass: Pass,
  { verdicts, turned }: Pick<TeamOutlook, 'verdicts' | 'turned'>,
): Promise<void> {
  const source = pass.rules.id;
  const of = <K extends TeamVerdict['kind']>(kind: K): Extract<TeamVerdict, { kind: K }>[] =>
    verdicts.filter((verdict): verdict is Extract<TeamVerdict, { kind: K }> => verdict.kind === kind);
  // A name that one team gives up may be another's new one.
  await tx.renameTeams(of('rename').map(({ teamId, name }) => ({ teamId, name })));
  await tx.createTeams(of('create').map(({ team, name }) => ({ source, externalId: team.externalId, name })));
  await tx.bindTeams(of('bind').map(({ team, teamId }) => ({ source, externalId: team.externalId, teamId })));
  const settled = verdicts.filter((verdict) => verdict.kind !== 'name-taken');
  await tx.settleSourceTeams(
    source,
    settled.map(({ team }) => team.externalId),
  );
  // They were left out under their former name.
  const counted = settled.filter(({ kind, team }) => kind !== 'unchanged' && team.teamId === noTeam);
  if (counted.length > 0)
    await tx.wakeTeams(
      source,
      counted.map(({ team }) => team.externalId),
    );
  if (turned.length > 0) await tx.turnSourceTeams(source);
  const told = settled.filter((verdict) => verdict.kind !== 'unchanged');
  await tx.appendEvents(
    [...told.map(({ kind, team }) => eventOf(kind, team)), ...turned.map((team) => eventOf(team.turned, team))],
    {
      source,
      runId: pass.runId,
    },
  );
  await settleNames(
    tx,
    pass,
    of('name-taken').map((verdict) => nameTakenItem(verdict, source)),
  );
}

const eventTypes = {
  create: 'team-created',
  bind: 'team-bound',
  rename: 'team-renamed',
  gone: 'team-gone',
  returned: 'team-returned',
} as const;

function eventOf(kind: keyof typeof eventTypes, team: { externalId: string; name: string }): EventRow {
  return {
    type: eventTypes[kind],
    userId: null,
    accountId: null,
    externalId: team.externalId,
    changes: [],
    reason: kind === 'gone' ? `${team.name} is not in a complete import; the team is kept` : team.name,
    guardClasses: null,
  };
}

/** The open questions about team names of this source become those that arise now (spec 4.10). */
async function settleNames(tx: ReconcileTx, pass: Pass, items: readonly ItemDraft[]): Promise<void> {
  const arising = new Set(items.map((item) => item.subject));
  const open = await tx.openItemsOfSource('team-name-taken', pass.rules.id);
  await tx.closeItems(open.filter((item) => !arising.has(item.subject)).map((item) => item.id));
  await openMissing(tx, pass, items);
}

/** Closes the questions about roles that the catalogue has by now, or that nobody says any more (spec 10.2). */
export async function closeKnownRoles(pass: Pass): Promise<void> {
  const source = pass.rules.id;
  const open = await pass.store.read.openItemsOfSource('unknown-role', source);
  if (open.length === 0) return;
  const roleOf = (subject: string): string => subject.slice(source.length + 1);
  const stated = await pass.store.read.rolesStated(
    source,
    open.map((item) => roleOf(item.subject)),
  );
  const arises = (role: string): boolean =>
    !pass.rules.catalogue.includes(role) &&
    pass.rules.roleMeanings?.has(role) !== true &&
    (stated.has(role) || pass.rules.roles.some((rule) => rule.role === role));
  const closing = open.filter((item) => !arises(roleOf(item.subject))).map((item) => item.id);
  if (closing.length > 0) await pass.store.inLease(pass.lease, (tx) => tx.closeItems(closing));
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
