import type { Connector, Kit, Session } from '../../src/connector-kit/contract.ts';
import { SourceError } from '../../src/connector-kit/errors.ts';
import { check } from './check.ts';
import { clusterOf, config } from './config.ts';
import type { Config } from './config.ts';
import { openNodes } from './nodes.ts';
import { planResources } from './plan.ts';
import { lookUpResource, readOneResource, readResources } from './read.ts';
import { userId } from './schema.ts';

/** Agents and supervisors of Cisco Unified Contact Center Express, by its administration interface. */
export const connector: Connector<Config> = {
  kind: 'cisco-uccx',
  as: 'acd',
  capabilities: {
    delta: false,
    tombstones: false,
    reusableIds: true,
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
  const source = {
    nodes: await openNodes(settings),
    plan: planResources(kit.mapping),
    username: settings.connection.username,
  };
  return {
    systemId: clusterOf(settings),
    readAll: (signal) => readResources(source, signal),
    readOne: (externalId, signal) => {
      const id = userId.safeParse(externalId);
      if (id.success) return readOneResource(source, id.data, signal);
      return Promise.resolve({ unsupported: 'its id is no user id of Unified CCX' });
    },
    lookup: (externalId, signal) => {
      const id = userId.safeParse(externalId);
      if (id.success) return lookUpResource(source, id.data, signal);
      return Promise.reject(new SourceError('fatal', 'protocol', 'the external id is no user id of Unified CCX'));
    },
    close: () => Promise.resolve(),
  };
}
