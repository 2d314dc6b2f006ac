const cookie = 'rosterd_session';
const halfADay = 43_200;

/** The session of a request's cookies; null where there is none. */
export function sessionOf(header: string | undefined): string | null {
  return /(?:^|;\s*)rosterd_session=([A-Za-z0-9_-]{43})(?:;|$)/.exec(header ?? '')?.[1] ?? null;
}

/** Not for scripts, not for other sites, and over TLS never without it. */
export function sessionCookie(session: string, secure: boolean): string {
  return `${cookie}=${session}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${halfADay}${secure ? '; Secure' : ''}`;
}

export function endedCookie(secure: boolean): string {
  return `${cookie}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0${secure ? '; Secure' : ''}`;
}

/**
 * What a browser has while it signs in at a provider (spec 19.2). It comes back from there by a link of another site, with which
 * a strict cookie is not sent.
 */
export function openIdCookie(browser: string, secure: boolean): string {
  return `rosterd_openid=${browser}; Path=/sign-in/openid; HttpOnly; SameSite=Lax; Max-Age=600${secure ? '; Secure' : ''}`;
}

export function openIdBrowserOf(header: string | undefined): string | null {
  return /(?:^|;\s*)rosterd_openid=([A-Za-z0-9_-]{43})(?:;|$)/.exec(header ?? '')?.[1] ?? null;
}
