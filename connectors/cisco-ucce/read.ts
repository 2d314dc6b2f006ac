import { Collected } from '../../src/connector-kit/collected.ts';
import type { OneRead, Read } from '../../src/connector-kit/contract.ts';
import { SourceError } from '../../src/connector-kit/errors.ts';
import type { XmlElement } from '../../src/connector-kit/soap/xml.ts';
import type { Query } from './api.ts';
import type { Config } from './config.ts';
import { idOf, isDeleted, isDisabled, mapAgent } from './map.ts';
import { scopeOf } from './scope.ts';
import type { Source } from './source.ts';
import { Teams } from './teams.ts';
import { walk } from './walk.ts';

/** All agents, page by page. */
export async function* readAgents(source: Source, signal: AbortSignal): Read {
  const scope = await scopeOf(source, signal);
  const { teams, notes } = await readTeams(source, signal);
  const collected = new Collected();
  const seen = new Set<string>();
  let [position, deleted] = [0, 0];
  const walked = walk(source.api, 'agent', { ...agentQuery(source.settings), ...scope.query }, signal);
  let step = await walked.next();
  for (; step.done !== true; step = await walked.next()) {
    for (const agent of step.value.items) {
      position += 1;
      seen.add(idOf(agent) ?? '');
      const outcome = mapAgent(agent, `agent ${String(position)}`, source.plan, teams);
      if (outcome === 'deleted') deleted += 1;
      else if ('record' in outcome) collected.add(outcome.record, `agent ${String(position)}`);
      else collected.reject(outcome.rejected);
    }
    const { total } = step.value;
    yield { ...collected.takePage(), ...(total === undefined ? {} : { total }) };
    signal.throwIfAborted();
  }
  const outside = step.value === undefined ? teams.membersOutside(seen) : 0;
  const doubts = [
    ...(step.value === undefined ? [] : [step.value]),
    ...(outside === 0 ? [] : [`agent teams have ${String(outside)} members who are not in the list of agents`]),
  ];
  return {
    whole: doubts.length === 0,
    ...(doubts.length === 0 ? {} : { reason: doubts.join('; ') }),
    retryable: doubts.length > 0,
    notes: [
      ...scope.notes,
      ...notes,
      ...(deleted === 0 ? [] : [`${String(deleted)} agents marked for deletion left out`]),
    ],
  };
}

/** What is asked of a list of agents, sorted so that pages shift no more than they must. */
export function agentQuery({ pageSize, sort }: Config): Query & { readonly sort: string } {
  return { resultsperpage: String(pageSize), sort };
}

/**
 * The agent teams. In some roles an administrator may not list them: then the agents' own words have to do. Throws a SourceError
 * for every other failure.
 */
export async function readTeams(
  { api, settings }: Source,
  signal: AbortSignal,
): Promise<{ readonly teams: Teams; readonly notes: readonly string[] }> {
  const items: XmlElement[] = [];
  try {
    const query = { resultsperpage: String(settings.pageSize), sort: 'name asc' };
    const walked = walk(api, 'agentteam', query, signal);
    let step = await walked.next();
    for (; step.done !== true; step = await walked.next()) items.push(...step.value.items);
    const note = step.value === undefined ? [] : [`${step.value}: teams are taken from the agents alone`];
    return { teams: new Teams(items, step.value === undefined), notes: note };
  } catch (error) {
    if (!(error instanceof SourceError) || (error.code !== 'right-missing' && error.code !== 'configuration'))
      throw error;
    return { teams: new Teams([], false), notes: [`teams are taken from the agents alone: ${error.message}`] };
  }
}

/**
 * The state of one agent by the id of its link. Absent is only whom the system does not know although the account may see
 * everybody. Throws a SourceError where that cannot be said.
 */
export async function lookUpAgent(
  source: Source,
  id: string,
  signal: AbortSignal,
): Promise<'present' | 'disabled' | 'absent'> {
  const found = await agentOf(source, id, signal);
  if (found === undefined || isDeleted(found)) return 'absent';
  return isDisabled(found) === true ? 'disabled' : 'present';
}

/** One agent with everything that is read of it, its teams included (spec 2.8). Throws a SourceError where that cannot be said. */
export async function readOneAgent(source: Source, id: string, signal: AbortSignal): Promise<OneRead> {
  const found = await agentOf(source, id, signal);
  if (found === undefined) return { gone: 'deleted' };
  const { teams } = await readTeams(source, signal);
  const outcome = mapAgent(found, `agent ${id}`, source.plan, teams);
  return outcome === 'deleted' ? { gone: 'deleted' } : outcome;
}

/** Undefined where nobody has this id. Throws a SourceError where that cannot be said. */
async function agentOf(source: Source, id: string, signal: AbortSignal): Promise<XmlElement | undefined> {
  const found = await source.api.agent(id, signal);
  if (found !== undefined) {
    if (idOf(found) !== id) throw new SourceError('retryable', 'protocol', 'the answer to get agent is another agent');
    return found;
  }
  // That nobody of this id is there counts only from somebody who sees everybody, at the address where agents are.
  const { total } = await scopeOf(source, signal);
  if (total === undefined || total === 0)
    throw new SourceError('retryable', 'protocol', 'get agent found nobody, and the list of agents says no number');
  return undefined;
}
