import { z } from 'zod';
import {
  directoryConnection,
  distinguishedName,
  ldapFilter,
  pageSize,
} from '../../src/connector-kit/ldap/connection-config.ts';

/** The keys of an `ldap` source beyond the common ones. */
export const config = z.strictObject({
  connection: directoryConnection,
  /** Below this entry people are read. */
  baseDn: distinguishedName,
  /** Which entries are people. */
  filter: ldapFilter.default('(objectClass=inetOrgPerson)'),
  pageSize,
});

export type Config = z.infer<typeof config>;
