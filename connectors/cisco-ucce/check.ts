import { CheckReport } from '../../src/connector-kit/check-report.ts';
import type { Finding } from '../../src/connector-kit/check-report.ts';
import { checkHttp } from '../../src/connector-kit/http/check.ts';
import type { CheckStep, Kit } from '../../src/connector-kit/contract.ts';
import type { Step } from './walk.ts';
import { walk } from './walk.ts';
import { Api } from './api.ts';
import { interfaceOf } from './config.ts';
import type { Config } from './config.ts';
import { mapAgent } from './map.ts';
import { planAgents } from './plan.ts';
import type { Plan } from './plan.ts';
import { agentQuery, readTeams } from './read.ts';
import { scopeOf } from './scope.ts';
import type { Scope } from './scope.ts';
import { Teams } from './teams.ts';

const remedies = {
  'login-refused':
    'correct connection.username (USER@DOMAIN) or connection.password, or unlock the user in Active Directory',
  'right-missing':
    "put the user into the API role ConfigGroup, and make it no supervisor, as the connector's README says",
  protocol: 'make sure that connection.url names the administration workstation, and see its log',
} as const;

/** Configuration, DNS, TCP, TLS, log-in and rights, teams, and the first page of agents. */
export async function check(settings: Config, kit: Kit): Promise<readonly CheckStep[]> {
  const report = new CheckReport(remedies);
  const { connection } = settings;
  const { signal } = kit;
  const source = await report.step(
    'configuration',
    async () => ({ api: await Api.open(settings), plan: planAgents(kit.mapping), settings }),
    () => ({ detail: `reads ${interfaceOf(settings)}` }),
  );
  if (source === undefined || !(await checkHttp(report, interfaceOf(settings), connection, signal)))
    return report.steps;
  const scope = await report.step(
    'login',
    () => scopeOf(source, signal),
    (each) => describeScope(each, connection.username),
  );
  if (scope === undefined) return report.steps;
  const known = await report.aside('teams', () => readTeams(source, signal), describeTeams);
  await report.step(
    'agents',
    async () => {
      const walked = walk(source.api, 'agent', { ...agentQuery(settings), ...scope.query }, signal);
      const first = await walked.next();
      return first.done === true ? { items: [], total: undefined } : first.value;
    },
    (first) => describeAgents(first, source.plan, known?.teams ?? new Teams([], false)),
  );
  return report.steps;
}

function describeScope({ role, total, notes }: Scope, username: string): Finding {
  const detail = `logged in as ${username}${role === undefined ? '' : `, ${role}`}; ${String(total ?? 'an unknown number of')} agents`;
  const [note] = notes;
  return note === undefined
    ? { detail }
    : { detail: `${detail}; ${note}`, remedy: 'use an administrator that is no supervisor' };
}

function describeTeams({ teams, notes }: Awaited<ReturnType<typeof readTeams>>): Finding {
  const [note] = notes;
  const detail = `${String(teams.names.size)} agent teams`;
  return note === undefined ? { detail } : { detail: note, remedy: 'let the user list agent teams' };
}

function describeAgents({ items, total }: Step, plan: Plan, teams: Teams): Finding {
  const outcomes = items.map((agent, index) => mapAgent(agent, `agent ${String(index + 1)}`, plan, teams));
  const records = outcomes.flatMap((outcome) =>
    typeof outcome === 'object' && 'record' in outcome ? [outcome.record] : [],
  );
  const detail = `the first ${String(items.length)} agents can be listed`;
  if (records.length === 0) return { detail: `${detail}, and none can be used`, remedy: 'see the notes of a run' };
  if (total === undefined)
    return {
      detail: `${detail}; the list has no totalResults`,
      remedy: 'without it no read can be proven to be whole',
    };
  const missing = plan.filter(([field]) => records.every(({ values }) => values[field] === undefined));
  const fields = [...new Set(missing.map(([, source]) => source))];
  if (records.every(({ disabled }) => disabled === undefined)) fields.push('loginEnabled');
  return fields.length === 0 ? { detail } : { detail: `${detail}; none shows ${fields.join(', ')}: not read` };
}
