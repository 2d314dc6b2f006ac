import { CheckReport } from '../../src/connector-kit/check-report.ts';
import type { Finding } from '../../src/connector-kit/check-report.ts';
import type { CheckStep, Kit } from '../../src/connector-kit/contract.ts';
import { SourceError } from '../../src/connector-kit/errors.ts';
import { checkHttp } from '../../src/connector-kit/http/check.ts';
import { isJsonObject } from '../../src/connector-kit/http/json.ts';
import { Api } from './api.ts';
import { interfaceOf } from './config.ts';
import type { Config } from './config.ts';
import { mapUser, typeOf } from './map.ts';
import { planUsers } from './plan.ts';
import { addDetails, gather, passwordNotes } from './read.ts';
import type { Gathered, Source } from './read.ts';

const remedies = {
  'login-refused': 'correct the keys that the message names, or unlock the user or the client in Puzzel',
  'right-missing': "do in Puzzel's portal what the message says; each step stands in the connector's README",
  protocol:
    "make sure that connection.url names Puzzel's Contact Centre interface, and ask Puzzel what the answer means",
} as const;

/** Users whose details a check asks for. */
const tried = 5;

/** Configuration, DNS, TCP, TLS (of the server that gives tokens too), log-in, account, users, details. */
export async function check(settings: Config, kit: Kit): Promise<readonly CheckStep[]> {
  const report = new CheckReport(remedies);
  const { signal } = kit;
  const source = await report.step(
    'configuration',
    async (): Promise<Source> => ({ plan: planUsers(kit.mapping), api: await Api.open(settings), settings }),
    ({ api }) => {
      const way = api.tokens.access.kind === 'client' ? 'client credentials' : 'user name and password';
      return { detail: `reads ${interfaceOf(settings)}, logs in with ${way} at ${api.tokens.access.address}` };
    },
  );
  if (source === undefined) return report.steps;
  const { access } = source.api.tokens;
  if (!(await checkHttp(report, interfaceOf(settings), access.connection, signal))) return report.steps;
  if (new URL(access.address).origin !== new URL(interfaceOf(settings)).origin) {
    const login = report.another();
    await checkHttp(login, access.address, access.connection, signal);
    report.take(login, 'log-in server: ', false);
    if (login.failedWith !== undefined) return report.steps;
  }
  await report.step(
    'login',
    () => source.api.login(signal),
    () => ({ detail: `${access.address} gave a token` }),
  );
  await report.step(
    'account',
    () => source.api.tokenInfo(signal),
    (info): Finding => {
      if (info === undefined) return { detail: 'the interface does not say who asks' };
      const detail = `user ${info.userId ?? '(not said)'} of customer ${info.customerKey ?? '(not said)'}`;
      const [warning] = passwordNotes(info, settings);
      return warning === undefined ? { detail } : { detail, remedy: warning };
    },
  );
  const gathered = await report.step(
    'users',
    async () => {
      const found = await gather(source, signal);
      const [[filter], [doubt]] = [found.shortened, found.doubts];
      if (filter !== undefined) throw new SourceError('fatal', 'right-missing', filter);
      if (doubt !== undefined) throw new SourceError('retryable', 'protocol', doubt);
      return found;
    },
    ({ users, context, notes }) => {
      const groups = context.groups === undefined ? 'no user groups' : `${String(context.groups.size)} user groups`;
      const detail = `${String(users.length)} users can be listed, ${groups}`;
      const own = notes.filter((note) => !note.startsWith('the password'));
      return own.length === 0 ? { detail } : { detail, remedy: own.join('; ') };
    },
  );
  if (gathered === undefined) return report.steps;
  await report.step(
    'details',
    () => addDetails(source, gathered.users.slice(0, tried), 0, signal),
    (listed) => describeDetails(listed, gathered, source),
  );
  return report.steps;
}

function describeDetails(
  listed: Awaited<ReturnType<typeof addDetails>>,
  { context }: Gathered,
  { plan, settings }: Source,
): Finding {
  const [failure] = listed.flatMap(({ detail }) => (typeof detail === 'string' ? [detail] : []));
  if (failure !== undefined)
    return { detail: failure, remedy: 'give the right to read single users, or details: false' };
  const outcomes = listed.map((each) => mapUser(each, context));
  const records = outcomes.flatMap((outcome) => ('record' in outcome ? [outcome.record] : []));
  const how = settings.details ? 'details' : 'no details, as the configuration says,';
  const typed = listed.some(
    (each) => typeOf([each.row, ...(isJsonObject(each.detail) ? [each.detail] : [])]) !== undefined,
  );
  const types = typed ? '' : '; no type of user is shown, so name groups without persons in ignoreGroups';
  const detail = `${how} of ${String(listed.length)} users tried, ${String(records.length)} of them persons${types}`;
  const rejected = outcomes.filter((outcome) => 'rejected' in outcome).length;
  if (rejected > 0) return { detail, remedy: `${String(rejected)} cannot be used: the notes of a run name them` };
  const missing = [...new Set(plan.map(([, field]) => field))].filter((source) =>
    plan.some(([field, each]) => each === source && records.every(({ values }) => values[field] === undefined)),
  );
  return missing.length === 0 || records.length === 0
    ? { detail }
    : { detail: `${detail}; none shows ${missing.join(', ')}: not read` };
}
