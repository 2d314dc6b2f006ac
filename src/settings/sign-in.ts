import { resolve } from 'node:path';
import { z } from 'zod';
import { hostOf, isLoopback } from '../loopback.ts';
import { secret, type SecretRef } from '../connector-kit/secret.ts';

const text = z.string().trim().min(1).describe('text that is not empty');

const openIdConnect = z
  .strictObject({
    issuer: z.string().superRefine((address, context) => {
      const problem = issuerProblem(address);
      if (problem !== null) context.addIssue({ code: 'custom', message: problem });
    }),
    clientId: text,
    clientSecret: secret(),
    claim: text.default('preferred_username'),
    tls: z.strictObject({ caFile: text.optional() }).prefault({}),
    allowPlaintext: z.boolean().default(false),
  })
  .superRefine(({ issuer, tls, allowPlaintext }, context) => {
    const url = URL.parse(issuer);
    if (url?.protocol !== 'http:') return;
    const problem = !isLoopback(hostOf(url))
      ? 'would let everybody in between sign in as anybody: use https://'
      : !allowPlaintext
        ? 'is not encrypted: use https://, or say allowPlaintext: true for a provider on this machine'
        : tls.caFile === undefined
          ? null
          : 'is not encrypted, so that tls.caFile has no effect';
    if (problem !== null) context.addIssue({ code: 'custom', path: ['issuer'], message: problem });
  });

/** As it stands before the `\` of a Windows login. */
const domain = z
  .string()
  .regex(/^[^\s\\/:*?"<>|@.]{1,15}$/)
  .describe('the NetBIOS name of the domain, such as CORP (as in CORP\\eva)');

/** The key `signIn`: how people sign in beside the password (spec 19.2). */
export const signInSchema = z
  .strictObject({
    openIdConnect: openIdConnect.optional(),
    windows: z.strictObject({ source: text, domain }).optional(),
  })
  .prefault({});

/** How people sign in beside the password; what is not here is not offered. */
export interface SignInSettings {
  readonly openIdConnect?: OpenIdSettings;
  readonly windows?: WindowsSettings;
}

/** A provider of OpenID Connect. */
interface OpenIdSettings {
  /** As the provider spells it: it is compared with what its tokens say. */
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: SecretRef;
  /** The claim of the id token that is the operator's name. */
  readonly claim: string;
  readonly tls: {
    /** PEM file with the only CAs that are trusted, absolute. */
    readonly caFile?: string;
  };
  /** Said in so many words: a provider on this machine may be asked in clear. */
  readonly allowPlaintext: boolean;
}

/** The Active Directory that people's Windows accounts are tried at. */
interface WindowsSettings {
  /** An `active-directory` source. */
  readonly source: string;
  /** NetBIOS name: people type their login alone, and no other domain's account of that name is theirs. */
  readonly domain: string;
}

/** What is written, with its defaults; relative paths start at `folder`. */
export function completeSignIn(
  { openIdConnect: provider, windows }: z.infer<typeof signInSchema>,
  folder: string,
): SignInSettings {
  return {
    ...(provider === undefined ? {} : { openIdConnect: { ...provider, tls: absolute(provider.tls, folder) } }),
    ...(windows === undefined ? {} : { windows }),
  };
}

function absolute({ caFile }: { readonly caFile?: string | undefined }, folder: string): OpenIdSettings['tls'] {
  return caFile === undefined ? {} : { caFile: resolve(folder, caFile) };
}

function issuerProblem(address: string): string | null {
  const url = URL.parse(address);
  if (url === null || !/^https?:$/.test(url.protocol))
    return 'must be the address of the provider: https://HOST[/PATH]';
  if (url.username !== '' || url.password !== '')
    return 'must not hold a user or password: use clientId and clientSecret';
  return url.search === '' && url.hash === ''
    ? null
    : 'must end before ? and #: it is what the provider calls its issuer';
}

/** How people can sign in, a few words each: for `config check`. */
export function waysToSignIn({ openIdConnect: provider, windows }: SignInSettings): string[] {
  return [
    'a password of rosterd',
    ...(provider === undefined
      ? []
      : [`OpenID Connect at ${provider.issuer} (the claim ${provider.claim} names the operator)`]),
    ...(windows === undefined ? [] : [`the Windows account ${windows.domain}\\… at ${windows.source}`]),
  ];
}
