import { basicCredentials } from '../rest/basic.ts';
import type { RestFault } from '../rest/faults.ts';
import { startRestServer } from '../rest/server.ts';
import type { RestAnswer, RestRequest, RestServer } from '../rest/server.ts';
import { writeJson, writeXml } from './document.ts';
import type { Part } from './document.ts';

/** An agent or supervisor, as one administers it. */
type UccxResource = {
  readonly firstName?: string;
  readonly lastName: string;
  readonly extension?: string;
  readonly alias?: string;
  /** Team id. */
  readonly team?: string;
  readonly supervisor?: boolean;
  /** Skill id → competence level. */
  readonly skills?: Readonly<Record<string, number>>;
};

/** A team; supervisors are user ids. */
type UccxTeam = { readonly name: string; readonly primary?: string; readonly secondary?: readonly string[] };

/** Who may ask. A supervisor sees the agents of his teams; `no-capability` is refused with 403. */
type UccxAccount = {
  readonly password: string;
  readonly role: 'administrator' | 'supervisor' | 'no-capability';
};

/** What is administered; change it at any time. */
type UccxSystem = {
  readonly resources: Map<string, UccxResource>;
  readonly teams: Map<string, UccxTeam>;
  readonly skills: Map<string, string>;
  readonly accounts: Map<string, UccxAccount>;
};

export type UccxOptions = {
  /** Another node of the same cluster. */
  readonly system?: UccxSystem;
  /** The list of teams without its members, as some releases have it. */
  readonly teamsWithoutMembers?: boolean;
  /** The list of teams has only those of the supervisor who asks. */
  readonly teamsFiltered?: boolean;
  /** JSON has an object where a list has one item. */
  readonly singles?: boolean;
  readonly onCall?: (line: string) => void;
};

/** A running Unified CCX. */
export type Uccx = RestServer & { readonly system: UccxSystem; readonly username: string; readonly password: string };

const USERNAME = 'rosterd';
const PASSWORD = 'uccx-Pässword-1';
const LISTS = new Set([
  'resource',
  'team',
  'skill',
  'skillCompetency',
  'supervisorOfTeamName',
  'secondrySupervisor',
  'apiError',
]);

/** Starts the administration interface on a free port of 127.0.0.1 with the team Default and nobody in it. */
export async function startUccx(options: UccxOptions = {}): Promise<Uccx> {
  const system = options.system ?? {
    resources: new Map(),
    teams: new Map([['1', { name: 'Default' }]]),
    skills: new Map(),
    accounts: new Map([[USERNAME, { password: PASSWORD, role: 'administrator' }]]),
  };
  const server = await startRestServer(
    {
      operationOf: ({ path }) => (path.length > 2 ? `get ${path[1] ?? ''}` : `list ${path[1] ?? ''}`),
      answer: (request, fault) => new Answering(system, options, request).answer(fault),
    },
    options.onCall,
  );
  return { ...server, system, username: USERNAME, password: PASSWORD };
}

/** One request and its answer. */
class Answering {
  readonly #system: UccxSystem;
  readonly #options: UccxOptions;
  readonly #request: RestRequest;
  readonly #base: string;

  constructor(system: UccxSystem, options: UccxOptions, request: RestRequest) {
    this.#system = system;
    this.#options = options;
    this.#request = request;
    this.#base = `https://${request.headers.host ?? 'localhost'}/adminapi`;
  }

  answer(fault: RestFault | undefined): RestAnswer {
    const { path, method, headers } = this.#request;
    const given = basicCredentials(headers.authorization);
    const account = this.#system.accounts.get(given?.username ?? '');
    if (given === undefined || account?.password !== given.password)
      return { status: 401, headers: { 'www-authenticate': 'Basic realm="Cisco Unified CCX"' }, body: '' };
    if (account.role === 'no-capability') return this.#write(403, error('Forbidden', 'the user may not do that'));
    if (method !== 'GET') return this.#write(405, error('MethodNotAllowed', 'only GET here'));
    if (fault?.kind === 'error-inside') return this.#write(200, error('ServerError', 'internal error'));
    const [root, kind = '', id] = path;
    if (root !== 'adminapi' || path.length > 3) return this.#write(404, error('NotFound', 'no such object'));
    const supervised = account.role === 'supervisor' ? this.#supervisedBy(given.username) : undefined;
    if (id !== undefined) return this.#one(kind, id, supervised);
    const list = this.#list(kind, supervised);
    if (list === undefined) return this.#write(404, error('NotFound', 'no such object'));
    const count = fault?.kind === 'empty-list' ? 0 : fault?.kind === 'half-list' ? list.length >> 1 : list.length;
    return this.#write(200, [`${kind}s`, list.slice(0, count)]);
  }

