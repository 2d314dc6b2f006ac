import type { Asker, Permission } from './permissions.ts';
import { agentRole } from './user.ts';

/** What each kind of act needs by itself; null: what it needs follows from its changes alone. */
const ofType = {
  'user-created': 'edit-users',
  'user-changed': null,
  'user-purged': 'manage-operators',
  'user-merged': 'edit-users',
  'merge-undone': 'edit-users',
  'sync-switched': 'toggle-sync',
  activated: 'activate',
  deactivated: 'activate',
  'link-made': 'edit-users',
  'link-ended': 'edit-users',
  'review-answered': 'edit-users',
  'account-ignored': 'edit-users',
  'account-unignored': 'edit-users',
  'worklist-acknowledged': 'edit-users',
  'group-added': 'edit-users',
  'group-changed': 'edit-users',
  'group-removed': 'edit-users',
  'team-moved': 'edit-users',
  'team-renamed': 'edit-users',
  'team-removed': 'edit-users',
  'team-bound': 'edit-users',
  'team-unbound': 'edit-users',
  'team-merged': 'edit-users',
  'team-restored': 'edit-users',
  'source-paused': 'manage-sources',
  'source-resumed': 'manage-sources',
  'source-retired': 'manage-sources',
  'source-confirmed': 'manage-sources',
  'run-approved': 'run-and-approve',
  'run-discarded': 'run-and-approve',
  'run-undone': 'run-and-approve',
  'run-reopened': 'run-and-approve',
  'refusal-lifted': 'run-and-approve',
  'operator-invited': 'manage-operators',
  'operator-changed': 'manage-operators',
  'operator-disabled': 'manage-operators',
  'operator-enabled': 'manage-operators',
  // An admin's, who manages no operators (spec 19.2): it lets somebody try again and gives nobody anything.
  'operator-unlocked': 'activate',
  'operator-link-made': 'manage-operators',
  'token-created': 'manage-operators',
  'token-revoked': 'manage-operators',
} as const satisfies Readonly<Record<string, Permission | null>>;

/** The kinds of entries of the audit log. */
export type PersonsAct = keyof typeof ofType;
export const personsActs = Object.keys(ofType) as readonly PersonsAct[];

/** What a person did, as far as permissions follow from it. */
interface Told {
  readonly type: PersonsAct;
  readonly changes: readonly { readonly field: string; readonly after: string | readonly string[] | null }[];
}

/** Acts on a user, whose changes say the rest. The others are about sources, runs, accounts and groups. */
const onUsers: ReadonlySet<PersonsAct> = new Set([
  'user-created',
  'user-changed',
  'user-merged',
  'merge-undone',
  'sync-switched',
  'activated',
  'deactivated',
  'link-made',
  'link-ended',
  'review-answered',
]);

/**
 * What a change of a field needs; null: nothing, since it is what the act saw, or its name. The first that fits decides; every
 * other field needs edit-users.
 */
const ofField: readonly (readonly [RegExp, Permission | null])[] = [
  [/^account\./, null],
  [/^active$/, 'activate'],
  [/^insistedAgainst$/, 'override-acd-presence'],
  [/^sync(OffUntil)?(\.|$)/, 'toggle-sync'],
  [/^(roles|rolesGiven|rolesTaken)$/, 'assign-user-roles'],
  [/^(fullScope|scopeGroups|scopeTeams)$/, 'assign-user-roles'],
  [/^review\.unknown-role$/, 'assign-user-roles'],
  [/^review\./, null],
  [/^(override\.|localValue\.|kept\.)?qmViews$/, 'edit-qm-views'],
];

/**
 * What somebody must be allowed to do for this to be theirs to do (spec 19.1), from what it changes, whatever way it came:
 * the act itself, an answer to a question, an undo, a bulk action, an import. An event tells everything that an act changes
 * (spec 15.1), so nothing is left out.
 */
export function permissionsFor({ type, changes }: Told): ReadonlySet<Permission> {
  const own: Permission | null = ofType[type];
  const needed = new Set<Permission>(own === null ? [] : [own]);
  if (!onUsers.has(type)) return needed;
  for (const change of changes) {
    if (type === 'user-created' && isAgentRole(change)) continue;
    const [, permission] = ofField.find(([pattern]) => pattern.test(change.field)) ?? [null, 'edit-users' as const];
    if (permission !== null) needed.add(permission);
  }
  return needed;
}

/** Everybody who makes users gives them the default agent role (spec 10.4). */
function isAgentRole({ field, after }: Told['changes'][number]): boolean {
  return /^roles(Given)?$/.test(field) && Array.isArray(after) && after.every((role) => role === agentRole);
}

/** Somebody asked for what they may not do; the sentence says which permission it needs. */
export class PermissionMissingError extends Error {
  override readonly name = 'PermissionMissingError';
  readonly code = 'permission-missing';
}

/**
 * The one place where permissions are asked for: no event of a person is written without it, and nothing is kept whose event
 * is not written.
 *
 * @throws PermissionMissingError
 */
export function refuseUnpermitted({ operator, may }: Asker, told: Told): void {
  const lacking = [...permissionsFor(told)].filter((permission) => !may.has(permission));
  if (lacking.length === 0) return;
  throw new PermissionMissingError(
    `${operator} does not have the permission ${lacking.map((permission) => `"${permission}"`).join(' and ')}, which this needs by what it changes.`,
  );
}
