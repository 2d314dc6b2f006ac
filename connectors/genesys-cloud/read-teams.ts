import { SourceError } from '../../src/connector-kit/errors.ts';
import type { SourceTeam } from '../../src/domain/account.ts';
import { membersList, teamsList } from './lists.ts';
import { count, member, wordIn } from './schema.ts';
import type { Source } from './source.ts';
import { Teams } from './teams.ts';
import type { TeamRead } from './teams.ts';
import { walk } from './walk.ts';
import type { Doubt } from './walk.ts';

/** The teams, and what is to be said of them. */
export interface TeamsRead {
  readonly teams: Teams;
  readonly notes: readonly string[];
}

/**
 * All teams with their members. Without the permission for them the users' own words have to do: then whoever has no team is
 * not read. `people` is how many users are still to be read. Throws a SourceError for every other failure.
 */
export async function readTeams(source: Source, people: number | undefined, signal: AbortSignal): Promise<TeamsRead> {
  try {
    const { listed, doubt } = await listTeams(source, signal);
    const read: TeamRead[] = [];
    let left = pagesOf(people ?? 0, source) + memberPages(listed, source);
    for (const each of listed) {
      source.api.pace.left = left;
      const { team, announced } = each;
      read.push({ team, members: announced === 0 ? [] : await membersOf(source, team, announced, signal) });
      left -= memberPages([each], source);
    }
    const partly = read.filter(({ members }) => members === undefined).length;
    const notes = [
      ...(doubt === undefined ? [] : [`${doubt}: ${fromUsersAlone}`]),
      ...(partly === 0 ? [] : [`the members of ${String(partly)} teams did not all come: ${fromUsersAlone}`]),
    ];
    return { teams: new Teams(read, doubt === undefined), notes };
  } catch (error) {
    if (!isRefused(error)) throw error;
    return { teams: new Teams([], false), notes: [`${fromUsersAlone}: ${error.message}`] };
  }
}

/** For people. */
export const fromUsersAlone = 'teams are taken from the users alone';

/** How many requests a list of so many takes. */
export function pagesOf(objects: number, { settings }: Pick<Source, 'settings'>): number {
  return Math.ceil(objects / settings.pageSize);
}

/** How many requests the members of these teams take. */
export function memberPages(teams: readonly ListedTeam[], source: Pick<Source, 'settings'>): number {
  return teams.reduce((sum, { announced = 1 }) => sum + pagesOf(announced, source), 0);
}

/** A team, and how many members it says it has. */
export interface ListedTeam {
  readonly team: SourceTeam;
  readonly announced: number | undefined;
}

/** Teams without their members; a team without a usable id or name makes the list doubtful. Throws a SourceError. */
export async function listTeams(
  { api, ...source }: Source,
  signal: AbortSignal,
  patient = true,
): Promise<{ readonly listed: readonly ListedTeam[]; readonly doubt: Doubt }> {
  const listed: ListedTeam[] = [];
  let unusable = 0;
  const walked = walk(api, teamsList({ api, ...source }), signal, patient);
  let step = await walked.next();
  for (; step.done !== true; step = await walked.next()) {
    for (const item of step.value.items) {
      const [id, name] = [wordIn(item, 'id'), wordIn(item, 'name')];
      const announced = count.safeParse(member(item, 'memberCount')).data;
      if (id === undefined || name === undefined) unusable += 1;
      else listed.push({ team: { id, name }, announced });
    }
  }
  const doubt = unusable === 0 ? undefined : `${String(unusable)} teams have no usable id or name`;
  return { listed, doubt: step.value ?? doubt };
}

/** The ids of a team's members; undefined where not all of them came. */
async function membersOf(
  source: Source,
  { id }: SourceTeam,
  announced: number | undefined,
  signal: AbortSignal,
): Promise<readonly string[] | undefined> {
  const ids: (string | undefined)[] = [];
  const walked = walk(source.api, membersList(source, id), signal);
  let step = await walked.next();
  for (; step.done !== true; step = await walked.next())
    ids.push(...step.value.items.map((each) => wordIn(each, 'id')));
  const usable = ids.filter((each) => each !== undefined);
  const whole = step.value === undefined && usable.length === ids.length && ids.length >= (announced ?? 0);
  return whole ? usable : undefined;
}

/** Of teams: the permission is missing, or the organisation does not have them at all. */
export function isRefused(error: unknown): error is SourceError {
  return error instanceof SourceError && (error.code === 'right-missing' || error.code === 'configuration');
}
