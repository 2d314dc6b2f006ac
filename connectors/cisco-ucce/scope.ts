import { SourceError } from '../../src/connector-kit/errors.ts';
import { elementOf, wordsOf } from '../../src/connector-kit/http/document.ts';
import type { XmlElement } from '../../src/connector-kit/soap/xml.ts';
import { nameKey } from '../../src/connector-kit/value.ts';
import type { ListPage, Query } from './api.ts';
import { isSupervisor } from './map.ts';
import type { Source } from './source.ts';

/** How everybody can be seen. */
export interface Scope {
  /** What has to be asked beside the usual. */
  readonly query: Query;
  readonly notes: readonly string[];
  readonly total: number | undefined;
  readonly role: string | undefined;
}

const whatToGrant =
  'make a domain user of its own for rosterd that is no supervisor, put it into the API role ConfigGroup as an administrator of all departments, and name it in connection.username';

/**
 * Whether the account sees everybody. A supervisor sees his own agents, unless asked to ignore the role; whether that was heeded
 * shows only where it brings more. Throws a fatal SourceError `right-missing` for an account that sees a part.
 */
export async function scopeOf({ api, settings }: Source, signal: AbortSignal): Promise<Scope> {
  // Unsorted and in one small page, since only what it says of the whole matters.
  const usual = { startindex: '0', resultsperpage: String(settings.pageSize) };
  const page = await api.page('agent', usual, signal);
  const { role, total } = page;
  if (role !== undefined && /department/i.test(role))
    throw refused(`its role is ${role}, which sees its own departments`);
  if (!isSupervisors(page, settings.connection.username)) return { query: {}, notes: [], total, role };
  const query = { ignorerole: 'true' };
  const everybody = await ignoringRole(() => api.page('agent', { ...usual, ...query }, signal));
  if (everybody === undefined) throw refused('it is a supervisor, and ignoreRole=true was refused');
  if ((everybody.total ?? 0) <= (total ?? 0))
    throw refused('it is a supervisor, and ignoreRole=true brought nobody more than its own agents');
  const notes = ['connection.username is a supervisor: everybody was asked for with ignoreRole=true'];
  return { query, notes, total: everybody.total, role };
}

function isSupervisors({ role, items }: ListPage, username: string): boolean {
  if (role !== undefined && role !== '') return /supervis/i.test(role);
  return items.some((agent) => isSupervisor(agent) === true && isNamed(agent, username));
}

function isNamed(agent: XmlElement, username: string): boolean {
  const name = nameKey(wordsOf(elementOf(agent, 'person'), 'username') ?? '');
  const own = [username, username.replace(/@[^@]*$/, ''), username.replace(/^.*\\/, '')].map(nameKey);
  return name !== '' && (own.includes(name) || own.includes(name.replace(/@[^@]*$/, '')));
}

async function ignoringRole(ask: () => Promise<ListPage>): Promise<ListPage | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (
      error instanceof SourceError &&
      (error.code === 'right-missing' || error.code === 'protocol') &&
      error.class === 'fatal'
    )
      return undefined;
    throw error;
  }
}

function refused(why: string): SourceError {
  const message = `connection.username does not see all agents: ${why}; ${whatToGrant}`;
  return new SourceError('fatal', 'right-missing', message);
}
