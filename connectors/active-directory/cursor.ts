import { z } from 'zod';
import { parseCursor, unusable } from '../../src/connector-kit/cursor.ts';
import type { DomainController } from '../../src/connector-kit/ldap/active-directory-domain.ts';
import type { ActiveDirectoryDomain } from '../../src/connector-kit/ldap/active-directory-domain.ts';

/** Where a delta starts, and under which conditions it may. */
const cursor = z.strictObject({
  system: z.string(),
  controller: z.string(),
  invocationId: z.string(),
  /** By the controller's clock, in milliseconds since 1970. */
  takenMs: z.number(),
  /** The groups that the table of roles named, in its order. */
  named: z.array(z.string()),
  /** What membership in each watched group meant, by objectGUID: see Watch. */
  watch: z.record(z.string(), z.array(z.int())),
  from: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('dirsync'), cookie: z.base64() }),
    z.strictObject({ kind: z.literal('usn'), usn: z.string().regex(/^\d{1,19}$/) }),
  ]),
});

export type Cursor = z.infer<typeof cursor>;

/** Tombstones are kept for 60 days at least by default [MS-ADTS 3.1.1.5.5]; half of that is far from losing one. */
const longestDays = 30;
const dayMs = 86_400_000;

/** Whom a cursor belongs to. */
export function systemOf(domain: ActiveDirectoryDomain): string {
  return `${domain.sid} ${domain.dn}`;
}

export function writeCursor(value: Cursor): string {
  return JSON.stringify(value);
}

/**
 * Reads a cursor and makes sure that it still means something: the same database of the same domain controller, the same groups, not
 * too long ago (spec 14.4). Throws a SourceError `cursor-unusable`.
 */
export function readCursor(
  text: string,
  now: {
    readonly system: string;
    readonly controller: DomainController | undefined;
    readonly named: readonly string[];
  },
): Cursor {
  const { controller, system, named } = now;
  const before = parseCursor(cursor, text);
  if (before.system !== system) throw unusable('the last import read another domain');
  if (controller === undefined)
    throw unusable('the domain controller does not tell its name, invocationId and highestCommittedUSN');
  if (before.controller !== controller.dnsName)
    throw unusable(`the last import read from ${before.controller}, this one reads from ${controller.dnsName}`);
  if (before.invocationId !== controller.invocationId)
    throw unusable(`${controller.dnsName} was restored from a backup or set up anew (another invocationId)`);
  if (controller.timeMs - before.takenMs > longestDays * dayMs)
    throw unusable(`the last import was more than ${longestDays} days ago, and deletions are not kept for ever`);
  if (JSON.stringify(before.named) !== JSON.stringify(named)) throw unusable('the table of roles names other groups');
  return before;
}
