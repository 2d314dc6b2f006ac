import { startGenesysCloud } from '../../../support/simulators/genesys/cloud.ts';
import type { Subject } from './subject.ts';

/** Longer than a busy machine needs for one of the many answers. */
const TIMEOUT_MS = 5_000;

function idOf(index: number): string {
  return `6f1c-${index}`;
}

/** Pages of 10 behind a cursor, and a second list that says how many there are. */
export const genesysCloud: Subject = {
  kind: 'genesys-cloud',
  list: { operation: 'list users' },
  secondPage: { operation: 'list users', after: 1 },
  otherwise: {
    '401': { exit: 4, code: 'login-refused', says: /clientSecret/ },
    'error inside 200': { exit: 1, code: 'protocol', says: /internal error/ },
  },
  start: async () => {
    const cloud = await startGenesysCloud();
    const { organisation } = cloud;
    return {
      source: (file) => ({
        connection: {
          ...{ url: cloud.origin, clientId: organisation.clientId, clientSecret: { file } },
          ...{ tls: { caFile: cloud.caFile }, timeoutMs: TIMEOUT_MS },
        },
        pageSize: 10,
      }),
      password: organisation.clientSecret,
      add: (index) => {
        const username = `agent${index}@corp.example`;
        organisation.users.set(idOf(index), { name: `Eva Nováková ${index}`, username });
      },
      // The vendor keeps whom somebody deletes, in the state `deleted`.
      remove: (index) => {
        const user = organisation.users.get(idOf(index));
        if (user !== undefined) organisation.users.set(idOf(index), { ...user, state: 'deleted' });
      },
      fault: (fault, scope) => cloud.faults.on(fault, scope),
      useCertificate: cloud.useCertificate,
      off: () => cloud.faults.off(),
      forbidden: () => cloud.counters().writes + cloud.counters().elsewhere,
      close: cloud.close,
    };
  },
};
