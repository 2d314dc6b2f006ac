import type { Connector, Kit, Session } from '../../src/connector-kit/contract.ts';
import { SourceError } from '../../src/connector-kit/errors.ts';
import { Api } from './api.ts';
import { check } from './check.ts';
import { config, systemOf } from './config.ts';
import type { Config } from './config.ts';
import { planUsers } from './plan.ts';
import { lookUpUser, readOneUser, readUsers } from './read.ts';
import { userKey } from './schema.ts';

/** Users and teams of Genesys Cloud, by its platform API. */
export const connector: Connector<Config> = {
  kind: 'genesys-cloud',
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
  const source = { api: await Api.open(settings, kit.log), plan: planUsers(kit.mapping), settings };
  return {
    systemId: systemOf(settings),
    readAll: (signal) => readUsers(source, signal),
    readOne: (externalId, signal) => {
      const id = userKey.safeParse(externalId);
      if (id.success) return readOneUser(source, id.data, signal);
      return Promise.resolve({ unsupported: 'its id is no id of a user' });
    },
    lookup: (externalId, signal) => {
      const id = userKey.safeParse(externalId);
      if (id.success) return lookUpUser(source, id.data, signal);
      return Promise.reject(new SourceError('fatal', 'protocol', 'the external id is no id of a user'));
    },
    close: () => Promise.resolve(),
  };
}
