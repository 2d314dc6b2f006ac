import { CheckReport } from '../../src/connector-kit/check-report.ts';
import type { Finding } from '../../src/connector-kit/check-report.ts';
import type { CheckStep, Kit } from '../../src/connector-kit/contract.ts';
import { SourceError } from '../../src/connector-kit/errors.ts';
import { checkHttp } from '../../src/connector-kit/http/check.ts';
import { Api } from './api.ts';
import { apiOf, tokenAddressOf } from './config.ts';
import type { Config } from './config.ts';
import { membersList, usersList } from './lists.ts';
import { mapUser } from './map.ts';
import { inMinutes } from './pace.ts';
import { planUsers } from './plan.ts';
import { countUsers } from './read.ts';
import { fromUsersAlone, isRefused, listTeams, memberPages, pagesOf } from './read-teams.ts';
import type { ListedTeam } from './read-teams.ts';
import type { Source } from './source.ts';
import { Teams } from './teams.ts';
import type { ListPage } from './walk.ts';
import { walk } from './walk.ts';

const remedies = {
  'login-refused':
    'correct connection.clientId or connection.clientSecret: an OAuth client of the grant Client Credentials',
  'right-missing': 'grant the permission that the message names to a role of the OAuth client, in all divisions',
  protocol: 'make sure that connection.url names the API (https://api.REGION) and connection.loginUrl the log-in',
  busy: 'try again after the time that the message names',
} as const;

/** Configuration, DNS, TCP, TLS of the API and of the log-in, the token, users with their number, and teams. */
export async function check(settings: Config, kit: Kit): Promise<readonly CheckStep[]> {
  const report = new CheckReport(remedies);
  const { signal } = kit;
  const source = await report.step(
    'configuration',
    async () => ({ api: await Api.open(settings, kit.log), plan: planUsers(kit.mapping), settings }),
    () => ({ detail: `reads ${apiOf(settings)}, with tokens of ${tokenAddressOf(settings)}` }),
  );
  if (source === undefined || !(await reached(report, settings, signal))) return report.steps;
  const token = await report.step(
    'login',
    async () => source.api.token.current(signal),
    () => ({ detail: `${settings.connection.clientId} got a token${lifeOf(source)}` }),
  );
  if (token === undefined) return report.steps;
  const users = await report.step(
    'users',
    () => firstUsers(source, signal),
    (found) => describeUsers(found, source),
  );
  if (users === undefined) return report.steps;
  const teams = await report.aside('teams', () => seeTeams(source, signal), describeTeams);
  const { allowed } = source.api.pace;
  if (allowed !== undefined) {
    const members = teams === undefined || teams instanceof SourceError ? 0 : memberPages(teams, source);
    const requests = 2 + members + pagesOf(users.total ?? 0, source);
    const minutes = source.api.pace.minutesFor(requests) ?? 1;
    const detail = `${String(allowed)} requests a minute are allowed; a full read makes about ${String(requests)}, which takes about ${inMinutes(minutes)} at most`;
    await report.aside(
      'pace',
      () => Promise.resolve(),
      () => ({ detail }),
    );
  }
  return report.steps;
}

/** The API, and the log-in where it is another server. */
async function reached(report: CheckReport, settings: Config, signal: AbortSignal): Promise<boolean> {
  const { connection } = settings;
  const account = { ...connection, username: connection.clientId, password: connection.clientSecret };
  const [api, login] = [apiOf(settings), tokenAddressOf(settings)];
  if (!(await checkHttp(report, api, account, signal))) return false;
  if (new URL(api).origin === new URL(login).origin) return true;
  const other = report.another();
  const isReached = await checkHttp(other, login, account, signal);
  report.take(other, 'log-in: ', false);
  return isReached;
}

function lifeOf({ api }: Source): string {
  const { life } = api.token;
  return life === undefined ? '' : `, good for ${inMinutes(Math.max(1, Math.floor(life / 60)))}`;
}

interface Found {
  readonly page: ListPage;
  readonly total: number | undefined;
}

async function firstUsers(source: Source, signal: AbortSignal): Promise<Found> {
  const first = await walk(source.api, usersList(source), signal, false).next();
  const page = first.done === true ? { items: [], total: undefined, next: undefined } : first.value;
  return { page, total: page.total ?? (await countUsers(source, false, signal)) };
}

/**
 * How many teams there are; asks for the members of the first one, too. Where they may not be seen, why: users are read without
 * them. Throws every other SourceError.
 */
async function seeTeams(source: Source, signal: AbortSignal): Promise<readonly ListedTeam[] | SourceError> {
  try {
    const { listed } = await listTeams(source, signal, false);
    const [first] = listed;
    if (first !== undefined) await walk(source.api, membersList(source, first.team.id), signal, false).next();
    return listed;
  } catch (error) {
    if (isRefused(error)) return error;
    throw error;
  }
}

function describeTeams(seen: readonly ListedTeam[] | SourceError): Finding {
  if (!(seen instanceof SourceError)) return { detail: `teams that can be listed: ${String(seen.length)}` };
  return { detail: `${fromUsersAlone}: ${seen.message}`, remedy: remedies['right-missing'] };
}

function describeUsers({ page, total }: Found, { plan }: Source): Finding {
  const outcomes = page.items.map((user, index) =>
    mapUser(user, `user ${String(index + 1)}`, plan, new Teams([], false)),
  );
  const records = outcomes.flatMap((each) => (typeof each === 'object' && 'record' in each ? [each.record] : []));
  const detail = `the first ${String(page.items.length)} of ${String(total ?? 'an unknown number of')} users can be listed, deleted ones included`;
  if (records.length === 0) return { detail: `${detail}, and none can be used`, remedy: 'see the notes of a run' };
  if (total === undefined)
    return { detail, remedy: 'without the number of users no read can be proven to be whole; tell us' };
  const missing = plan.filter(([field]) => records.every(({ values }) => values[field] === undefined));
  const fields = [...new Set(missing.map(([, source]) => source))];
  if (records.every(({ roleFacts }) => roleFacts === undefined)) fields.push('authorization.roles');
  return fields.length === 0 ? { detail } : { detail: `${detail}; none shows ${fields.join(', ')}: not read` };
}
