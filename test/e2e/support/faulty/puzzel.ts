import { startPuzzel } from '../../../support/simulators/puzzel/puzzel.ts';
import type { Subject } from './subject.ts';

const oneList = 'the interface has no pages';

/** One list without pages, checked against a second one and the list of states. */
export const puzzel: Subject = {
  kind: 'puzzel',
  list: { operation: 'list users' },
  otherwise: {
    '401': { exit: 4, code: 'login-refused', says: /connection\.clientSecret/ },
    'repeated page': oneList,
    'shifted page': oneList,
    'wrong total': 'the interface announces no total',
    half: { exit: 1, code: 'incomplete-read', says: /not in the list of users.*resource filter/ },
  },
  start: async () => {
    const server = await startPuzzel();
    server.system.groups.set(6, 'North').set(7, 'South');
    const { customerKey, userId, clientId, origin, caFile } = server;
    return {
      source: (file) => ({
        connection: {
          ...{ url: origin, customerKey, userId, clientId, clientSecret: { file } },
          ...{ tls: { caFile }, timeoutMs: 1_500 },
        },
      }),
      password: server.clientSecret,
      add: (index) => {
        const group = index % 2 === 0 ? 6 : 7;
        const name = { firstName: 'Eva', lastName: `Nováková ${index}`, userName: `agent${index}` };
        server.system.users.set(5000 + index, { ...name, group, eMail: `agent${index}@corp.example` });
      },
      remove: (index) => void server.system.users.delete(5000 + index),
      fault: (fault, scope) => server.faults.on(fault, scope),
      useCertificate: server.useCertificate,
      off: () => server.faults.off(),
      forbidden: () => server.counters().writes + server.counters().elsewhere,
      close: server.close,
    };
  },
};
