import { basicCredentials } from '../rest/basic.ts';
import type { RestFault } from '../rest/faults.ts';
import { startRestServer } from '../rest/server.ts';
import type { RestAnswer, RestRequest, RestServer } from '../rest/server.ts';
import { writeXml } from './document.ts';
import type { Part } from './document.ts';

/** An agent, as one administers it. */
type UcceAgent = {
  readonly agentId: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly userName: string;
  readonly emailAddress?: string;
  readonly loginEnabled?: boolean;
  readonly supervisor?: boolean;
  /** Team id. */
  readonly team?: string;
  readonly skills?: readonly string[];
};

/** A team; supervisors are ids of agents (the ends of their links). */
type UcceTeam = { readonly name: string; readonly supervisors?: readonly string[] };

/** Who may ask. Supervisors see their own agents; agents may not ask at all. */
type UcceAccount = {
  readonly password: string;
  readonly role: 'Administrator' | 'Supervisor' | 'Agent';
  /** Teams of a supervisor. */
  readonly teams?: readonly string[];
};

/** What is administered; change it at any time. */
type UcceSystem = {
  /** By the end of the link (SkillTargetID). */
  readonly agents: Map<string, UcceAgent>;
  readonly teams: Map<string, UcceTeam>;
  readonly accounts: Map<string, UcceAccount>;
};

export type UcceOptions = {
  /** Agent teams are refused to everybody. */
  readonly teamsRefused?: boolean;
  /** What becomes of `ignoreRole=true`; default: a supervisor sees all agents. */
  readonly ignoreRole?: 'heeded' | 'ignored' | 'refused';
  /** A sort that the interface does not know is an error. */
  readonly sortRefused?: boolean;
  /** Links are absolute, of another host; default: as the manual's sample has them. */
  readonly links?: 'absolute' | 'relative';
  /** Called behind every page of agents: something happens while somebody reads. */
  readonly onPage?: (system: UcceSystem) => void;
  readonly onCall?: (line: string) => void;
};

/** A running Unified CCE. */
export type Ucce = RestServer & { readonly system: UcceSystem; readonly username: string; readonly password: string };

const USERNAME = 'rosterd@corp.example';
const PASSWORD = 'ucce-Pässword-1';
const BASE = '/unifiedconfig/config';

/** Starts the interface on a free port of 127.0.0.1, with nobody in it. */
export async function startUcce(options: UcceOptions = {}): Promise<Ucce> {
  const system: UcceSystem = {
    agents: new Map(),
    teams: new Map(),
    accounts: new Map([[USERNAME, { password: PASSWORD, role: 'Administrator' }]]),
  };
  const server = await startRestServer(
    {
      operationOf: ({ path }) => `${path.length > 3 ? 'get' : 'list'} ${path[2] ?? ''}`,
      answer: (request, fault) => {
        const answer = new Answering(system, options, request).answer(fault);
        if (request.path[2] === 'agent' && request.path.length === 3) options.onPage?.(system);
        return answer;
      },
    },
    options.onCall,
  );
  return { ...server, system, username: USERNAME, password: PASSWORD };
}

/** One request and its answer. */
class Answering {
  readonly #system: UcceSystem;
  readonly #options: UcceOptions;
  readonly #request: RestRequest;

  constructor(system: UcceSystem, options: UcceOptions, request: RestRequest) {
    this.#system = system;
    this.#options = options;
    this.#request = request;
  }

