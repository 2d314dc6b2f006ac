import type { FastifyRequest } from 'fastify';
import { csrfOf } from '../access/sign-in.ts';
import { sessionOf } from '../api/session-cookie.ts';
import type { Permission } from '../domain/permissions.ts';
import { takeFlash, type Flash } from './flash.ts';
import { languageOf, languages, type Language, type Words } from './words/words.ts';

/** How a page looks: as the system says, or as somebody has chosen. */
export const themes = ['auto', 'light', 'dark'] as const;
type Theme = (typeof themes)[number];

/** Who looks at a page, and how they want it. Every page is made from one. */
export interface Visit {
  readonly words: Words;
  readonly language: Language;
  readonly theme: Theme;
  /** In which times are shown. */
  readonly zone: string;
  /** Path and query that were asked for; where a form comes back to. */
  readonly address: string;
  /** Null before signing in. */
  readonly operator: string | null;
  readonly may: ReadonlySet<Permission>;
  /** The proof that a form is ours; empty before signing in. */
  readonly csrf: string;
  readonly flash: Flash | null;
}

/** What a browser keeps for a person: no secrets, and nothing that the server relies on. */
export const preferenceCookie = { theme: 'rosterd_theme', language: 'rosterd_language' } as const;

/** Looks at a request. */
export function visitOf(request: FastifyRequest, zone: string): Visit {
  const { headers, principal, url } = request;
  const language = languageOf(cookieOf(headers.cookie, preferenceCookie.language), headers['accept-language']);
  const theme = cookieOf(headers.cookie, preferenceCookie.theme);
  const session = sessionOf(headers.cookie);
  return {
    words: languages[language],
    language,
    theme: themes.find((each) => each === theme) ?? 'auto',
    zone,
    // What a provider answers with is for once, and no page's to repeat.
    address: url.startsWith('/sign-in/openid') ? '/sign-in' : url,
    operator: principal?.name ?? null,
    may: principal?.permissions ?? new Set<Permission>(),
    csrf: session === null ? '' : csrfOf(session),
    flash: takeFlash(headers.cookie),
  };
}

/** The value of a cookie whose values are plain words. */
function cookieOf(header: string | undefined, name: string): string | undefined {
  const found = (header ?? '').split(';').find((each) => each.trim().startsWith(`${name}=`));
  return found?.trim().slice(name.length + 1);
}

/** Where a form may send somebody back to: a path of our own, whatever was written into it. */
export function localPath(given: string | undefined, otherwise = '/'): string {
  return given !== undefined && /^\/(?![/\\])[\x21-\x7e]*$/.test(given) ? given : otherwise;
}
