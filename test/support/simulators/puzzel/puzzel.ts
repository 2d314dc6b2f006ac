import { randomBytes } from 'node:crypto';
import type { RestFault } from '../rest/faults.ts';
import { startRestServer } from '../rest/server.ts';
import type { RestAnswer, RestRequest, RestServer } from '../rest/server.ts';

/** A user of the Contact Centre, as one administers it. */
type PuzzelUser = {
  readonly firstName: string;
  readonly lastName: string;
  readonly userName: string;
  /** Group id: each user is in exactly one. */
  readonly group: number;
  readonly type?: 'Person' | 'API' | 'Wallboard' | 'Chat bot';
  readonly eMail?: string;
  readonly mobilePhone?: string;
  /** Skill → level. */
  readonly skills?: Readonly<Record<string, number>>;
  /** With which it may log in. */
  readonly password?: string;
  /** Group ids: all that this user sees. */
  readonly resourceFilter?: readonly number[];
  readonly mayRead?: boolean;
};

/** An OIDC client of the organisation. */
type PuzzelClient = { readonly secret: string; readonly productAccess: string; readonly grants: readonly string[] };

/** What is administered; change it at any time. */
type PuzzelSystem = {
  readonly users: Map<number, PuzzelUser>;
  readonly groups: Map<number, string>;
  readonly clients: Map<string, PuzzelClient>;
};

export type PuzzelOptions = {
  readonly tokenLifeS?: number;
  /** Where the type of a user is shown. */
  readonly showsType?: 'list' | 'detail' | 'nowhere';
  /** The list of states is shortened by a resource filter as the list of users is. */
  readonly statesFiltered?: boolean;
  /** A user who is not there is a code inside HTTP 200, and not 404. */
  readonly missingIsCode?: boolean;
  readonly passwordValidDaysLeft?: number;
  readonly onCall?: (line: string) => void;
};

/** A running Puzzel. */
export type Puzzel = RestServer & {
  readonly system: PuzzelSystem;
  readonly customerKey: string;
  readonly userId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly username: string;
  readonly password: string;
  /** Ends every token that was given. */
  readonly expireTokens: () => void;
};

const CUSTOMER = '10042';
const OWN_ID = 900_001;
const CLIENT = 'rosterd-client';
const SECRET = 'puzzel-Sécret+1';
const USERNAME = 'rosterd.api';
const PASSWORD = 'puzzel-Pässword-1';
const CODES = { internal: 3, notFound: 4, denied: 5, login: 11, token: 12 } as const;

type Token = { readonly userId: number; readonly until: number };

/** Starts all interfaces of the vendor on one free port of 127.0.0.1, with rosterd's own user in the group API users. */
export async function startPuzzel(options: PuzzelOptions = {}): Promise<Puzzel> {
  const own: PuzzelUser = {
    ...{ firstName: 'rosterd', lastName: 'API', userName: USERNAME, password: PASSWORD, group: 9, type: 'API' },
  };
  const system: PuzzelSystem = {
    users: new Map([[OWN_ID, own]]),
    groups: new Map([[9, 'API users']]),
    clients: new Map([
      [CLIENT, { secret: SECRET, productAccess: `${CUSTOMER}:${OWN_ID}`, grants: ['client_credentials'] }],
    ]),
  };
  const tokens = new Map<string, Token>();
  const answering = new Answering(system, options, tokens);
  const server = await startRestServer(
    { operationOf, answer: (request, fault) => answering.answer(request, fault) },
    options.onCall,
  );
  return {
    ...server,
    ...{ system, customerKey: CUSTOMER, userId: String(OWN_ID), clientId: CLIENT, clientSecret: SECRET },
    ...{ username: USERNAME, password: PASSWORD, expireTokens: () => tokens.clear() },
  };
}

/** Paths have no case. */
function pathOf({ path }: RestRequest): string {
  return path.join('/').toLowerCase();
}

