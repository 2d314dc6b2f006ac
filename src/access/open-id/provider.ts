import type { ClientAuth, Configuration, IDToken, UserInfoResponse } from 'openid-client';
import { AccessRefusedError } from '../errors.ts';
import { providerFetch, ProviderUnreachable } from './fetch.ts';

/** What the configuration says of the provider. */
interface ProviderSettings {
  readonly issuer: string;
  readonly clientId: string;
  /** Read again for each sign-in, so that a rotated one needs no restart. */
  readonly clientSecret: { read(): Promise<string> };
  readonly claim: string;
  readonly tls: { readonly caFile?: string };
  readonly allowPlaintext: boolean;
}

/** What belongs to one attempt to sign in, and is proved by its answer. */
export interface Attempt {
  readonly state: string;
  readonly nonce: string;
  /** Of PKCE. */
  readonly verifier: string;
  readonly redirectUri: string;
}

/** Who somebody is at the provider. */
export interface Identity {
  readonly issuer: string;
  /** Never given to anybody else by this provider. */
  readonly subject: string;
  /** What the configured claim says: the operator's name. */
  readonly name: string;
}

/** A provider of OpenID Connect. Both throw an AccessRefusedError. */
export interface OpenIdProvider {
  /** Host and port, for people. */
  readonly place: string;
  /** Where a browser is sent to sign in. */
  authorizationAddress(attempt: Attempt): Promise<string>;
  /** Redeems what the provider has sent the browser back with; `answer` is the query of that address. */
  identify(attempt: Attempt, answer: string): Promise<Identity>;
}

const timeoutSeconds = 10;

/**
 * The provider as the library speaks to it: authorization code with PKCE, state and nonce; the id token's signature, issuer,
 * audience and times are verified. It is discovered anew at each step, so that one that was down, or has changed its keys,
 * needs no restart here; people do not sign in often.
 */
export function createProvider(settings: ProviderSettings): OpenIdProvider {
  const place = new URL(settings.issuer).host;
  return {
    place,
    authorizationAddress: (attempt) =>
      told(place, async () => {
        const { buildAuthorizationUrl, calculatePKCECodeChallenge } = await import('openid-client');
        const address = buildAuthorizationUrl(await discover(settings), {
          ...{ redirect_uri: attempt.redirectUri, scope: 'openid profile email', state: attempt.state },
          ...{ nonce: attempt.nonce, code_challenge_method: 'S256' },
          code_challenge: await calculatePKCECodeChallenge(attempt.verifier),
        });
        return address.href;
      }),
    identify: (attempt, answer) =>
      told(place, async () => {
        const { authorizationCodeGrant, fetchUserInfo } = await import('openid-client');
        const configuration = await discover(settings);
        const tokens = await authorizationCodeGrant(configuration, new URL(`${attempt.redirectUri}?${answer}`), {
          ...{ expectedState: attempt.state, expectedNonce: attempt.nonce, pkceCodeVerifier: attempt.verifier },
        });
        const claims = tokens.claims();
        if (claims === undefined) throw unproved(place, 'it sent no id token');
        // Where the id token says only who it is, the rest is to be asked for (OpenID Connect Core, section 5.4).
        const more =
          settings.claim in claims ? claims : await fetchUserInfo(configuration, tokens.access_token, claims.sub);
        return { issuer: claims.iss, subject: claims.sub, name: nameIn(more, settings.claim, place) };
      }),
  };
}

