import { z } from 'zod';
import {
  directoryConnection,
  distinguishedName,
  endpointsOf,
  ldapFilter,
  pageSize,
} from '../../src/connector-kit/ldap/connection-config.ts';

/** Ports of the global catalogue: it holds only some of the attributes (MS-ADTS 3.1.1.3.1.10). */
const globalCatalogPorts: readonly number[] = [3268, 3269];

const connection = directoryConnection.refine(
  (value) => endpointsOf(value).every(({ port }) => !globalCatalogPorts.includes(port)),
  {
    path: ['url'],
    error:
      'must not be the global catalogue (3268, 3269), which lacks most attributes: use a domain controller, port 636 or 389',
  },
);

/** The keys of an `active-directory` source beyond the common ones. */
export const config = z.strictObject({
  connection,
  /** The part of the domain that is read; the whole domain by default. */
  baseDn: distinguishedName.optional(),
  /** Narrows the people that are read, for example `(department=Contact Centre)`. */
  filter: ldapFilter.optional(),
  pageSize,
});

export type Config = z.infer<typeof config>;
