import { Collected } from '../../src/connector-kit/collected.ts';
import type { Kit, OneRead, Read } from '../../src/connector-kit/contract.ts';
import { SourceError } from '../../src/connector-kit/errors.ts';
import type { HttpClient } from '../../src/connector-kit/http/client.ts';
import type { XmlElement } from '../../src/connector-kit/soap/xml.ts';
import type { Config } from './config.ts';
import { idOf, isAutomatic, mapAgent, shownFields } from './map.ts';
import type { MapContext } from './map.ts';
import type { Plan } from './plan.ts';
import { isNotAssigned, refusalOf } from './refusals.ts';
import { namesSkills, teamsBySkill } from './skills.ts';
import { withSession } from './sms.ts';
import type { Result, SmsSession } from './sms.ts';

/** Everything that is needed to talk to one Communication Manager. */
export interface Reach {
  readonly client: HttpClient;
  /** The host of the Communication Manager. */
  readonly cm: string;
  readonly plan: Plan;
  readonly settings: Config;
  readonly log: Kit['log'];
}

/** An agent as far as it was read. */
interface Found {
  readonly agent: XmlElement;
  /** Why it could not be shown on its own, although that was wanted. */
  readonly refusal?: string;
}

/** What one session has brought. */
interface Gathered {
  readonly found: readonly Found[];
  readonly skillTeams: MapContext['skillTeams'];
  /** Why absence proves nothing. */
  readonly doubts: readonly Doubt[];
  readonly notes: readonly string[];
}

/** A reason for an incomplete read. */
interface Doubt {
  readonly reason: string;
  /** Reading again may bring everything. */
  readonly passing: boolean;
}

/**
 * All agents. The session is over before the first page is handed out, so that nobody who stops reading can leave it open;
 * the service gives the list in one piece anyway.
 */
export async function* readAgents(reach: Reach, signal: AbortSignal): Read {
  const { found, skillTeams, doubts, notes } = await withSession(reach, signal, (session) =>
    gather(reach, session, signal),
  );
  const shown = shownFields(found.map(({ agent }) => agent));
  const context: MapContext = { plan: reach.plan, shown, skillTeams };
  const collected = new Collected();
  let automatic = 0;
  for (const [index, { agent, refusal }] of found.entries()) {
    const position = `agent ${String(index + 1)}`;
    const outcome = mapAgent(agent, position, context, refusal);
    if (outcome === 'automatic') automatic += 1;
    else if ('record' in outcome) collected.add(outcome.record, position);
    else collected.reject(outcome.rejected);
    if (!collected.pageIsFull) continue;
    yield { ...collected.takePage(), total: found.length };
    signal.throwIfAborted();
  }
  const page = collected.takePage();
  if (page.records.length + page.rejected.length > 0) yield { ...page, total: found.length };
  const reasons = doubts.map(({ reason }) => reason);
  return {
    whole: reasons.length === 0,
    ...(reasons.length === 0 ? {} : { reason: reasons.join('; ') }),
    retryable: doubts.length > 0 && doubts.every(({ passing }) => passing),
    notes: [
      ...notes,
      ...(automatic === 0 ? [] : [`${String(automatic)} automatic agents (AAS) left out`]),
      ...unshown(reach.plan, shown),
    ],
  };
}

async function gather(reach: Reach, session: SmsSession, signal: AbortSignal): Promise<Gathered> {
  await session.open(signal);
  const { skillTeams, problem } = await readSkillTeams(reach.settings.skillTeams, session, signal);
  const { listed, displayed } = reach.plan;
  const list = await session.ask({ operation: 'list', model: 'Agent', fields: listed }, signal);
  const doubts = [...doubtsOf(list), ...(await compareWithSecond(list, session, signal))];
  const notes = problem === undefined ? [] : [`${problem}: teams are not read`];
  if (displayed === undefined) return { found: list.objects.map((agent) => ({ agent })), skillTeams, doubts, notes };
  const shown = await displayEach(list.objects, displayed, session, signal);
  return { found: shown.found, skillTeams, doubts, notes: [...notes, ...shown.notes] };
}

/** The table of skills by their numbers; `problem` says why it cannot be used now. */
async function readSkillTeams(
  table: Config['skillTeams'],
  session: SmsSession,
  signal: AbortSignal,
): Promise<{ readonly skillTeams: MapContext['skillTeams']; readonly problem?: string }> {
  if (Object.keys(table).length === 0) return { skillTeams: undefined };
  const groups = namesSkills(table) ? await listSkills(session, signal) : undefined;
  if (groups !== undefined && groups.code !== 0)
    return { skillTeams: undefined, problem: `list HuntGroup ended with ${told(groups)}` };
  const found = teamsBySkill(table, groups?.objects ?? []);
  return 'problem' in found ? { skillTeams: undefined, problem: found.problem } : { skillTeams: found.teams };
}

/** The hunt groups, of which the skills are those with `Skill` y. */
export function listSkills(session: SmsSession, signal: AbortSignal): Promise<Result> {
  return session.ask(
    { operation: 'list', model: 'HuntGroup', fields: ['Group_Number', 'Group_Name', 'Skill'] },
    signal,
  );
}

