import { z } from 'zod';
import { interfaceAt } from '../../src/connector-kit/cisco/address.ts';
import { httpAddress, httpConnection, secondAddressProblem } from '../../src/connector-kit/http/connection-config.ts';

/** The keys of a `cisco-uccx` source beyond the common ones. */
export const config = z
  .strictObject({
    connection: httpConnection({ username: z.string().trim().min(1), timeoutMs: 60_000 }),
    /** The other node of the cluster, asked where the first does not answer. */
    secondNode: httpAddress.optional(),
    /** How the system is asked to answer; both are understood whatever comes. */
    format: z.enum(['xml', 'json']).default('xml'),
  })
  .superRefine(({ connection, secondNode }, context) => {
    const problem = secondNode === undefined ? undefined : secondAddressProblem(secondNode, connection);
    if (problem !== undefined) context.addIssue({ code: 'custom', path: ['secondNode'], message: problem });
  });

export type Config = z.infer<typeof config>;

/** Where the interface of each node starts, the first node first. */
export function interfacesOf({ connection, secondNode }: Config): readonly [string, ...string[]] {
  const second = secondNode === undefined ? [] : [interfaceAt(secondNode, '/adminapi')];
  return [interfaceAt(connection.url, '/adminapi'), ...second];
}

/** The cluster that a source reads: the host of its first node, in lower case. */
export function clusterOf({ connection }: Config): string {
  return new URL(connection.url).hostname.toLowerCase();
}
