import { createActivation, type Activation, type AskSource } from './activation.ts';
import { createEditField, type EditField } from './edit-fields.ts';
import { createLinks, type Links } from './links.ts';
import { createMemberships, type Memberships } from './memberships.ts';
import { createRepurpose, type Repurpose } from './repurpose.ts';
import { createChangeScope, type ChangeScope } from './scope.ts';
import { createSwitchSync, type SwitchSync } from './sync-switch.ts';
import { createUnlock, type Unlock } from './unlock.ts';
import type { UserActionBasis } from './user-action.ts';

/** What people may do to one user. */
export interface UserActions {
  readonly editField: EditField;
  readonly memberships: Memberships;
  readonly changeScope: ChangeScope;
  readonly activation: Activation;
  readonly links: Links;
  readonly repurpose: Repurpose;
  readonly switchSync: SwitchSync;
  readonly unlock: Unlock;
}

export function createUserActions(basis: UserActionBasis, askSource: AskSource): UserActions {
  return {
    editField: createEditField(basis),
    memberships: createMemberships(basis),
    changeScope: createChangeScope(basis),
    activation: createActivation(basis, askSource),
    links: createLinks(basis),
    repurpose: createRepurpose(basis),
    switchSync: createSwitchSync(basis),
    unlock: createUnlock(basis),
  };
}
