import { CheckReport } from '../../src/connector-kit/check-report.ts';
import type { Finding } from '../../src/connector-kit/check-report.ts';
import { checkTcp, checkTls } from '../../src/connector-kit/connect/check.ts';
import type { CheckStep, Kit } from '../../src/connector-kit/contract.ts';
import { SourceError } from '../../src/connector-kit/errors.ts';
import { HttpClient } from '../../src/connector-kit/http/client.ts';
import { httpEndpoint } from '../../src/connector-kit/http/connection-config.ts';
import { cmHost, serviceAddress } from './config.ts';
import type { Config } from './config.ts';
import { isAutomatic, shownFields } from './map.ts';
import { planAgents } from './plan.ts';
import type { Plan } from './plan.ts';
import { doubtsOf, listSkills } from './read.ts';
import { namesSkills, teamsBySkill } from './skills.ts';
import { withSession } from './sms.ts';
import type { Result, SmsSession } from './sms.ts';

const remedies = {
  'login-refused':
    'correct connection.username (LOGIN@CM-HOST) or connection.password, or unlock the login in the Communication Manager',
  'right-missing':
    "give the login a profile that may list and display agent-loginID and hunt-group, as the connector's README says",
  protocol: 'make sure that connection.url names an AES with the System Management Service, and see its log',
  busy: 'try again later, and see which other clients of the service hold sessions',
} as const;

/** Enough agents to see which fields the list has; one screen of the SAT. */
const sample = 20;

/** Configuration, DNS, TCP, TLS, log-in, agents, skills, release. */
export async function check(settings: Config, kit: Kit): Promise<readonly CheckStep[]> {
  const report = new CheckReport(remedies);
  const { connection } = settings;
  const endpoint = httpEndpoint(connection.url);
  const ready = await report.step(
    'configuration',
    async () => ({
      plan: planAgents(settings, kit.mapping),
      client: await HttpClient.open(connection, serviceAddress(settings)),
    }),
    () => ({ detail: `reads ${cmHost(settings)} through ${serviceAddress(settings)}` }),
  );
  if (ready === undefined) return report.steps;
  const socket = await checkTcp(report, endpoint, connection, kit.signal);
  const reached = socket === undefined ? undefined : await checkTls(report, socket, endpoint, connection, kit.signal);
  if (reached === undefined) return report.steps;
  reached.destroy();
  await withSession({ client: ready.client, cm: cmHost(settings), log: kit.log }, kit.signal, (session) =>
    checkSession(report, session, { ...ready, settings }, kit.signal),
  );
  return report.steps;
}

interface Ready {
  readonly plan: Plan;
  readonly settings: Config;
}

async function checkSession(
  report: CheckReport,
  session: SmsSession,
  { plan, settings }: Ready,
  signal: AbortSignal,
): Promise<void> {
  const ask = { operation: 'list', model: 'Agent', fields: plan.listed, qualifier: `count ${String(sample)}` } as const;
  await report.step(
    'login',
    () => session.open(signal),
    () => ({ detail: `logged in as ${settings.connection.username}` }),
  );
  await report.step(
    'agents',
    async () => {
      const list = await session.ask(ask, signal);
      // A part of the list was asked for, so what it says of the whole is no doubt.
      const [doubt] = doubtsOf(list.code === 0 ? { ...list, message: '' } : list);
      if (doubt !== undefined) throw new SourceError('fatal', 'right-missing', doubt.reason);
      return list;
    },
    (list) => describeAgents(list, plan),
  );
  await report.aside(
    'skills',
    () => (namesSkills(settings.skillTeams) ? listSkills(session, signal) : Promise.resolve(undefined)),
    (groups) => describeSkills(settings, groups),
  );
  await report.aside(
    'release',
    () => session.release(),
    (released) =>
      released
        ? { detail: 'the session was released' }
        : { detail: 'the session could not be released', remedy: 'see the log of the AES' },
  );
}

function describeAgents({ objects }: Result, { direct }: Plan): Finding {
  const shown = shownFields(objects);
  const automatic = objects.filter(isAutomatic).length;
  const detail = `the first ${String(objects.length)} agents can be listed, ${String(automatic)} of them automatic (AAS)`;
  const missing = [...new Set(['Name', 'SN', ...direct.map(([, field]) => field)])].filter(
    (field) => !shown.has(field),
  );
  if (missing.length === 0) return { detail };
  return {
    detail: `${detail}; none shows ${missing.join(', ')}`,
    remedy: 'if agents have these, the list of this release lacks them: say display: true',
  };
}

function describeSkills({ skillTeams }: Config, groups: Result | undefined): Finding {
  const count = Object.keys(skillTeams).length;
  if (count === 0) return { detail: 'skillTeams is empty: no teams are read' };
  const remedy = 'correct skillTeams, or let the login list hunt-group';
  if (groups !== undefined && groups.code !== 0)
    return { detail: `list HuntGroup ended with result code ${String(groups.code)}: "${groups.message}"`, remedy };
  const found = teamsBySkill(skillTeams, groups?.objects ?? []);
  return 'problem' in found
    ? { detail: `${found.problem}: teams are not read`, remedy }
    : { detail: `${String(count)} skills have a team` };
}
