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
  'manage-sources',
  'manage-operators',
] as const;
export type Permission = (typeof permissions)[number];

/** Who asks for an act, and what they may do with the proof that they came with. */
export interface Asker {
  /** The name of the operator. */
  readonly operator: string;
  readonly may: ReadonlySet<Permission>;
}
