import { basicCredentials } from '../rest/basic.ts';
import type { RestFault } from '../rest/faults.ts';
import { startRestServer } from '../rest/server.ts';
import type { RestAnswer, RestRequest, RestServer } from '../rest/server.ts';

/** A user, as one administers it. */
type CloudUser = {
  readonly name: string;
  readonly username: string;
  readonly email?: string;
  readonly state?: 'active' | 'inactive' | 'deleted';
  readonly department?: string;
  readonly title?: string;
  readonly employeeId?: string;
  /** Team id. */
  readonly team?: string;
  /** Name → proficiency. */
  readonly skills?: Readonly<Record<string, number>>;
  readonly roles?: readonly string[];
  readonly division?: string;
};

/** What is administered, and what the OAuth client may do; change it at any time. */
type CloudOrganisation = {
  readonly users: Map<string, CloudUser>;
  /** Id → name. */
  readonly teams: Map<string, string>;
  clientId: string;
  clientSecret: string;
  permissions: Set<string>;
  /** The divisions that the client's role is for. */
  divisions: 'all' | readonly string[];
  /** Requests with one token until it expires, and the seconds that it says to live. */
  tokenRequests: number;
  tokenSeconds: number;
  /** Expansions that do not come, which the vendor reserves for itself. */
  missingExpansions: Set<string>;
  /** Requests in a window; all of a token's requests count, refused ones too. */
  limit: { readonly allowed: number; readonly windowSeconds: number };
  /** Refuses although the count is below what is allowed. */
  refuseNext: number;
};

export type CloudOptions = {
  /** Called behind every page of users. */
  readonly onPage?: (organisation: CloudOrganisation) => void;
  readonly onCall?: (line: string) => void;
};

/** A running organisation of Genesys Cloud, API and log-in at one origin. */
export type GenesysCloud = RestServer & { readonly organisation: CloudOrganisation };

const HOME = { id: 'd0000000-0000-4000-8000-000000000000', name: 'Home' };
/** The plain list shows no further. */
const PLAIN_WINDOW = 10_000;

/** Starts it on a free port of 127.0.0.1, with nobody in it. */
export async function startGenesysCloud(options: CloudOptions = {}): Promise<GenesysCloud> {
  const organisation: CloudOrganisation = {
    users: new Map(),
    teams: new Map(),
    clientId: 'c1d2e3f4-rosterd',
    clientSecret: 'genesys-Sécret-1',
    permissions: new Set(['directory:user:view', 'groups:team:view']),
    divisions: 'all',
    tokenRequests: Number.POSITIVE_INFINITY,
    tokenSeconds: 86_400,
    missingExpansions: new Set(),
    limit: { allowed: 300, windowSeconds: 60 },
    refuseNext: 0,
  };
  const cloud = new Cloud(organisation);
  const server = await startRestServer(
    {
      operationOf,
      answer: (request, fault) => {
        const answer = cloud.answer(request, fault);
        if (operationOf(request) === 'list users') options.onPage?.(organisation);
        return answer;
      },
    },
    options.onCall,
  );
  return { ...server, organisation };
}

function operationOf({ path }: RestRequest): string {
  const [first, , kind, id, part] = path;
  if (first === 'oauth') return 'token';
  if (kind === 'users') return id === undefined ? 'count users' : id === 'query' ? 'list users' : 'get user';
  return part === 'members' ? 'list members' : `list ${kind ?? ''}`;
}

type IssuedToken = { readonly expiresAt: number; requests: number; windowEnds: number; inWindow: number };

/** Answers requests, and remembers tokens and how often they were used. */
class Cloud {
  readonly #organisation: CloudOrganisation;
  readonly #tokens = new Map<string, IssuedToken>();

  constructor(organisation: CloudOrganisation) {
    this.#organisation = organisation;
  }

  answer(request: RestRequest, fault: RestFault | undefined): RestAnswer {
    if (operationOf(request) === 'token') return this.#token(request);
    const token = this.#tokens.get(/^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '');
    if (token === undefined) return refusal(401, 'bad.credentials', 'Invalid login credentials.');
    const { limit, tokenRequests } = this.#organisation;
    token.requests += 1;
    if (token.requests > tokenRequests || Date.now() > token.expiresAt)
      return refusal(401, 'bad.credentials', 'Invalid login credentials.');
    if (Date.now() >= token.windowEnds) {
      token.windowEnds = Date.now() + limit.windowSeconds * 1000;
      token.inWindow = 0;
    }
    token.inWindow += 1;
    const reset = String(Math.max(1, Math.ceil((token.windowEnds - Date.now()) / 1000)));
    const headers = {
      'inin-ratelimit-count': String(token.inWindow),
      'inin-ratelimit-allowed': String(limit.allowed),
      'inin-ratelimit-reset': reset,
      'inin-correlation-id': 'a1b2c3d4-corr',
    };
    const answer = this.#limited(token) ? this.#tooMany(reset) : this.#answer(request, fault);
    return { ...answer, headers: { ...answer.headers, ...headers } };
  }

