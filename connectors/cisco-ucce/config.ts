import { z } from 'zod';
import { interfaceAt } from '../../src/connector-kit/cisco/address.ts';
import { httpConnection } from '../../src/connector-kit/http/connection-config.ts';

/** The keys of a `cisco-ucce` source beyond the common ones. */
export const config = z.strictObject({
  connection: httpConnection({ username: z.string().trim().min(1), timeoutMs: 60_000 }),
  /** Agents per page; the interface takes up to 100. */
  pageSize: z.int().min(2).max(100).default(100),
  /** By what agents are sorted while they are read, so that pages do not shift more than they must. */
  sort: z.string().trim().min(1).max(100).default('agentId asc'),
});

export type Config = z.infer<typeof config>;

/** Where the interface starts. */
export function interfaceOf({ connection }: Config): string {
  return interfaceAt(connection.url, '/unifiedconfig/config');
}

/** The system that a source reads: the host of the administration workstation, in lower case. */
export function systemOf({ connection }: Config): string {
  return new URL(connection.url).hostname.toLowerCase();
}
