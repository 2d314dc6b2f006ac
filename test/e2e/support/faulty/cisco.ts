import { startUcce } from '../../../support/simulators/cisco/ucce.ts';
import { startUccx } from '../../../support/simulators/cisco/uccx.ts';
import type { RestServer } from '../../../support/simulators/rest/server.ts';
import type { RunningSubject, Subject } from './subject.ts';

const TIMEOUT_MS = 1_500;

const oneList = 'the interface has no pages';

/** One list without pages, checked against the teams and a second list. */
export const ciscoUccx: Subject = {
  kind: 'cisco-uccx',
  list: { operation: 'list resource' },
  otherwise: {
    'repeated page': oneList,
    'shifted page': oneList,
    'wrong total': 'the interface announces no total',
    half: { exit: 1, code: 'incomplete-read', says: /members who are not in the list/ },
  },
  start: async () => {
    const uccx = await startUccx();
    for (const [id, name] of [
      ['6', 'North'],
      ['7', 'South'],
    ] as const)
      uccx.system.teams.set(id, { name });
    return running(uccx, {
      source: { connection: { url: uccx.origin, username: uccx.username } },
      password: uccx.password,
      add: (index) => {
        const team = index % 2 === 0 ? '6' : '7';
        uccx.system.resources.set(`agent${index}`, { firstName: 'Eva', lastName: `Nováková ${index}`, team });
      },
      remove: (index) => void uccx.system.resources.delete(`agent${index}`),
    });
  },
};

/** Pages of 10, with one object of overlap. The list is asked once before it is read, for the rights. */
export const ciscoUcce: Subject = {
  kind: 'cisco-ucce',
  list: { operation: 'list agent', after: 1 },
  secondPage: { operation: 'list agent', after: 2 },
  otherwise: {
    // A page that is short in the middle is seen by its successor, which does not begin where it ended.
    half: { exit: 1, code: 'incomplete-read', says: /announced|shifted/ },
    'error inside 200': { exit: 1, code: 'protocol', says: /internal error/ },
  },
  start: async () => {
    const ucce = await startUcce();
    ucce.system.teams.set('5001', { name: 'North' });
    return running(ucce, {
      source: { connection: { url: ucce.origin, username: ucce.username }, pageSize: 10 },
      password: ucce.password,
      add: (index) => {
        ucce.system.agents.set(String(5000 + index), {
          agentId: String(1000 + index),
          firstName: 'Eva',
          lastName: `Nováková ${index}`,
          userName: `agent${index}@corp.example`,
          team: '5001',
        });
      },
      remove: (index) => void ucce.system.agents.delete(String(5000 + index)),
    });
  },
};

type Own = Pick<RunningSubject, 'password' | 'add' | 'remove'> & {
  readonly source: { readonly connection: object; readonly pageSize?: number };
};

function running(server: RestServer, { source, ...own }: Own): RunningSubject {
  return {
    ...own,
    source: (file) => ({
      ...source,
      connection: {
        ...source.connection,
        password: { file },
        tls: { caFile: server.caFile },
        timeoutMs: TIMEOUT_MS,
      },
    }),
    fault: (fault, scope) => server.faults.on(fault, scope),
    useCertificate: server.useCertificate,
    off: () => server.faults.off(),
    forbidden: () => server.counters().writes + server.counters().elsewhere,
    close: server.close,
  };
}
