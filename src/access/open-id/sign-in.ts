import { createHmac, randomBytes } from 'node:crypto';
import { AccessRefusedError } from '../errors.ts';
import { hashToken, sameToken } from '../tokens.ts';
import type { Candidate, NewSession, SignedIn, SignInLog } from '../sign-in.ts';
import { beginSession, refused } from '../sign-in.ts';
import type { Attempt, Identity, OpenIdProvider } from './provider.ts';

/** What signing in by OpenID Connect needs of the store. */
export interface OpenIdStore {
  addAttempt(attempt: {
    readonly stateHash: string;
    readonly browserHash: string;
    readonly redirectUri: string;
    readonly next: string;
  }): Promise<void>;
  /** Hands over an attempt that has not ended, once. */
  takeAttempt(
    stateHash: string,
  ): Promise<{ readonly browserHash: string; readonly redirectUri: string; readonly next: string } | null>;
  candidate(name: string): Promise<Candidate | null>;
  /** False where the operator has come as somebody else before. */
  begin(session: NewSession, identity: Identity): Promise<boolean>;
}

/** Signing in at a provider of OpenID Connect (spec 19.2). Both throw an AccessRefusedError. */
export interface OpenIdSignIn {
  /** Host and port of the provider, for people. */
  readonly place: string;
  /** `browser` is what this browser has from an attempt before; the answer's is to be kept by it, and `address` to be gone to. */
  begin(given: {
    readonly browser: string | null;
    readonly redirectUri: string;
    readonly next: string;
  }): Promise<{ readonly browser: string; readonly address: string }>;
  /** `answer` is the query with which the provider has sent the browser back. */
  finish(given: {
    readonly browser: string | null;
    readonly answer: string;
    readonly address: string | null;
    readonly agent: string | null;
  }): Promise<SignedIn & { readonly next: string }>;
}

const way = 'openid-connect';

/**
 * An attempt belongs to one browser, can be answered once and ends after some minutes. Its nonce and PKCE verifier follow from
 * the state and from what that browser alone has, so that nothing of it needs to be stored but hashes.
 */
export function createOpenIdSignIn(store: OpenIdStore, provider: OpenIdProvider, log: SignInLog): OpenIdSignIn {
  return {
    place: provider.place,
    begin: (given) =>
      refused(log, way, async () => {
        const { redirectUri, next } = given;
        const browser = given.browser ?? randomBytes(32).toString('base64url');
        const state = randomBytes(32).toString('base64url');
        const address = await provider.authorizationAddress(attemptOf(browser, state, redirectUri));
        await store.addAttempt({ stateHash: hashToken(state), browserHash: hashToken(browser), redirectUri, next });
        return { browser, address };
      }),
    finish: ({ browser, answer, address, agent }) =>
      refused(log, way, async () => {
        const state = new URLSearchParams(answer).get('state');
        const taken = state === null || browser === null ? null : await store.takeAttempt(hashToken(state));
        if (state === null || browser === null || taken === null || !sameToken(hashToken(browser), taken.browserHash))
          throw new AccessRefusedError(
            'openid-attempt',
            'This sign-in is over: it took too long, was answered already, or began in another browser. Begin anew.',
          );
        const identity = await provider.identify(attemptOf(browser, state, taken.redirectUri), answer);
        const operator = letIn(await store.candidate(identity.name), identity.name);
        const signedIn = await beginSession(operator, { address, agent }, (session) => store.begin(session, identity));
        if (signedIn === null)
          throw new AccessRefusedError(
            'openid-other-person',
            `Somebody else has come as ${operator.name} before. If the name was given to you since, an owner lets you in with \`rosterd operator enable\`.`,
            operator.name,
          );
        log.info({ way, operatorId: operator.id }, 'somebody signed in');
        return { ...signedIn, next: taken.next };
      }),
  };
}

function attemptOf(browser: string, state: string, redirectUri: string): Attempt {
  const derived = (what: string): string =>
    createHmac('sha256', browser).update(`${what} ${state}`).digest('base64url');
  return { state, nonce: derived('nonce'), verifier: derived('verifier'), redirectUri };
}

/** Who has proved who they are may be told why they are not let in. */
function letIn(candidate: Candidate | null, name: string): Candidate {
  const shown = name.slice(0, 100);
  if (candidate === null)
    throw new AccessRefusedError(
      'openid-operator-unknown',
      `Nobody has made you an operator: ask for \`rosterd operator invite "${shown}"\`.`,
      shown,
    );
  if (candidate.disabled || candidate.blocked)
    throw new AccessRefusedError(
      'openid-operator-out',
      candidate.disabled
        ? `${candidate.name} is disabled: ask an admin, \`rosterd operator enable\`.`
        : `${candidate.name} is blocked after too many failed attempts: ask an admin, \`rosterd operator unlock\`.`,
      candidate.name,
    );
  return candidate;
}
