import type { Connector, Kit, Session } from '../../src/connector-kit/contract.ts';
import { SourceError } from '../../src/connector-kit/errors.ts';
import { Api } from './api.ts';
import { check } from './check.ts';
import { config, systemOf } from './config.ts';
import type { Config } from './config.ts';
import { planAgents } from './plan.ts';
import { lookUpAgent, readAgents, readOneAgent } from './read.ts';
import { agentKey } from './schema.ts';

/** Agents and supervisors of Cisco Unified and Packaged Contact Center Enterprise, by the Unified Config interface. */
export const connector: Connector<Config> = {
  kind: 'cisco-ucce',
  as: 'acd',
  // Links are never given away again; agent ids are, and so they are only what a person knows an agent by.
  capabilities: {
    delta: false,
    tombstones: false,
    reusableIds: false,
    teams: true,
    supervision: true,
    ownsSupervision: true,
  },
  configSchema: config,
  defaultMatch: [['employeeId'], ['email']],
  open: openSession,
  check,
};

/** Sends nothing yet. */
async function openSession(settings: Config, kit: Kit): Promise<Session> {
  const source = { api: await Api.open(settings), plan: planAgents(kit.mapping), settings };
  return {
    systemId: systemOf(settings),
    readAll: (signal) => readAgents(source, signal),
    readOne: (externalId, signal) => {
      const id = agentKey.safeParse(externalId);
      if (id.success) return readOneAgent(source, id.data, signal);
      return Promise.resolve({ unsupported: 'its id is no id of an agent' });
    },
    lookup: (externalId, signal) => {
      const id = agentKey.safeParse(externalId);
      if (id.success) return lookUpAgent(source, id.data, signal);
      return Promise.reject(new SourceError('fatal', 'protocol', 'the external id is no id of an agent'));
    },
    close: () => Promise.resolve(),
  };
}
