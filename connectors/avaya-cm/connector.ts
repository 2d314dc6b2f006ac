import type { Connector, Kit, Session } from '../../src/connector-kit/contract.ts';
import { SourceError } from '../../src/connector-kit/errors.ts';
import { HttpClient } from '../../src/connector-kit/http/client.ts';
import { check } from './check.ts';
import { cmHost, config, serviceAddress } from './config.ts';
import type { Config } from './config.ts';
import { planAgents } from './plan.ts';
import { lookUpAgent, readAgents, readOneAgent } from './read.ts';
import type { Reach } from './read.ts';
import { loginId } from './schema.ts';

/** Agents of Avaya Communication Manager (Contact Center Elite), by the System Management Service of AES. */
export const connector: Connector<Config> = {
  kind: 'avaya-cm',
  as: 'acd',
  capabilities: {
    delta: false,
    tombstones: false,
    reusableIds: true,
    teams: true,
    supervision: false,
    ownsSupervision: false,
  },
  configSchema: config,
  defaultMatch: [['employeeId'], ['email']],
  open: openSession,
  check,
};

/** Sends nothing yet: sessions of the service are few, so one is held only while something is read. */
async function openSession(settings: Config, kit: Kit): Promise<Session> {
  const plan = planAgents(settings, kit.mapping);
  const client = await HttpClient.open(settings.connection, serviceAddress(settings));
  const cm = cmHost(settings);
  const reach: Reach = { client, cm, plan, settings, log: kit.log };
  return {
    systemId: cm,
    readAll: (signal) => readAgents(reach, signal),
    readOne: (externalId, signal) => {
      const id = loginId.safeParse(externalId);
      if (id.success) return readOneAgent(reach, id.data, signal);
      return Promise.resolve({ unsupported: 'its id is no login id of Avaya' });
    },
    lookup: (externalId, signal) => {
      const id = loginId.safeParse(externalId);
      if (id.success) return lookUpAgent(reach, id.data, signal);
      return Promise.reject(new SourceError('fatal', 'protocol', 'the external id is no login id of Avaya'));
    },
    close: () => Promise.resolve(),
  };
}