function operationOf(request: RestRequest): string {
  const [, ...rest] = pathOf(request).split('/');
  if (request.method === 'POST') return 'log in';
  if (rest[0] === 'accesstokeninformation') return 'get token information';
  if (rest[1] === 'usergroups') return 'list usergroups';
  if (rest[2] === undefined) return 'list users';
  return rest[2] === 'stateinformation' ? 'list states' : 'get user';
}

/** Requests and their answers. */
class Answering {
  readonly #system: PuzzelSystem;
  readonly #options: PuzzelOptions;
  readonly #tokens: Map<string, Token>;

  constructor(system: PuzzelSystem, options: PuzzelOptions, tokens: Map<string, Token>) {
    this.#system = system;
    this.#options = options;
    this.#tokens = tokens;
  }

  answer(request: RestRequest, fault: RestFault | undefined): RestAnswer {
    if (fault?.kind === 'error-inside') return refuse(CODES.internal, 'internal error');
    const path = pathOf(request);
    if (path === 'id/connect/token') return this.#oauth(request);
    if (path === 'api/authenticate/login') return this.#login(request);
    const [root, customer, kind, id, window] = path.split('/');
    if (root !== 'contactcentre5') return json(404, { message: 'Not Found' });
    if (request.method !== 'GET') return json(405, envelope(null, CODES.denied, 'only GET here'));
    const token = this.#tokens.get(/^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '');
    const asking = token === undefined || token.until < Date.now() ? undefined : this.#system.users.get(token.userId);
    if (token === undefined || asking === undefined)
      return json(401, envelope(null, CODES.token, 'The access token is not valid'));
    if (customer === 'accesstokeninformation') return ok(this.#tokenInformation(token, asking));
    if (customer !== CUSTOMER.toLowerCase() || asking.mayRead === false) return refuse(CODES.denied, 'Access denied');
    if (kind === 'usergroups') return ok([...this.#system.groups].map(([each, name]) => ({ id: each, name })));
    if (kind !== 'users') return json(404, { message: 'Not Found' });
    const users = [...this.#system.users];
    const visible = users.filter(([, { group }]) => asking.resourceFilter?.includes(group) ?? true);
    if (id === undefined) return ok(shortened(visible, fault).map(([each, user]) => this.#row(each, user)));
    if (id === 'stateinformation' && window !== undefined)
      return ok(
        (this.#options.statesFiltered === true ? visible : users).map(([each, user]) => this.#state(each, user)),
      );
    // A filter limits lists; whether it limits this too is not documented.
    const found = users.find(([each]) => String(each) === id);
    if (found !== undefined) return ok(this.#detail(...found));
    return this.#options.missingIsCode === true
      ? refuse(CODES.notFound, 'User not found')
      : json(404, envelope(null, CODES.notFound, 'User not found'));
  }

  #oauth({ body, method, headers }: RestRequest): RestAnswer {
    const form = new URLSearchParams(body);
    const client = this.#system.clients.get(form.get('client_id') ?? '');
    if (method !== 'POST' || !/^application\/x-www-form-urlencoded/i.test(headers['content-type'] ?? ''))
      return json(400, { error: 'invalid_request' });
    // One way of saying who one is, and no second one beside it (RFC 6749, section 2.3).
    if (headers.authorization !== undefined) return json(400, { error: 'invalid_request' });
    if (client?.secret !== (form.get('client_secret') ?? '')) return json(400, { error: 'invalid_client' });
    const grant = form.get('grant_type') ?? '';
    if (grant !== 'client_credentials') return json(400, { error: 'unsupported_grant_type' });
    if (!client.grants.includes(grant)) return json(400, { error: 'unauthorized_client' });
    const scope = form.get('scope') ?? '';
    if (scope !== `contact-centre:${client.productAccess}`) return json(400, { error: 'invalid_scope' });
    const access_token = this.#token(Number(client.productAccess.split(':')[1]));
    return json(200, { access_token, expires_in: this.#lifeS, token_type: 'Bearer', scope });
  }

  #login({ body, headers }: RestRequest): RestAnswer {
    if (!/^application\/json/i.test(headers['content-type'] ?? '')) return json(415, { message: 'JSON only' });
    const given = new Map(Object.entries(JSON.parse(body) as object).map(([key, value]) => [key.toLowerCase(), value]));
    const [id, user] = [...this.#system.users].find(([, { userName }]) => userName === given.get('username')) ?? [];
    const known = user?.password !== undefined && user.password === given.get('password');
    if (id === undefined || !known || given.get('customerkey') !== CUSTOMER)
      return refuse(CODES.login, 'Wrong user name or password');
    const expiryDate = new Date(Date.now() + 8 * 3_600_000).toISOString();
    return ok({
      accessToken: this.#token(id),
      refreshToken: { customerKey: CUSTOMER, sessionId: randomBytes(8).toString('hex'), expiryDate },
      ...{ languageCode: 'en', twoFactor: false, twoFactorRequired: false, logoutFromExternalIdentityProvider: false },
    });
  }

  get #lifeS(): number {
    return this.#options.tokenLifeS ?? 900;
  }

  #token(userId: number): string {
    const value = randomBytes(24).toString('base64url');
    this.#tokens.set(value, { userId, until: Date.now() + this.#lifeS * 1000 });
    return value;
  }

  #tokenInformation({ userId, until }: Token, { group }: PuzzelUser): object {
    return {
      ...{ customerKey: CUSTOMER, customerId: 77, userGroupId: group, userId, languageId: 1, languageCode: 'en' },
      passwordValidDaysLeft: this.#options.passwordValidDaysLeft ?? 88,
      accessTokenExpiry: new Date(until).toISOString(),
    };
  }

  #row(id: number, { group, firstName, lastName, userName, type }: PuzzelUser): object {
    const shown = (this.#options.showsType ?? 'list') === 'list' ? { userType: type ?? 'Person' } : {};
    return { id, groupId: group, firstName, lastName, userName, ...shown };
  }

  #detail(id: number, user: PuzzelUser): object {
    const elements = Object.entries(user.skills ?? {}).map(([name, userLevel], index) => ({
      ...{ id: index + 1, name, userLevel },
    }));
    const qualities = [{ id: 1, number: 1, description: 'Skills', serviceId: 1, elements }];
    const shown = this.#options.showsType === 'nowhere' ? {} : { userType: user.type ?? 'Person' };
    return {
      ...this.#row(id, user),
      ...shown,
      ...{ eMail: user.eMail ?? '', mobilePhone: user.mobilePhone ?? null, languageId: 1, currentProfileId: 1 },
      ...{ userStatus: 'Available', contactCentreStatus: 'LoggedOn', chatState: 'LoggedOff', profileName: 'Standard' },
      userGroupName: this.#system.groups.get(user.group) ?? '',
      profiles: [
        { id: 1, number: 1, name: 'Standard', phoneNumber: '1001', phoneType: 'Phone', groupProfile: true, qualities },
      ],
    };
  }

  #state(userId: number, { firstName, lastName, group }: PuzzelUser): object {
    const userGroupName = this.#system.groups.get(group) ?? '';
    return { userId, firstName, lastName, contactCentreStatus: 'LoggedOn', userStatus: 'Available', userGroupName };
  }
}

function shortened<T>(list: readonly T[], fault: RestFault | undefined): readonly T[] {
  if (fault?.kind === 'empty-list') return [];
  return fault?.kind === 'half-list' ? list.slice(0, list.length >> 1) : list;
}

function envelope(result: unknown, code: number, message: string): object {
  return { result, code, id: randomBytes(8).toString('hex'), message };
}

function ok(result: unknown): RestAnswer {
  return json(200, envelope(result, 0, 'OK'));
}

/** Inside HTTP 200. */
function refuse(code: number, message: string): RestAnswer {
  return json(200, envelope(null, code, message));
}

function json(status: number, body: object): RestAnswer {
  const headers = { 'content-type': 'application/json; charset=utf-8' };
  return { status, headers, body: JSON.stringify(body), recordEnd: '},' };
}
