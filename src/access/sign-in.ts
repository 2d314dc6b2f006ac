import { createHmac, randomBytes } from 'node:crypto';
import { AccessRefusedError } from './errors.ts';
import type { Operator } from './operators.ts';
import { hashPassword, isPassword, refuseUnfit } from './passwords.ts';
import { permissions } from './permissions.ts';
import { hashToken, sameToken } from './tokens.ts';
import { windowsName, windowsRefusals, type WindowsAccounts } from './windows.ts';

/** Failed attempts in a row after which a log-in is blocked (spec 19.2). */
const mostFailures = 10;

/** Who may try, as far as signing in depends on it. */
export interface Candidate {
  readonly id: number;
  readonly name: string;
  readonly passwordHash: string | null;
  readonly blocked: boolean;
  readonly disabled: boolean;
}

/** Where sign-ins are told, by ids: who came, and why somebody was not let in. */
export interface SignInLog {
  info(data: object, message: string): void;
  warn(data: object, message: string): void;
}

/** A session as its list shows it; the id tells nothing of what the browser has. */
export interface SessionEntry {
  readonly id: string;
  readonly operator: string;
  readonly createdAt: Date;
  readonly lastSeenAt: Date;
  readonly address: string | null;
  readonly agent: string | null;
}

/** What signing in needs of the store. */
export interface SignInStore {
  /** A person by name, however it is spelt. */
  candidate(name: string): Promise<Candidate | null>;
  /** Counts a failure; blocks at `most`. */
  noteFailure(operatorId: number, most: number): Promise<void>;
  /** Begins a session and forgets the failures. */
  begin(session: NewSession): Promise<void>;
  /** The operator of a session that lasts; notes that it was used. */
  findSession(sessionHash: string): Promise<Operator | null>;
  sessions(operator: string | null): Promise<readonly SessionEntry[]>;
  /** Of this operator, or of anybody; false where there is none. */
  endSession(id: string, operator: string | null): Promise<boolean>;
  endSessionOf(sessionHash: string): Promise<void>;
  /**
   * Uses a link up, in one transaction: gives the operator the password, makes the first operator, ends their sessions and
   * blocks. Null where the link does not exist, has ended or has been used, or where there is an operator already.
   */
  redeem(redeemed: Redeemed): Promise<{ readonly name: string } | null>;
  /** The name that a link is for; null of the first operator's. Undefined where it is worth nothing. */
  nameOfLink(linkHash: string): Promise<string | null | undefined>;
}

export interface NewSession {
  readonly sessionHash: string;
  readonly operatorId: number;
  readonly address: string | null;
  readonly agent: string | null;
}

interface Redeemed {
  readonly linkHash: string;
  /** Of the first operator. */
  readonly first: { readonly name: string; readonly permissions: readonly string[] } | null;
  readonly passwordHash: string;
}

/** What a browser gets when somebody has signed in. */
export interface SignedIn {
  readonly operator: string;
  /** For the cookie. */
  readonly session: string;
  /** To be sent with everything that changes something; a foreign page cannot know it. */
  readonly csrf: string;
}

/** What people sign in with, in a form. */
export const ways = ['password', 'windows'] as const;
export type Way = (typeof ways)[number];

/** Signing in by a form, and the links by which people get a password (spec 19.2). Each throws an AccessRefusedError. */
export interface SignIn {
  /** Whether Windows accounts are taken. */
  readonly takesWindows: boolean;
  signIn(given: {
    readonly way?: Way | undefined;
    readonly name: string;
    readonly password: string;
    readonly address: string | null;
    readonly agent: string | null;
  }): Promise<SignedIn>;
  /** `name` is the first operator's; a link for somebody needs none. Answers who it was for. */
  redeem(given: {
    readonly link: string;
    readonly name?: string | undefined;
    readonly password: string;
  }): Promise<string>;
  /** Whom a link is for; null where it is for the first operator, who chooses a name. Looking does not use it up. */
  holderOf(link: string): Promise<string | null>;
  sessions(operator: string | null): Promise<readonly SessionEntry[]>;
  endSession(id: string, operator: string | null): Promise<void>;
  signOut(session: string): Promise<void>;
}

export function createSignIn(store: SignInStore, log: SignInLog, windows: WindowsAccounts | null = null): SignIn {
  return {
    takesWindows: windows !== null,
    signIn: ({ way = 'password', name, password, address, agent }) =>
      refused(log, way, async () => {
        const operator = await (way === 'password'
          ? byPassword(store, name, password)
          : byWindows(store, windows, name, password));
        const signedIn = await beginSession(operator, { address, agent }, async (session) => {
          await store.begin(session);
          return true;
        });
        if (signedIn === null) throw wrong();
        log.info({ way, operatorId: operator.id }, 'somebody signed in');
        return signedIn;
      }),
    async redeem({ link, name, password }) {
      const linkHash = hashToken(link);
      const known = await store.nameOfLink(linkHash);
      if (known === undefined) throw worthless();
      const own = known ?? name;
      if (own === undefined)
        throw new AccessRefusedError('operator-name-invalid', 'Give the name that you will sign in with.');
      if (known === null) refuseName(own);
      refuseUnfit(password, own);
      const passwordHash = await hashPassword(password);
      const first = known === null ? { name: own, permissions } : null;
      const redeemed = await store.redeem({ linkHash, first, passwordHash });
      if (redeemed === null) throw worthless();
      return redeemed.name;
    },
    async holderOf(link) {
      const holder = await store.nameOfLink(hashToken(link));
      if (holder === undefined) throw worthless();
      return holder;
    },
    sessions: (operator) => store.sessions(operator),
    async endSession(id, operator) {
      if (!(await store.endSession(id, operator)))
        throw new AccessRefusedError('session-unknown', `There is no session ${id}.`);
    },
    signOut: (session) => store.endSessionOf(hashToken(session)),
  };
}

