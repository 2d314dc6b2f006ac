import { userInfo } from 'node:os';
import type { Daemon } from './rosterd.ts';

/** What the API of a daemon says to the local operator; many answers cost less than as many commands. */
export type Api = {
  /** The items of a list's first page; `path` is what comes behind /api/v1. */
  readonly list: <Row>(path: string, query?: Readonly<Record<string, string>>) => Promise<Row[]>;
};

export function apiOf({ address, token }: Daemon): Api {
  const headers = { authorization: `Bearer ${token}`, 'x-rosterd-os-user': userInfo().username };
  return {
    list: async <Row>(path: string, query: Readonly<Record<string, string>> = {}) => {
      const answer = await fetch(`${address}/api/v1${path}?${new URLSearchParams(query).toString()}`, { headers });
      const body = await answer.text();
      if (answer.status !== 200) throw new Error(`GET ${path} answered ${answer.status}: ${body}`);
      return (JSON.parse(body) as { items: Row[] }).items;
    },
  };
}
