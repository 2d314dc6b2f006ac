import { Collected } from '../../src/connector-kit/collected.ts';
import type { OneRead, Read } from '../../src/connector-kit/contract.ts';
import { SourceError } from '../../src/connector-kit/errors.ts';
import type { XmlElement } from '../../src/connector-kit/soap/xml.ts';
import { nameKey } from '../../src/connector-kit/value.ts';
import { idOf, mapResource } from './map.ts';
import { askNodes } from './nodes.ts';
import type { Node } from './nodes.ts';
import type { Plan } from './plan.ts';
import { reachOf, userIdsOf } from './reach.ts';
import { Teams } from './teams.ts';

/** Everything that is needed to read one cluster. */
export interface Source {
  readonly nodes: readonly [Node, ...Node[]];
  readonly plan: Plan;
  readonly username: string;
}

/** What one node has brought. */
export interface Gathered {
  readonly resources: readonly XmlElement[];
  readonly teams: Teams;
  /** Why absence proves nothing, apart from the records; reading again may mend each. */
  readonly doubts: readonly string[];
}

const whatToGrant =
  'make a user of its own for rosterd that is no supervisor and has the administrator capability of Unified CCX, and put it into connection.username';

/** Everybody, in one list: the interface has no pages. */
export async function* readResources(source: Source, signal: AbortSignal): Read {
  const { value, notes } = await askNodes(source.nodes, (node) => gather(node, source.username, signal));
  const { resources, teams, doubts } = value;
  const collected = new Collected();
  for (const [index, resource] of resources.entries()) {
    const position = `resource ${String(index + 1)}`;
    const outcome = mapResource(resource, position, source.plan, teams);
    if ('record' in outcome) collected.add(outcome.record, position);
    else collected.reject(outcome.rejected);
    if (!collected.pageIsFull) continue;
    yield { ...collected.takePage(), total: resources.length };
    signal.throwIfAborted();
  }
  const page = collected.takePage();
  if (page.records.length + page.rejected.length > 0) yield { ...page, total: resources.length };
  return {
    whole: doubts.length === 0,
    ...(doubts.length === 0 ? {} : { reason: doubts.join('; ') }),
    retryable: doubts.length > 0,
    notes,
  };
}

/** Teams, resources, and whether they are everybody. Throws a SourceError, fatal for an account that sees a part only. */
export async function gather(node: Node, username: string, signal: AbortSignal): Promise<Gathered> {
  const teams = new Teams(await node.list('team', signal));
  const resources = await node.list('resource', signal);
  if (resources.length === 0)
    return {
      resources,
      teams,
      doubts: [
        'the list of resources is empty, which is taken for a failure: a supervisor without a team, for one, sees nobody',
      ],
    };
  const self = await selfOf(node, username, resources, signal);
  const reach = reachOf({ resources, teams, self, username });
  if (reach.kind === 'own-teams') throw new SourceError('fatal', 'right-missing', `${reach.reason}: ${whatToGrant}`);
  const doubts = reach.kind === 'doubtful' ? [reach.reason] : [];
  return { resources, teams, doubts: [...doubts, ...(await compareWithSecond(resources, node, signal))] };
}

/** The account itself, in the list or on its own. That it may not be asked for says nothing. */
async function selfOf(
  node: Node,
  username: string,
  resources: readonly XmlElement[],
  signal: AbortSignal,
): Promise<XmlElement | undefined> {
  const ids = userIdsOf(username).map(nameKey);
  const listed = resources.find((resource) => ids.includes(nameKey(idOf(resource) ?? '')));
  if (listed !== undefined) return listed;
  try {
    const alone = await node.resource(userIdsOf(username).at(-1) ?? username, signal);
    return alone !== undefined && idOf(alone) !== undefined ? alone : undefined;
  } catch (error) {
    if (error instanceof SourceError && error.class === 'fatal' && error.code !== 'login-refused') return undefined;
    throw error;
  }
}

/** The system announces no total: a list that lost some of its end on the way will not lose the same again. */
async function compareWithSecond(first: readonly XmlElement[], node: Node, signal: AbortSignal): Promise<string[]> {
  const second = await node.list('resource', signal);
  const idsOf = (resources: readonly XmlElement[]): Set<string> => new Set(resources.map((each) => idOf(each) ?? ''));
  const [one, other] = [idsOf(first), idsOf(second)];
  const inBoth = [...one].filter((id) => other.has(id)).length;
  const differing = one.size + other.size - 2 * inBoth;
  return differing === 0 ? [] : [`two lists of resources, one after the other, differ in ${String(differing)}`];
}

/** One resource with everything that is read of it, its teams included (spec 2.8). Throws a SourceError where that cannot be said. */
export async function readOneResource(source: Source, id: string, signal: AbortSignal): Promise<OneRead> {
  const { value } = await askNodes(source.nodes, async (node): Promise<OneRead> => {
    const alone = await node.resource(id, signal);
    if (alone !== undefined) {
      stateOf(alone, id);
      return mapResource(alone, `resource ${id}`, source.plan, new Teams(await node.list('team', signal)));
    }
    const listed = await resourceListed(source, node, id, signal);
    if (listed === undefined) return { gone: 'deleted' };
    return mapResource(listed.resource, `resource ${id}`, source.plan, listed.teams);
  });
  return value;
}

/** Whom the system does not know on its own, in a list of everybody; undefined where that does not have them either. */
async function resourceListed(
  { username }: Source,
  node: Node,
  id: string,
  signal: AbortSignal,
): Promise<{ readonly resource: XmlElement; readonly teams: Teams } | undefined> {
  const { resources, teams, doubts } = await gather(node, username, signal);
  const resource = resources.find((each) => idOf(each) === id);
  if (resource !== undefined) return { resource, teams };
  if (doubts.length === 0) return undefined;
  throw new SourceError('retryable', 'protocol', `whether it is there cannot be said: ${doubts.join('; ')}`);
}

/**
 * The state of one user id. Absent is only whom the system does not know *and* a list of everybody does not have. Throws a
 * SourceError where that cannot be said.
 */
export async function lookUpResource(source: Source, id: string, signal: AbortSignal): Promise<'present' | 'absent'> {
  const { value } = await askNodes(source.nodes, async (node) => {
    const found = await node.resource(id, signal);
    if (found !== undefined) return stateOf(found, id);
    return (await resourceListed(source, node, id, signal)) === undefined ? 'absent' : 'present';
  });
  return value;
}

function stateOf(found: XmlElement, id: string): 'present' {
  if (nameKey(idOf(found) ?? '') === nameKey(id)) return 'present';
  throw new SourceError('retryable', 'protocol', 'the answer to get resource is another resource');
}