  answer(fault: RestFault | undefined): RestAnswer {
    const { path, method, headers } = this.#request;
    const given = basicCredentials(headers.authorization);
    const account = this.#system.accounts.get(given?.username ?? '');
    if (given === undefined || account?.password !== given.password)
      return { status: 401, headers: { 'www-authenticate': 'Basic realm="Unified CCE"' }, body: '' };
    if (account.role === 'Agent') return refusal(403, 'accessDenied', 'agents have no access');
    if (method !== 'GET') return refusal(405, 'notAllowed', 'only GET here');
    if (fault?.kind === 'error-inside') return refusal(200, 'operation.resourceErrors', 'internal error');
    const [first, second, kind = '', id] = path;
    if (`/${first ?? ''}/${second ?? ''}` !== BASE) return refusal(404, 'notFound', 'no such resource');
    if (kind === 'agent') return id === undefined ? this.#agents(account, fault) : this.#agent(id);
    if (kind !== 'agentteam' || id !== undefined) return refusal(404, 'notFound', 'no such resource');
    if (this.#options.teamsRefused === true) return refusal(403, 'accessDenied', 'restricted in this role');
    return this.#list(
      'agentTeams',
      [...this.#system.teams].map(([each, team]) => this.#team(each, team)),
      account,
      fault,
    );
  }

  #agents(account: UcceAccount, fault: RestFault | undefined): RestAnswer {
    const ignoreRole = this.#parameter('ignoreRole') === 'true' && account.role === 'Supervisor';
    if (ignoreRole && this.#options.ignoreRole === 'refused') return refusal(400, 'invalidInput', 'ignoreRole');
    const everybody = account.role === 'Administrator' || (ignoreRole && this.#options.ignoreRole !== 'ignored');
    const sort = this.#parameter('sort');
    if (sort !== undefined && this.#options.sortRefused === true) return refusal(400, 'invalidInput', 'sort');
    const agents = [...this.#system.agents].filter(
      ([, { team }]) => everybody || (account.teams ?? []).includes(team ?? ''),
    );
    if (sort?.toLowerCase().startsWith('agentid') === true)
      agents.sort(([, a], [, b]) => (a.agentId < b.agentId ? -1 : 1));
    return this.#list(
      'agents',
      agents.map(([id, agent]) => this.#written(id, agent)),
      account,
      fault,
    );
  }

  #agent(id: string): RestAnswer {
    const agent = this.#system.agents.get(id);
    if (agent === undefined) return refusal(404, 'notFound.dbData', `${id} is not there`);
    return document(200, this.#written(id, agent), '');
  }

  /** A page. A start index behind the end gives the last page again. */
  #list(collection: string, items: readonly Part[], account: UcceAccount, fault: RestFault | undefined): RestAnswer {
    const asked = Number(this.#parameter('startIndex') ?? 0);
    const size = Math.min(100, Math.max(1, Number(this.#parameter('resultsPerPage') ?? 25)));
    const all = fault?.kind === 'empty-list' ? [] : items;
    const wanted = fault?.kind === 'repeated-page' ? 0 : asked;
    const start = wanted < all.length ? wanted : Math.max(0, all.length - size);
    const from = fault?.kind === 'shifted-page' ? start + 1 : start;
    const whole = all.slice(from, from + size);
    const page = fault?.kind === 'half-list' ? whole.slice(0, whole.length >> 1) : whole;
    const total = fault?.kind === 'wrong-total' ? all.length + 3 : all.length;
    const link = (index: number): string =>
      this.#link(`${this.#request.path[2] ?? ''}?resultsPerPage=${size}&startIndex=${index}`);
    const last = start + size >= all.length;
    const info: Part[] = [
      ['resultsPerPage', size],
      ['startIndex', fault?.kind === 'repeated-page' ? asked : start],
      ['totalResults', total],
      ['firstPage', link(0)],
      ...(start > 0 ? [['prevPage', link(Math.max(0, start - size))] satisfies Part] : []),
      ...(last ? [] : [['nextPage', link(start + size)] satisfies Part]),
      ['lastPage', link(Math.max(0, all.length - size))],
    ];
    const may = account.role === 'Administrator';
    const permissions: Part[] = [
      ['canCreate', may],
      ['canUpdate', may],
      ['canDelete', may],
      ['role', account.role],
    ];
    return document(
      200,
      [
        'results',
        [
          ['pageInfo', info],
          ['permissionInfo', permissions],
          [collection, page],
        ],
      ],
      `</${collection.slice(0, -1)}>`,
    );
  }

  #written(id: string, agent: UcceAgent): Part {
    const { agentId, firstName, lastName, userName, emailAddress, loginEnabled = true, supervisor = false } = agent;
    const { team, skills = [] } = agent;
    const supervised = [...this.#system.teams].filter(([, { supervisors = [] }]) => supervisors.includes(id));
    const person: Part[] = [
      ['firstName', firstName],
      ['lastName', lastName],
      ['userName', userName],
      ['loginEnabled', loginEnabled],
      ...(emailAddress === undefined ? [] : [['emailAddress', emailAddress] satisfies Part]),
    ];
    return [
      'agent',
      [
        ['refURL', this.#link(`agent/${id}`)],
        ['changeStamp', 1],
        ['agentId', agentId],
        ...(team === undefined ? [] : [this.#teamReference('agentTeam', team)]),
        ['person', person],
        ['supervisor', supervisor],
        ...(supervisor
          ? [
              [
                'supervisorTeams',
                supervised.map(([each]) => this.#teamReference('supervisorTeam', each)),
              ] satisfies Part,
            ]
          : []),
        [
          'skillGroups',
          skills.map((name, index): Part => [
            'skillGroup',
            [
              ['refURL', this.#link(`skillgroup/${5100 + index}`)],
              ['name', name],
            ],
          ]),
        ],
      ],
    ];
  }

  #team(id: string, { name, supervisors = [] }: UcceTeam): Part {
    const person = (element: string, each: string): Part => {
      const agent = this.#system.agents.get(each);
      return [
        element,
        [
          ['refURL', this.#link(`agent/${each}`)],
          ['userName', agent?.userName ?? ''],
          ['agentId', agent?.agentId ?? ''],
        ],
      ];
    };
    const members = [...this.#system.agents].filter(([, { team }]) => team === id).map(([each]) => each);
    return [
      'agentTeam',
      [
        ['refURL', this.#link(`agentteam/${id}`)],
        ['changeStamp', 0],
        ['name', name],
        ['agentCount', members.length],
        ['agents', members.map((each) => person('agent', each))],
        ['supervisorCount', supervisors.length],
        ['supervisors', supervisors.map((each) => person('supervisor', each))],
      ],
    ];
  }

  #teamReference(element: string, id: string): Part {
    return [
      element,
      [
        ['refURL', this.#link(`agentteam/${id}`)],
        ['name', this.#system.teams.get(id)?.name ?? ''],
      ],
    ];
  }

  /** Absolute links name another scheme and host, as the manual's own samples do. */
  #link(rest: string): string {
    return `${this.#options.links === 'absolute' ? 'http://aw.inside.example' : ''}${BASE}/${rest}`;
  }

  /** Without case: the manual itself mixes `startindex` and `startIndex`. */
  #parameter(name: string): string | undefined {
    return [...this.#request.query].find(([each]) => each.toLowerCase() === name.toLowerCase())?.[1];
  }
}

function document(status: number, part: Part, recordEnd: string): RestAnswer {
  return { status, headers: { 'content-type': 'application/xml' }, body: writeXml(part), recordEnd };
}

function refusal(status: number, type: string, message: string): RestAnswer {
  const part: Part = [
    'apiErrors',
    [
      [
        'apiError',
        [
          ['errorType', type],
          ['errorData', 'agent'],
          ['errorMessage', message],
        ],
      ],
    ],
  ];
  return document(status, part, '');
}
