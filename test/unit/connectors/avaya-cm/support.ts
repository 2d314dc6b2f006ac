import { connector } from '../../../../connectors/avaya-cm/connector.ts';
import type { Config } from '../../../../connectors/avaya-cm/config.ts';
import type { Kit, Session } from '../../../../src/connector-kit/contract.ts';
import { answer, object, released } from '../../../support/avaya/sms-answers.ts';
import type { Fields } from '../../../support/avaya/sms-answers.ts';
import { mockHttp } from '../../../support/http-mock.ts';
import type { MockedAnswer, SeenRequest } from '../../../support/http-mock.ts';
import { readWhole, testKit } from '../../../support/read-source.ts';
import type { WholeRead } from '../../../support/read-source.ts';

process.env['ROSTERD_AVAYA_TEST_PASSWORD'] = 'S3cret';
const url = 'https://aes.test';
export const service = `${url}/smsxml/SystemManagementService.php`;

/** The keys of a source, as an operator writes them. */
export function written(more: object = {}, connection: object = {}): object {
  const password = { env: 'ROSTERD_AVAYA_TEST_PASSWORD' };
  return { connection: { url, username: 'reader@CM1.corp.test:5022', password, ...connection }, ...more };
}

export function configOf(more: object = {}): Config {
  return connector.configSchema.parse(written(more));
}

export function openSource(more: object = {}, kit: Partial<Kit> = {}): Promise<Session> {
  return connector.open(configOf(more), testKit(kit));
}

/** Reads everything; `answers` come behind that of the opening call, in order. */
export async function readWith(
  answers: readonly MockedAnswer[],
  more: object = {},
  kit: Partial<Kit> = {},
): Promise<WholeRead & { readonly requests: readonly SeenRequest[] }> {
  const requests = mockHttp(service, [answer(), ...answers]);
  const session = await openSource(more, kit);
  const whole = await readWhole(session.readAll(testKit(kit).signal));
  await session.close();
  return { ...whole, requests };
}

/** The answers of a read whose two lists agree. */
export function lists(agents: readonly string[]): MockedAnswer[] {
  const list = answer({ data: agents.join('') });
  return [list, list, released];
}

export function agent(fields: Fields): string {
  return object('Agent', fields);
}
