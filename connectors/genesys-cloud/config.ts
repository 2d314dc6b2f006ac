import { z } from 'zod';
import { oauthConnection } from '../../src/connector-kit/http/connection-config.ts';

/** The keys of a `genesys-cloud` source beyond the common ones. */
export const config = z.strictObject({
  connection: oauthConnection({ timeoutMs: 60_000 }),
  /** Users, teams or members per page. */
  pageSize: z.int().min(1).max(500).default(100),
});

export type Config = z.infer<typeof config>;

/** The regions of the vendor: each has the API at `api.REGION` and the log-in at `login.REGION`. */
const regions: ReadonlySet<string> = new Set([
  'mypurecloud.com',
  'mypurecloud.ie',
  'mypurecloud.de',
  'mypurecloud.jp',
  'mypurecloud.com.au',
  'usw2.pure.cloud',
  'cac1.pure.cloud',
  'sae1.pure.cloud',
  'use2.us-gov-pure.cloud',
  'euw2.pure.cloud',
  'euc2.pure.cloud',
  'aps1.pure.cloud',
  'apne2.pure.cloud',
  'apne3.pure.cloud',
  'mec1.pure.cloud',
]);

/** Where the API starts. */
export function apiOf({ connection }: Config): string {
  const { origin, pathname } = new URL(connection.url);
  const path = pathname.replace(/\/+$/, '').replace(/\/api(?:\/v2)?$/, '');
  return `${origin}${path}/api/v2`;
}

/** Where tokens come from: `loginUrl`, else the log-in of a known region, else the server of the API itself. */
export function tokenAddressOf({ connection: { url, loginUrl } }: Config): string {
  const base = loginUrl ?? regionalLogin(url) ?? new URL(url).origin;
  const path = base.replace(/\/+$/, '').replace(/\/oauth(?:\/token)?$/, '');
  return `${path}/oauth/token`;
}

function regionalLogin(url: string): string | undefined {
  const region = /^api\.(.+)$/.exec(new URL(url).hostname.toLowerCase())?.[1];
  return region !== undefined && regions.has(region) ? `https://login.${region}` : undefined;
}

/** The system that a source reads: the host of the API, in lower case. */
export function systemOf({ connection }: Config): string {
  return new URL(connection.url).hostname.toLowerCase();
}