/** Why a list may not be all there is, as far as it says so itself. Throws a SourceError for a refusal that is known. */
export function doubtsOf(list: Result): Doubt[] {
  if (list.code !== 0) {
    const reason = `list Agent ended with ${told(list)}`;
    const refusal = list.objects.length === 0 ? refusalOf(list.message, reason) : undefined;
    if (refusal !== undefined) throw refusal;
    return [{ reason, passing: false }];
  }
  const count = list.objects.length;
  if (count === 0) {
    const reason = 'the list of agents is empty, which is taken for a failure';
    return [{ reason, passing: false }];
  }
  const announced = [...list.message.matchAll(/\d+/g)].map(([number]) => Number(number));
  if (announced.every((number) => number === count)) return [];
  return [{ reason: `list Agent brought ${String(count)} agents and said "${list.message}"`, passing: true }];
}

/** The code and the words of an answer. */
function told({ code, message }: Result): string {
  return `result code ${String(code)}${message === '' ? '' : `: "${message}"`}`;
}

/**
 * The service announces no total, so the list is asked for twice: an answer that lost some of its lines on the way will
 * not lose the same ones again.
 */
async function compareWithSecond(first: Result, session: SmsSession, signal: AbortSignal): Promise<Doubt[]> {
  if (first.code !== 0 || first.objects.length === 0) return [];
  const second = await session.ask({ operation: 'list', model: 'Agent', fields: ['Login_ID'] }, signal);
  const differing = differenceOf(first.objects, second.objects);
  if (second.code === 0 && differing === 0) return [];
  const how = second.code === 0 ? `differ in ${String(differing)} agents` : `the second ended with ${told(second)}`;
  return [{ reason: `two lists of agents, one after the other: ${how}`, passing: true }];
}

/** How many login ids only one of two lists has. */
function differenceOf(one: readonly XmlElement[], other: readonly XmlElement[]): number {
  const idsOf = (agents: readonly XmlElement[]) => new Set(agents.map((agent) => idOf(agent) ?? ''));
  const [inOne, inOther] = [idsOf(one), idsOf(other)];
  const inBoth = [...inOne].filter((id) => inOther.has(id)).length;
  return inOne.size + inOther.size - 2 * inBoth;
}

/** Asks for each agent on its own. One that has been removed since the list is gone. Throws a SourceError. */
async function displayEach(
  listed: readonly XmlElement[],
  fields: readonly [string, ...string[]],
  session: SmsSession,
  signal: AbortSignal,
): Promise<Pick<Gathered, 'found' | 'notes'>> {
  const found: Found[] = [];
  for (const agent of listed) {
    const id = idOf(agent);
    if (id === undefined || isAutomatic(agent)) {
      found.push({ agent });
      continue;
    }
    const shown = await session.ask({ operation: 'display', model: 'Agent', fields, qualifier: id }, signal);
    const own = shown.objects.find((each) => idOf(each) === id);
    if (shown.code === 0 && own !== undefined) found.push({ agent: own });
    else if (!isNotAssigned(shown.message)) found.push({ agent, refusal: refusalToDisplay(shown) });
  }
  const removed = listed.length - found.length;
  return { found, notes: removed === 0 ? [] : [`${String(removed)} agents removed while they were read`] };
}

/** Of one agent it is a bad record; throws where it concerns them all. */
function refusalToDisplay(shown: Result): string {
  const refusal = `display Agent ended with ${told(shown)}`;
  const known = refusalOf(shown.message, refusal);
  if (known !== undefined) throw known;
  return refusal;
}

function unshown({ direct }: Plan, shown: ReadonlySet<string>): string[] {
  const fields = [...new Set(['Name', 'SN', ...direct.map(([, field]) => field)])].filter((field) => !shown.has(field));
  return fields.length === 0 ? [] : [`no agent shows ${fields.join(', ')}: taken as not read`];
}

/** The state of one login id, by `display`. Throws a SourceError where the answer does not say. */
export async function lookUpAgent(reach: Reach, id: string, signal: AbortSignal): Promise<'present' | 'absent'> {
  return withSession(reach, signal, async (session) => {
    const found = await displayOne(session, ['Login_ID', 'AAS'], id, signal);
    return found === undefined || isAutomatic(found) ? 'absent' : 'present';
  });
}

/** One agent with everything that is read of it, by `display` (spec 2.8). Throws a SourceError where the answer does not say. */
export async function readOneAgent(reach: Reach, id: string, signal: AbortSignal): Promise<OneRead> {
  const { plan, settings } = reach;
  return withSession(reach, signal, async (session) => {
    const agent = await displayOne(session, plan.displayed ?? plan.listed, id, signal);
    if (agent === undefined) return { gone: 'deleted' };
    const { skillTeams } = await readSkillTeams(settings.skillTeams, session, signal);
    // What this one does not show may be empty or kept back: of one agent nobody can say (spec 2.3).
    const context: MapContext = { plan, shown: shownFields([agent]), skillTeams };
    const outcome = mapAgent(agent, `agent ${id}`, context);
    return outcome === 'automatic' ? { gone: 'out-of-scope' } : outcome;
  });
}

/** Undefined where the service says that nobody has this login id. Throws a SourceError where it does not say. */
async function displayOne(
  session: SmsSession,
  fields: readonly [string, ...string[]],
  id: string,
  signal: AbortSignal,
): Promise<XmlElement | undefined> {
  const shown = await session.ask({ operation: 'display', model: 'Agent', fields, qualifier: id }, signal);
  if (shown.code !== 0 && isNotAssigned(shown.message)) return undefined;
  const said = `display Agent ended with ${told(shown)}`;
  if (shown.code !== 0) throw refusalOf(shown.message, said) ?? new SourceError('retryable', 'protocol', said);
  const found = shown.objects.find((agent) => idOf(agent) === id);
  if (found === undefined) throw new SourceError('retryable', 'protocol', 'display Agent showed another login id');
  return found;
}