  #one(kind: string, id: string, supervised: ReadonlySet<string> | undefined): RestAnswer {
    const resource = kind === 'resource' ? this.#system.resources.get(id) : undefined;
    if (resource === undefined || (supervised !== undefined && !supervised.has(resource.team ?? '1')))
      return this.#write(404, error('NotFound', `${id} is not there`));
    return this.#write(200, this.#resource(id, resource));
  }

  #list(kind: string, supervised: ReadonlySet<string> | undefined): Part[] | undefined {
    const { resources, teams, skills } = this.#system;
    if (kind === 'resource')
      return [...resources]
        .filter(([, { team = '1' }]) => supervised?.has(team) ?? true)
        .map(([id, resource]) => this.#resource(id, resource));
    if (kind === 'team')
      return [...teams]
        .filter(([id]) => this.#options.teamsFiltered !== true || (supervised?.has(id) ?? true))
        .map(([id, team]) => this.#team(id, team));
    if (kind === 'skill')
      return [...skills].map(([id, name]) => [
        'skill',
        [
          ['self', this.#link('skill', id)],
          ['skillId', id],
          ['skillName', name],
        ],
      ]);
    return undefined;
  }

  #supervisedBy(username: string): ReadonlySet<string> {
    return new Set([...this.#teamsOf(username, 'primary'), ...this.#teamsOf(username, 'secondary')]);
  }

  #teamsOf(username: string, how: 'primary' | 'secondary'): string[] {
    const supervises = ({ primary, secondary = [] }: UccxTeam): boolean =>
      how === 'primary' ? primary === username : secondary.includes(username);
    return [...this.#system.teams].filter(([, team]) => supervises(team)).map(([id]) => id);
  }

  #resource(id: string, resource: UccxResource): Part {
    const {
      firstName = '',
      lastName,
      extension = '',
      alias = '',
      team = '1',
      supervisor = false,
      skills = {},
    } = resource;
    const competencies = Object.entries(skills).map(([skill, level]): Part => [
      'skillCompetency',
      [
        ['competencelevel', level],
        this.#reference('skillNameUriPair', 'skill', skill, this.#system.skills.get(skill) ?? ''),
      ],
    ]);
    const supervised = (how: 'primary' | 'secondary'): Part[] =>
      this.#teamsOf(id, how).map((each) => this.#teamReference('supervisorOfTeamName', each));
    return [
      'resource',
      [
        ['self', this.#link('resource', id)],
        ['userID', id],
        ['firstName', firstName],
        ['lastName', lastName],
        ['extension', extension],
        ['alias', alias],
        ['skillMap', competencies],
        ['autoAvailable', true],
        ['type', supervisor ? 2 : 1],
        this.#teamReference('team', team),
        ['primarySupervisorOf', supervised('primary')],
        ['secondarySupervisorOf', supervised('secondary')],
      ],
    ];
  }

  #team(id: string, { name, primary, secondary = [] }: UccxTeam): Part {
    const person = (element: string, userId: string): Part => {
      const resource = this.#system.resources.get(userId);
      return this.#reference(
        element,
        'resource',
        userId,
        `${resource?.firstName ?? ''} ${resource?.lastName ?? userId}`,
      );
    };
    const members = [...this.#system.resources].filter(([, { team = '1' }]) => team === id);
    return [
      'team',
      [
        ['self', this.#link('team', id)],
        ['teamId', Number(id)],
        ['teamname', name],
        ...(primary === undefined ? [] : [person('primarySupervisor', primary)]),
        // The misspelt element is the real one.
        ['secondarySupervisors', secondary.map((each) => person('secondrySupervisor', each))],
        ...(this.#options.teamsWithoutMembers === true
          ? []
          : [['resources', members.map(([each]) => person('resource', each))] satisfies Part]),
        ['csqs', []],
      ],
    ];
  }

  #teamReference(element: string, id: string): Part {
    return this.#reference(element, 'team', id, this.#system.teams.get(id)?.name ?? '');
  }

  #reference(element: string, kind: string, id: string, name: string): Part {
    return [element, [['refURL', this.#link(kind, id)]], { name }];
  }

  #link(kind: string, id: string): string {
    return `${this.#base}/${kind}/${encodeURIComponent(id)}`;
  }

  #write(status: number, part: Part): RestAnswer {
    const json = this.#request.headers.accept?.includes('json') === true;
    return {
      status,
      headers: { 'content-type': json ? 'application/json' : 'application/xml' },
      body: json ? writeJson(part, LISTS, this.#options.singles) : writeXml(part),
      recordEnd: json ? '}},' : `</${this.#request.path[1] ?? ''}>`,
    };
  }
}

function error(type: string, message: string): Part {
  return [
    'apiErrors',
    [
      [
        'apiError',
        [
          ['errorType', type],
          ['errorMessage', message],
          ['errorData', type],
        ],
      ],
    ],
  ];
}
