import { managePrivilege, missingPrivileges } from '../domain/privileges.ts';
import { agentRole, type TeamId } from '../domain/user.ts';
import { ActionRefusedError } from './errors.ts';
import type { ActionRules } from './ports.ts';
import { knownGroup, said, teamNamed } from './said.ts';
import {
  actOnUser,
  type Act,
  type ActingUser,
  type UserActed,
  type UserActionBasis,
  type UserRequest,
} from './user-action.ts';
import { withWord, wordFor, type WordOfMany } from './words.ts';

/** `user role give|take|withdraw` (spec 10.3). */
interface RoleRequest extends UserRequest {
  readonly role: string;
  readonly word: WordOfMany;
}

/** `user team give|take|withdraw`, and the same of supervision (spec 11.2, 11.4). */
interface TeamRequest extends UserRequest {
  /** By name. */
  readonly team: string;
  readonly word: WordOfMany;
}

/** `user team main` (spec 11.3); null withdraws the choice. */
interface MainTeamRequest extends UserRequest {
  readonly team: string | null;
}

/** `user group` (spec 11.5); null withdraws the choice: the main team's group counts again. */
interface MemberGroupRequest extends UserRequest {
  /** By name. */
  readonly group: string | null;
}

/** What people say of a user's roles, teams, supervision and group. Each throws an ActionRefusedError. */
export interface Memberships {
  /** What a person gave is never taken by the sync, what they took is never given back. */
  role(request: RoleRequest): Promise<UserActed>;
  team(request: TeamRequest): Promise<UserActed>;
  supervision(request: TeamRequest): Promise<UserActed>;
  mainTeam(request: MainTeamRequest): Promise<UserActed>;
  memberGroup(request: MemberGroupRequest): Promise<UserActed>;
}

export function createMemberships(basis: UserActionBasis): Memberships {
  const acts = membershipActs(basis.rules);
  return {
    role: (request) => actOnUser(basis, request, (user) => acts.role(user, request)),
    team: (request) => actOnUser(basis, request, (user) => acts.team(user, request)),
    supervision: (request) => actOnUser(basis, request, (user) => acts.supervision(user, request)),
    mainTeam: (request) => actOnUser(basis, request, (user) => acts.mainTeam(user, request)),
    memberGroup: (request) =>
      actOnUser(basis, request, async (user) => {
        const { group } = request;
        const memberGroup = group === null ? null : knownGroup(await user.tx.groupTree(), group).id;
        return said(user, { ...user.subject.words, memberGroup });
      }),
  };
}

/** What these acts come to for one user, for one and for many. */
export function membershipActs(rules: ActionRules) {
  return {
    role(user: ActingUser, { role, word: asked }: Pick<RoleRequest, 'role' | 'word'>): Act | null {
      const { words, snapshots } = user.subject;
      const word = wordFor(
        asked,
        snapshots.some((slot) => slot.roles.includes(role)),
      );
      const held = user.subject.user.value.roles.some((each) => each.role === role);
      if (word === 'give' || (word === 'take' && !held)) refuseUnknownRole(role, rules.roleCatalogue);
      const reasserted = role === agentRole && word === 'take' && rules.reassertsAgentRole;
      return said(user, withWord(words, 'roles', role, word), reasserted ? [reassertWarning] : []);
    },
    team(user: ActingUser, request: Pick<TeamRequest, 'team' | 'word'>): Act | null {
      const team = teamNamed(user, request.team);
      const word = wordFor(
        request.word,
        user.subject.snapshots.some((slot) => slot.teams.includes(team)),
      );
      return said(user, withWord(user.subject.words, 'teams', team, word));
    },
    supervision(user: ActingUser, request: Pick<TeamRequest, 'team' | 'word'>): Act | null {
      const team = teamNamed(user, request.team);
      const supplied = user.subject.snapshots.some((slot) => slot.supervises.includes(team));
      const words = withWord(user.subject.words, 'supervises', team, wordFor(request.word, supplied));
      const powerless = request.word === 'give' ? privilegeWarnings(rules, user, team) : [];
      return said(user, words, [...supervisionWarnings(rules, user), ...powerless]);
    },
    mainTeam(user: ActingUser, request: Pick<MainTeamRequest, 'team'>): Act | null {
      const team = request.team === null ? null : teamNamed(user, request.team);
      refuseStranger(user, team);
      return said(user, { ...user.subject.words, mainTeam: team });
    },
  };
}

const reassertWarning = 'roles.reassert is on: the agent role comes back at the next sync.';

/** Spec 10.2: roles must exist in the catalogue. */
function refuseUnknownRole(role: string, catalogue: readonly string[]): void {
  if (catalogue.includes(role)) return;
  throw new ActionRefusedError(
    'role-unknown',
    `There is no role "${role}" in the catalogue (roles.catalogue), which has ${catalogue.join(', ')}.`,
  );
}

/** A choice counts whenever the membership is there (spec 11.3); one that would count for nothing now is a mistake. */
function refuseStranger({ subject, teamNames }: ActingUser, team: TeamId | null): void {
  const { id, value } = subject.user;
  if (team === null || value.teams.includes(team)) return;
  const name = teamNames.get(team) ?? '';
  throw new ActionRefusedError(
    'not-a-member',
    `User ${id} is no member of "${name}": \`rosterd user team give ${id} "${name}"\` comes first.`,
  );
}

/** Spec 11.4: said at the moment of editing. */
function supervisionWarnings(rules: ActionRules, { subject, linkedSources }: ActingUser): string[] {
  const { syncEnabled, syncOffSources } = subject.user;
  return linkedSources
    .filter((source) => rules.ownsSupervision(source) && syncEnabled && !syncOffSources.includes(source))
    .map(
      (source) =>
        `${source} owns the supervision of this user: what people say of it is lost at the next sync, unless the user's sync is off or the source has \`supervision: merge\`.`,
    );
}

/** Spec 10.6: a supervisor without the privileges that "can manage" needs is pointed out. */
function privilegeWarnings(rules: ActionRules, { subject }: ActingUser, team: TeamId): string[] {
  const { id, value } = subject.user;
  const roles = value.roles.map(({ role }) => role);
  if (missingPrivileges({ roles, supervises: [team] }, rules.managingRoles).length === 0) return [];
  return [
    `User ${id} has no role with the privilege "${managePrivilege}", which managing a team needs; \`rosterd role list\` shows which have it.`,
  ];
}