  #limited({ inWindow }: IssuedToken): boolean {
    const { limit, refuseNext } = this.#organisation;
    if (refuseNext > 0) this.#organisation.refuseNext -= 1;
    return refuseNext > 0 || inWindow > limit.allowed;
  }

  #tooMany(reset: string): RestAnswer {
    const { allowed } = this.#organisation.limit;
    const message = `Rate limit exceeded the maximum [${allowed}] requests within [60] seconds`;
    const { headers, ...rest } = refusal(429, 'too.many.requests', message);
    return { ...rest, headers: { ...headers, 'retry-after': reset } };
  }

  #token({ method, headers, body }: RestRequest): RestAnswer {
    const { clientId, clientSecret, tokenSeconds } = this.#organisation;
    const given = basicCredentials(headers.authorization);
    const grant = new URLSearchParams(body).get('grant_type');
    if (method !== 'POST' || grant !== 'client_credentials')
      return json(400, {
        error: 'unsupported_grant_type',
        description: 'only client_credentials',
        error_description: '',
      });
    if (given?.username !== clientId || given.password !== clientSecret)
      return json(401, { error: 'invalid_client', description: 'authentication failed', error_description: '' });
    const text = `tok-${this.#tokens.size}-${'x'.repeat(40)}`;
    this.#tokens.set(text, { expiresAt: Date.now() + tokenSeconds * 1000, requests: 0, windowEnds: 0, inWindow: 0 });
    return json(200, { access_token: text, token_type: 'bearer', expires_in: tokenSeconds });
  }

  #answer(request: RestRequest, fault: RestFault | undefined): RestAnswer {
    if (request.method !== 'GET' || request.path[0] !== 'api' || request.path[1] !== 'v2')
      return refusal(404, 'not.found', 'The requested resource was not found.');
    if (fault?.kind === 'error-inside') return refusal(200, 'internal.server.error', 'internal error');
    const [, , , id = ''] = request.path;
    switch (operationOf(request)) {
      case 'count users':
        return this.#plainList(request);
      case 'list users':
        return this.#needs('directory:user:view', true) ?? this.#cursorList(request, fault);
      case 'get user':
        return this.#oneUser(id, request);
      case 'list teams':
        return this.#needs('groups:team:view', false) ?? this.#teams(request);
      case 'list members':
        return this.#needs('groups:team:view', false) ?? this.#members(id, request);
      default:
        return refusal(404, 'not.found', 'The requested resource was not found.');
    }
  }

  #needs(permission: string, everywhere: boolean): RestAnswer | undefined {
    const { permissions, divisions } = this.#organisation;
    if (!permissions.has(permission))
      return refusal(
        403,
        'missing.any.permissions',
        `Unable to perform the requested action. You are missing the following permission(s): ${permission}`,
      );
    if (everywhere && divisions !== 'all')
      return refusal(403, 'missing.division.permission', `You are missing ${permission} on all divisions`);
    return undefined;
  }

  /** Needs no permission, and shows what the divisions of the client show. */
  #plainList(request: RestRequest): RestAnswer {
    const { query } = request;
    const users = this.#visible(query);
    const [pageSize, pageNumber] = [Number(query.get('pageSize') ?? 25), Number(query.get('pageNumber') ?? 1)];
    if (pageSize * pageNumber > PLAIN_WINDOW) return refusal(400, 'bad.request', 'the window is 10000 rows');
    const entities = users.slice((pageNumber - 1) * pageSize, pageNumber * pageSize);
    return json(200, {
      entities: entities.map(([id, user]) => this.#written(id, user, query)),
      ...{ pageSize, pageNumber, total: users.length, pageCount: Math.ceil(users.length / pageSize) },
      selfUri: `/api/v2/users?pageSize=${pageSize}&pageNumber=${pageNumber}`,
    });
  }

  #cursorList({ query }: RestRequest, fault: RestFault | undefined): RestAnswer {
    const users = this.#visible(query);
    const { entities, cursor } = this.#page(users, query, 'cursor', fault);
    const written = fault?.kind === 'empty-list' ? [] : entities.map(([id, user]) => this.#written(id, user, query));
    const more = cursor === undefined ? {} : { cursor, nextUri: `/api/v2/users/query?cursor=${cursor}` };
    return json(200, {
      entities: written,
      ...more,
      ...(fault?.kind === 'wrong-total' ? { total: users.length + 7 } : {}),
    });
  }

  /** One page behind a cursor, which is opaque to whoever asks. */
  #page<T>(
    all: readonly T[],
    query: URLSearchParams,
    name: 'cursor' | 'after',
    fault?: RestFault,
  ): { readonly entities: readonly T[]; readonly cursor: string | undefined } {
    const size = Number(query.get('pageSize') ?? 25);
    const asked = Number(Buffer.from(query.get(name) ?? '', 'base64url').toString() || 0);
    const start =
      fault?.kind === 'repeated-page' ? Math.max(0, asked - size) : fault?.kind === 'shifted-page' ? asked + 1 : asked;
    const page = all.slice(start, start + size);
    const end = asked + size;
    return {
      entities: fault?.kind === 'half-list' ? page.slice(0, page.length >> 1) : page,
      cursor: end < all.length ? Buffer.from(String(end)).toString('base64url') : undefined,
    };
  }

  #oneUser(id: string, { query }: RestRequest): RestAnswer {
    const user = this.#organisation.users.get(id);
    const state = query.get('state') ?? 'active';
    if (user === undefined || (state !== 'any' && state !== (user.state ?? 'active')))
      return refusal(404, 'not.found', 'The requested resource was not found.');
    return json(200, this.#written(id, user, query));
  }

  #teams({ query }: RestRequest): RestAnswer {
    const { entities, cursor } = this.#page([...this.#organisation.teams], query, 'after');
    const next = cursor === undefined ? {} : { nextUri: `/api/v2/teams?after=${cursor}` };
    const teams = entities.map(([id, name]) => ({ id, name, division: HOME, memberCount: this.#membersOf(id).length }));
    return json(200, { entities: teams, ...next });
  }

  #members(team: string, { query }: RestRequest): RestAnswer {
    const { entities, cursor } = this.#page(this.#membersOf(team), query, 'after');
    const next = cursor === undefined ? {} : { nextUri: `/api/v2/teams/${team}/members?after=${cursor}` };
    return json(200, { entities: entities.map(([id, { name }]) => ({ id, name })), ...next });
  }

  #membersOf(team: string): (readonly [string, CloudUser])[] {
    return [...this.#organisation.users].filter(([, user]) => user.team === team && user.state !== 'deleted');
  }

  #visible(query: URLSearchParams): (readonly [string, CloudUser])[] {
    const { users, divisions } = this.#organisation;
    const state = query.get('state') ?? 'active';
    return [...users].filter(
      ([, user]) =>
        (state === 'any' || state === (user.state ?? 'active')) &&
        (divisions === 'all' || divisions.includes(user.division ?? HOME.name)),
    );
  }

  #written(id: string, user: CloudUser, query: URLSearchParams): object {
    const { missingExpansions, teams } = this.#organisation;
    const expand = query.getAll('expand').flatMap((each) => each.split(','));
    const wants = (name: string): boolean => expand.includes(name) && !missingExpansions.has(name);
    const { name, username, email = username, state = 'active', department, title } = user;
    const expanded = {
      ...(wants('team') && user.team !== undefined ? { team: { id: user.team, name: teams.get(user.team) } } : {}),
      ...(wants('employerInfo') ? { employerInfo: { employeeId: user.employeeId } } : {}),
      ...(wants('skills') ? { skills: Object.entries(user.skills ?? {}).map(skill) } : {}),
      ...(wants('authorization') ? { authorization: { roles: (user.roles ?? []).map(role) } } : {}),
    };
    const division = user.division === undefined ? HOME : { id: user.division, name: user.division };
    const selfUri = `/api/v2/users/${id}`;
    return { id, name, division, email, username, department, title, state, version: 3, ...expanded, selfUri };
  }
}

function skill([name, proficiency]: readonly [string, number]): object {
  return { id: `skill-${name}`, name, proficiency, state: 'active', skillUri: `/api/v2/routing/skills/skill-${name}` };
}

function role(name: string): object {
  return { id: `role-${name}`, name };
}

function json(status: number, value: object): RestAnswer {
  return {
    ...{ status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) },
    // Between two users, not within one.
    recordEnd: '"},',
  };
}

function refusal(status: number, code: string, message: string): RestAnswer {
  const words = {
    message,
    code,
    status: status === 200 ? 500 : status,
    messageParams: {},
    contextId: 'ctx-1',
    details: [],
  };
  return json(status, { ...words, errors: [] });
}
