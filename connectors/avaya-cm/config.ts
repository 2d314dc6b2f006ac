import { z } from 'zod';
import { httpConnection } from '../../src/connector-kit/http/connection-config.ts';

/** `LOGIN@HOST[:PORT]` of a Communication Manager; the host may be an IPv6 address in brackets. */
const smsUsername = /^[^@:\s]+@(\[[0-9a-f:.]+\]|[^@:\s[\]]+)(?::\d{1,5})?$/i;

const username = z.string().regex(smsUsername, {
  error:
    'must be LOGIN@CM-HOST[:PORT], such as rosterd@cm1.corp.example: the service logs in at the Communication Manager that is named behind the @',
});

/** A list of some thousand agents takes a minute and more. */
const timeoutMs = 120_000;

/** The keys of an `avaya-cm` source beyond the common ones. */
export const config = z
  .strictObject({
    connection: httpConnection({ username, timeoutMs }),
    /** How the one field that Avaya has for a name is taken apart. */
    names: z
      .strictObject({
        /** Which comes first where there is no comma; with one it is always `Last, First`. */
        order: z.enum(['first-last', 'last-first']).default('first-last'),
        /** Takes the native name (other scripts, accents) where an agent has one. Needs `display`. */
        native: z.boolean().default(false),
      })
      .prefault({}),
    /** Asks for every agent on its own too, for fields that the list does not have: one call per agent. */
    display: z.boolean().default(false),
    /** Skill (number or name) → team, since the service knows no teams. */
    skillTeams: z.record(z.string().trim().min(1), z.string().trim().min(1)).default({}),
  })
  .superRefine(({ connection, names, display }, context) => {
    if (names.native && !display)
      context.addIssue({ code: 'custom', path: ['names', 'native'], message: 'needs display: true' });
    if (URL.parse(connection.url)?.pathname.startsWith('/sms/') === true) {
      const message = 'names the old string interface; leave the path out, or use /smsxml/SystemManagementService.php';
      context.addIssue({ code: 'custom', path: ['connection', 'url'], message });
    }
  });

export type Config = z.infer<typeof config>;

/** The whole address of the service: its usual path where the configuration has none. */
export function serviceAddress({ connection }: Config): string {
  const address = new URL(connection.url);
  if (address.pathname === '/') address.pathname = '/smsxml/SystemManagementService.php';
  return address.href;
}

/** The Communication Manager that a source reads, in lower case. */
export function cmHost({ connection }: Config): string {
  return (smsUsername.exec(connection.username)?.[1] ?? '').toLowerCase();
}
