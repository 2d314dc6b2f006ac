import { CheckReport } from '../../src/connector-kit/check-report.ts';
import type { Finding } from '../../src/connector-kit/check-report.ts';
import { checkHttp } from '../../src/connector-kit/http/check.ts';
import type { CheckStep, Kit } from '../../src/connector-kit/contract.ts';
import { SourceError } from '../../src/connector-kit/errors.ts';
import { interfacesOf } from './config.ts';
import type { Config } from './config.ts';
import { mapResource } from './map.ts';
import { openNodes } from './nodes.ts';
import type { Node } from './nodes.ts';
import { planResources } from './plan.ts';
import type { Plan } from './plan.ts';
import { gather } from './read.ts';
import type { Gathered } from './read.ts';

const remedies = {
  'login-refused': 'correct connection.username or connection.password, or unlock the user in Unified CCX',
  'right-missing':
    "give the user the administrator capability, and make it no supervisor, as the connector's README says",
  protocol: 'make sure that connection.url names a Unified CCX and that the user is no supervisor; its log says more',
} as const;

/** Configuration, then for each node: DNS, TCP, TLS, log-in, skills, and everybody. */
export async function check(settings: Config, kit: Kit): Promise<readonly CheckStep[]> {
  const report = new CheckReport(remedies);
  const ready = await report.step(
    'configuration',
    async () => ({ plan: planResources(kit.mapping), nodes: await openNodes(settings) }),
    ({ nodes }) => ({
      detail: `reads ${interfacesOf(settings)[0]}${nodes.length > 1 ? ', and the second node where that one fails' : ''}`,
    }),
  );
  if (ready === undefined) return report.steps;
  const [first, second] = ready.nodes;
  const [firstAddress, secondAddress = ''] = interfacesOf(settings);
  await checkNode(report, first, { ...ready, address: firstAddress, settings }, kit.signal);
  if (second === undefined) return report.steps;
  // What is wrong with the second node is worth knowing, and no reason not to read.
  const other = report.another();
  await checkNode(other, second, { ...ready, address: secondAddress, settings }, kit.signal);
  report.take(other, 'second node: ', true);
  return report.steps;
}

interface Ready {
  readonly plan: Plan;
  readonly settings: Config;
  readonly address: string;
}

async function checkNode(
  report: CheckReport,
  node: Node,
  { plan, settings, address }: Ready,
  signal: AbortSignal,
): Promise<void> {
  const { connection } = settings;
  if (!(await checkHttp(report, address, connection, signal))) return;
  await report.step(
    'login',
    () => node.list('team', signal),
    (teams) => ({ detail: `logged in as ${connection.username}; teams: ${String(teams.length)}` }),
  );
  await report.aside(
    'skills',
    () => node.list('skill', signal),
    (skills) => ({ detail: `skills: ${String(skills.length)}` }),
  );
  await report.step(
    'agents',
    async () => {
      const gathered = await gather(node, connection.username, signal);
      const [doubt] = gathered.doubts;
      if (doubt !== undefined) throw new SourceError('retryable', 'protocol', doubt);
      return gathered;
    },
    (gathered) => describeAgents(gathered, plan),
  );
}

function describeAgents({ resources, teams }: Gathered, plan: Plan): Finding {
  const outcomes = resources.map((resource, index) =>
    mapResource(resource, `resource ${String(index + 1)}`, plan, teams),
  );
  const records = outcomes.flatMap((outcome) => ('record' in outcome ? [outcome.record] : []));
  const supervisors = records.filter(({ roleFacts }) => roleFacts?.supervisor === true).length;
  const compared = teams.showMembers ? 'everybody whom the teams name is there' : 'the teams do not name their members';
  const detail = `${String(records.length)} agents can be listed, ${String(supervisors)} of them supervisors; ${compared}`;
  const rejected = outcomes.length - records.length;
  if (rejected > 0) return { detail, remedy: `${String(rejected)} cannot be used: the notes of a run name them` };
  const missing = [...new Set(plan.map(([, source]) => source))].filter((source) =>
    plan.some(([field, each]) => each === source && records.every(({ values }) => values[field] === undefined)),
  );
  return missing.length === 0 ? { detail } : { detail: `${detail}; none shows ${missing.join(', ')}: not read` };
}
