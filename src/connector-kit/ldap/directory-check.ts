import type { CheckReport, Finding } from '../check-report.ts';
import { checkTcp, checkTls } from '../connect/check.ts';
import { placeOf } from '../connect/endpoint.ts';
import type { Endpoint } from '../connect/endpoint.ts';
import { LdapConnection, serverDown } from './connection.ts';
import type { DirectoryConnection } from './connection-config.ts';
import { endpointsOf } from './connection-config.ts';
import type { FieldPlan } from './field-plan.ts';

/** The step `configuration`: lays the source's mapping over the connector's default. */
export function checkMapping(report: CheckReport, plan: () => FieldPlan): Promise<FieldPlan | undefined> {
  return report.step(
    'configuration',
    () => Promise.resolve().then(plan),
    () => ({ detail: 'mapping and filter can be used' }),
  );
}

/** A server that can be used, and what it was asked. The caller closes the connection. */
export interface UsableServer<T> {
  readonly connection: LdapConnection;
  readonly answer: T;
}

/**
 * Checks every server of a connection: DNS, TCP, encryption, log-in, and what `ask` asks of each (it adds steps of its own).
 * Gives the server that a read would use, otherwise another usable one. Where a read can do without a server, what failed
 * there is a warning. A refused log-in is not tried at the next server, where it would be refused and count too.
 */
export async function checkServers<T>(
  report: CheckReport,
  connection: DirectoryConnection,
  signal: AbortSignal,
  ask: (report: CheckReport, connection: LdapConnection) => Promise<T | undefined>,
): Promise<UsableServer<T> | undefined> {
  const endpoints = endpointsOf(connection);
  const servers: { readonly place: string; readonly own: CheckReport; readonly usable?: UsableServer<T> }[] = [];
  for (const endpoint of endpoints) {
    const own = report.another();
    const opened = await checkServer(own, endpoint, connection, signal);
    const answer = opened === undefined ? undefined : await ask(own, opened);
    const usable = opened === undefined || answer === undefined ? {} : { usable: { connection: opened, answer } };
    if (answer === undefined) opened?.destroy();
    servers.push({ place: placeOf(endpoint), own, ...usable });
    if (own.failedWith === 'login-refused') break;
  }
  const used = servers.find(({ own }) => own.failedWith === undefined || !serverDown.has(own.failedWith));
  for (const { own, place } of servers) {
    const dispensable = used?.usable !== undefined && own !== used.own;
    report.take(own, endpoints.length > 1 ? `${place}: ` : '', dispensable);
  }
  const [first, ...others] = [used, ...servers].flatMap((each) => each?.usable ?? []);
  for (const { connection: other } of others) if (other !== first?.connection) await other.close();
  return first;
}

/** The same without any question of its own. */
export async function checkConnection(
  report: CheckReport,
  connection: DirectoryConnection,
  signal: AbortSignal,
): Promise<LdapConnection | undefined> {
  return (await checkServers(report, connection, signal, () => Promise.resolve(true)))?.connection;
}

async function checkServer(
  report: CheckReport,
  endpoint: Endpoint,
  connection: DirectoryConnection,
  signal: AbortSignal,
): Promise<LdapConnection | undefined> {
  const place = placeOf(endpoint);
  const { timeoutMs } = connection;
  let socket = await checkTcp(report, endpoint, connection, signal);
  if (socket !== undefined && endpoint.encryption === 'start-tls') {
    const plain = new LdapConnection(socket, place, timeoutMs);
    socket = await report.step(
      'start-tls',
      () => plain.startTls(signal),
      () => ({ detail: 'the server starts TLS' }),
    );
  }
  if (socket !== undefined) socket = await checkTls(report, socket, endpoint, connection, signal);
  if (socket === undefined) return undefined;
  const opened = new LdapConnection(socket, place, timeoutMs);
  const bound = await report.step(
    'bind',
    async () => {
      await opened.bind(connection.bindDn, await connection.bindPassword.read(), signal);
      return opened;
    },
    () => ({ detail: `logged in as ${connection.bindDn}` }),
  );
  if (bound === undefined) opened.destroy();
  return bound;
}

/** What the step `page` says where the first page shows nobody, or not of everybody what a read needs. */
interface PageRemedies {
  /** Completes "check baseDn and filter, and …". */
  readonly nobody: string;
  /** Completes "of whom 3 …". */
  readonly lacking: string;
  readonly lackingRemedy: string;
}

/** What the step `page` found: so many people, of whom so many show what a read needs. */
export function describePeople(people: number, usable: number, remedies: PageRemedies): Finding {
  if (people === 0) return { detail: 'no people are found', remedy: `check baseDn and filter, and ${remedies.nobody}` };
  const detail = `the first page has ${people} people`;
  if (usable === people) return { detail };
  return { detail: `${detail}, of whom ${people - usable} ${remedies.lacking}`, remedy: remedies.lackingRemedy };
}

/** What the step `groups` found of the groups that the table of roles names; undefined where it names none. */
export function describeGroups(
  groups: { readonly named: readonly string[]; readonly problems: readonly string[] } | undefined,
  remedy: string,
): Finding {
  if (groups === undefined) return { detail: 'the table of roles names no groups' };
  const found = groups.named.length - groups.problems.length;
  const detail = [`${found} of ${groups.named.length} groups found`, ...groups.problems].join('; ');
  return groups.problems.length === 0 ? { detail } : { detail, remedy };
}