async function discover({
  issuer,
  clientId,
  clientSecret,
  tls,
  allowPlaintext,
}: ProviderSettings): Promise<Configuration> {
  const library = await import('openid-client');
  const secret = await clientSecret.read();
  // Which of the two it is follows from what the provider says of itself, and that is known only when it is used.
  const authenticate: ClientAuth = (server, ...others) => {
    const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    const method = methods.includes('client_secret_basic') ? library.ClientSecretBasic : library.ClientSecretPost;
    method(secret)(server, ...others);
  };
  return library.discovery(new URL(issuer), clientId, undefined, authenticate, {
    [library.customFetch]: providerFetch(tls.caFile),
    timeout: timeoutSeconds,
    execute: [
      library.enableNonRepudiationChecks,
      // Marked as deprecated so that it stands out: it is said in so many words, and for this machine only.
      // eslint-disable-next-line @typescript-eslint/no-deprecated
      ...(allowPlaintext ? [library.allowInsecureRequests] : []),
    ],
  });
}

/** An address that the provider does not vouch for could be anybody's. */
function nameIn(claims: IDToken | UserInfoResponse, claim: string, place: string): string {
  const name = claims[claim];
  if (typeof name !== 'string' || name.trim() === '')
    throw unproved(place, `it names nobody in the claim "${claim}" (signIn.openIdConnect.claim)`);
  if (claim === 'email' && claims.email_verified === false)
    throw unproved(place, 'it says that the e-mail address was not verified');
  return name.trim();
}

/** Turns what the library throws into a refusal that says what to do; the cause keeps the rest, for the log. */
async function told<T>(place: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AccessRefusedError) throw error;
    throw refusalOf(place, error);
  }
}

function refusalOf(place: string, error: unknown): AccessRefusedError {
  const chain = causes(error);
  const unreachable = chain.find((each) => each instanceof ProviderUnreachable);
  if (unreachable !== undefined)
    return new AccessRefusedError(
      'openid-unavailable',
      `The sign-in at ${place} cannot be asked right now (${unreachable.message}): try again later, or sign in with a password.`,
    );
  const code = chain.map(codeOf).find((each) => each !== null) ?? 'unknown';
  const said = chain.map(saidBy).find((each) => each !== null) ?? null;
  const challenged = code === 'OAUTH_WWW_AUTHENTICATE_CHALLENGE';
  if (challenged || said === 'invalid_client' || said === 'unauthorized_client')
    return new AccessRefusedError(
      'openid-unavailable',
      `${place} does not know rosterd (${said ?? code}): an admin corrects signIn.openIdConnect.clientId and clientSecret.`,
    );
  if (said !== null)
    return new AccessRefusedError(
      'openid-refused',
      `${place} did not sign you in (${said}): begin anew, or ask whoever runs it.`,
    );
  if (code === 'OAUTH_TIMEOUT' || code === 'OAUTH_RESPONSE_IS_NOT_CONFORM' || code === 'OAUTH_RESPONSE_IS_NOT_JSON')
    return new AccessRefusedError(
      'openid-unavailable',
      `The sign-in at ${place} does not answer as it should (${code}): try again later, or sign in with a password.`,
    );
  return unproved(place, `${code}: ${lastMessage(chain)}`);
}

function unproved(place: string, why: string): AccessRefusedError {
  return new AccessRefusedError(
    'openid-answer',
    `What ${place} sent does not prove who you are (${why}): begin anew; if it stays so, tell an admin.`,
  );
}

function causes(error: unknown): readonly Error[] {
  const chain: Error[] = [];
  for (let each = error; each instanceof Error && chain.length < 5; each = each.cause) chain.push(each);
  return chain;
}

function codeOf(error: Error): string | null {
  return 'code' in error && typeof error.code === 'string' ? error.code.replace(/[^A-Za-z_]/g, '').slice(0, 60) : null;
}

/** The error code of OAuth (RFC 6749) that the provider gave; nothing else of its words, which anybody could have written into the address. */
function saidBy(error: Error): string | null {
  return 'error' in error && typeof error.error === 'string' && /^[a-z_]{1,40}$/.test(error.error) ? error.error : null;
}

/** The library's own words, which hold no values of the answer. */
function lastMessage(chain: readonly Error[]): string {
  return (chain.at(-1)?.message ?? 'no reason').slice(0, 200);
}
