import { directoryHarness } from '../directory-harness.ts';

export const harness = directoryHarness({
  baseDn: 'dc=test',
  person: (index) => ({
    objectClass: ['inetOrgPerson'],
    entryUUID: [`5dba0000-0000-4000-8000-${String(index).padStart(12, '0')}`],
    uid: [`agent${String(index)}`],
    sn: ['Müller'],
    employeeNumber: [String(index).padStart(7, '0')],
  }),
  aside: () => [{ done: 0 }],
});
