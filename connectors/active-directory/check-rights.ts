import type { CheckReport, Finding } from '../../src/connector-kit/check-report.ts';
import type { FieldPlan } from '../../src/connector-kit/ldap/field-plan.ts';
import type { RoleGroups } from '../../src/connector-kit/ldap/role-groups.ts';
import type { Config } from './config.ts';
import { grantAttributes, grantDeletedObjects, readGrantee } from './grants.ts';
import { deletedObjects, mayReadDeleted } from './place.ts';
import { proofOf } from './reach.ts';
import type { Reach } from './reach.ts';

/** The step `rights`: which of the mapped attributes somebody shows. `groups` is undefined where no roles name any. */
export async function checkAttributes(
  report: CheckReport,
  settings: Config,
  reach: Reach,
  groups: RoleGroups | undefined,
  signal: AbortSignal,
): Promise<void> {
  const { connection, domain, base, plan } = reach;
  const wanted = groups === undefined ? plan.attributes : [...plan.attributes, 'memberof'];
  await report.aside(
    'rights',
    async (): Promise<Finding> => {
      const proven = await proofOf(reach, groups, signal);
      const unread = wanted.filter((attribute) => !proven.has(attribute));
      if (unread.length === 0) return { detail: `all ${wanted.length} mapped attributes can be read` };
      const grantee = await readGrantee(connection, domain, settings.connection.bindDn, signal);
      const grant = grantAttributes(base, unread, grantee);
      return {
        detail: `${wanted.length - unread.length} of ${wanted.length} mapped attributes can be read; no entry shows ${unread.map((attribute) => withFields(attribute, plan)).join(', ')}: nobody has them, or connection.bindDn may not read them`,
        remedy: `${grant}; where really nobody has them, map these fields to other attributes, or leave them`,
      };
    },
    (finding) => finding,
  );
}

function withFields(attribute: string, plan: FieldPlan): string {
  const fields = plan.fields.filter(({ attributes }) => attributes.includes(attribute)).map(({ field }) => field);
  return fields.length === 0 ? attribute : `${attribute} (${fields.join(', ')})`;
}

/** The step `deleted-objects`: whether deletions can be seen, and the grant where they cannot. */
export async function checkDeletedObjects(
  report: CheckReport,
  settings: Config,
  { connection, domain }: Pick<Reach, 'connection' | 'domain'>,
  signal: AbortSignal,
): Promise<void> {
  const container = deletedObjects(domain);
  await report.aside(
    'deleted-objects',
    async (): Promise<Finding> => {
      if (await mayReadDeleted(connection, domain, signal)) return { detail: `${container} can be read` };
      const grantee = await readGrantee(connection, domain, settings.connection.bindDn, signal);
      return {
        detail: `connection.bindDn may not read ${container}: DirSync leaves deletions out without a word, and only a full import notices them`,
        remedy: grantDeletedObjects(container, grantee),
      };
    },
    (finding) => finding,
  );
}
