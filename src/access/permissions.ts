/** What an operator may do (spec 19.1). */
export const permissions = [
  'view',
  'view-log',
  'edit-users',
  'toggle-sync',
  'activate',
  'override-acd-presence',
  'assign-user-roles',
  'edit-qm-views',
  'run-and-approve',
  'manage-operators',
] as const;
export type Permission = (typeof permissions)[number];