async function byPassword(store: SignInStore, name: string, password: string): Promise<Candidate> {
  const candidate = await store.candidate(name);
  const right = await isPassword(password, mayTry(candidate) ? candidate.passwordHash : null);
  return judged(store, candidate, right);
}

/** The directory is asked only about operators who may try, so that nobody else's account can be tried or locked from here. */
async function byWindows(
  store: SignInStore,
  windows: WindowsAccounts | null,
  typed: string,
  password: string,
): Promise<Candidate> {
  if (windows === null)
    throw new AccessRefusedError(
      'way-not-offered',
      'Windows accounts are not taken here: `signIn.windows` of the configuration names the Active Directory for it.',
    );
  const name = windowsName(typed, windows.domain);
  const candidate = name === null ? null : await store.candidate(name.operator);
  // A log-in with an empty password is one as nobody, which directories let in (RFC 4513, section 5.1.2).
  const ask = name !== null && mayTry(candidate) && password !== '';
  const [outcome] = await Promise.all([
    ask ? windows.tryLogIn(name.login, password).catch(unavailable) : ('wrong' as const),
    // Takes as long whether there is such an operator or not.
    isPassword(password, null),
  ]);
  if (outcome === 'right' || outcome === 'wrong') return judged(store, candidate, outcome === 'right');
  const { code, message } = windowsRefusals[outcome];
  throw new AccessRefusedError(code, message);
}

function mayTry(candidate: Candidate | null): candidate is Candidate {
  return candidate !== null && !candidate.blocked && !candidate.disabled;
}

/** Counts what was wrong (spec 19.2). @throws AccessRefusedError */
async function judged(store: SignInStore, candidate: Candidate | null, right: boolean): Promise<Candidate> {
  if (right && mayTry(candidate)) return candidate;
  if (mayTry(candidate)) await store.noteFailure(candidate.id, mostFailures);
  throw wrong();
}

function wrong(): AccessRefusedError {
  return new AccessRefusedError(
    'sign-in-refused',
    'Name or password is wrong, or the log-in is blocked: after ten failures an admin unlocks it (`rosterd operator unlock`).',
  );
}

function unavailable(cause: unknown): never {
  const why = cause instanceof Error ? cause.message : 'it cannot be asked';
  throw new AccessRefusedError(
    'sign-in-unavailable',
    `The directory cannot be asked right now: try again later, or sign in with a password of rosterd. (${why})`,
  );
}

/** Begins a session; null where the store does not begin it. */
export async function beginSession(
  operator: Candidate,
  from: { readonly address: string | null; readonly agent: string | null },
  begin: (session: NewSession) => Promise<boolean>,
): Promise<SignedIn | null> {
  const session = randomBytes(32).toString('base64url');
  const begun = await begin({ sessionHash: hashToken(session), operatorId: operator.id, ...from });
  return begun ? { operator: operator.name, session, csrf: csrfOf(session) } : null;
}

/** Tells the log of each refusal, once. What was typed is not in it, nor who it was. */
export async function refused<T>(log: SignInLog, way: Way | 'openid-connect', work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AccessRefusedError)
      log.warn(
        { way, code: error.code, ...(error.operator === undefined ? { why: error.message } : {}) },
        'a sign-in was refused',
      );
    throw error;
  }
}

function worthless(): AccessRefusedError {
  return new AccessRefusedError(
    'link-invalid',
    'This link is not valid: it has been used, has ended, or another one was made since. `rosterd operator link NAME` makes a new one.',
  );
}

/** Names that events and lists show: letters, digits and a few marks, and not one of the command line's. @throws AccessRefusedError */
export function refuseName(name: string): void {
  if (/^[\p{L}\p{N}][\p{L}\p{N} ._@+'-]{0,99}$/u.test(name) && name === name.trim()) return;
  throw new AccessRefusedError(
    'operator-name-invalid',
    `An operator's name has letters, digits, spaces and . _ @ + ' - and at most 100 characters.`,
  );
}

/** Belongs to one session and cannot be had without it. */
export function csrfOf(session: string): string {
  return createHmac('sha256', session).update('rosterd csrf').digest('base64url');
}

export function isCsrf(given: string, session: string): boolean {
  return sameToken(given, csrfOf(session));
}
