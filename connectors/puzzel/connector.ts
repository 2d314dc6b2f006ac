import type { Connector, Kit, Session } from '../../src/connector-kit/contract.ts';
import { SourceError } from '../../src/connector-kit/errors.ts';
import { Api } from './api.ts';
import { check } from './check.ts';
import { config, systemOf } from './config.ts';
import type { Config } from './config.ts';
import { planUsers } from './plan.ts';
import { lookUpUser, readUsers } from './read.ts';
import { idOf } from './schema.ts';

/** Users of Puzzel Contact Centre, by its administration interface. */
export const connector: Connector<Config> = {
  kind: 'puzzel',
  as: 'acd',
  capabilities: {
    delta: false,
    tombstones: false,
    reusableIds: false,
    teams: true,
    supervision: false,
    ownsSupervision: false,
  },
  configSchema: config,
  defaultMatch: [['employeeId'], ['email']],
  open: openSession,
  check,
};

/** Sends nothing yet. */
async function openSession(settings: Config, kit: Kit): Promise<Session> {
  const source = { api: await Api.open(settings), plan: planUsers(kit.mapping), settings };
  return {
    systemId: systemOf(settings),
    readAll: (signal) => readUsers(source, signal),
    lookup: (externalId, signal) => {
      const id = idOf(externalId);
      if (id !== undefined) return lookUpUser(source, id, signal);
      return Promise.reject(new SourceError('fatal', 'protocol', 'the external id is no user id of Puzzel'));
    },
    close: () => Promise.resolve(),
  };
}
