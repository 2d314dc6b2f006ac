import { fold } from '../domain/text.ts';
import { agentRole, type TeamId, type Words } from '../domain/user.ts';
import { ActionRefusedError } from './errors.ts';
import {
  actOnUser,
  type Act,
  type ActingUser,
  type UserActed,
  type UserActionBasis,
  type UserRequest,
} from './user-action.ts';
import { withWord, type Word } from './words.ts';

/** `user role give|take|withdraw` (spec 10.3). */
interface RoleRequest extends UserRequest {
  readonly role: string;
  readonly word: Word;
}

/** `user team give|take|withdraw`, and the same of supervision (spec 11.2, 11.4). */
interface TeamRequest extends UserRequest {
  /** By name. */
  readonly team: string;
  readonly word: Word;
}

/** `user team main` (spec 11.3); null withdraws the choice. */
interface MainTeamRequest extends UserRequest {
  readonly team: string | null;
}

/** What people say of a user's roles, teams and supervision. Each throws an ActionRefusedError. */
export interface Memberships {
  /** What a person gave is never taken by the sync, what they took is never given back. */
  role(request: RoleRequest): Promise<UserActed>;
  team(request: TeamRequest): Promise<UserActed>;
  supervision(request: TeamRequest): Promise<UserActed>;
  mainTeam(request: MainTeamRequest): Promise<UserActed>;
}

export function createMemberships(basis: UserActionBasis): Memberships {
  return {
    role: (request) =>
      actOnUser(basis, request, (user) => {
        const { role, word } = request;
        const held = user.subject.user.value.roles.some((each) => each.role === role);
        if (word === 'give' || (word === 'take' && !held)) refuseUnknownRole(role, basis.rules.roleCatalogue);
        const reasserted = role === agentRole && word === 'take' && basis.rules.reassertsAgentRole;
        return said(user, withWord(user.subject.words, 'roles', role, word), reasserted ? [reassertWarning] : []);
      }),
    team: (request) =>
      actOnUser(basis, request, (user) => {
        const team = teamNamed(user, request.team);
        return said(user, withWord(user.subject.words, 'teams', team, request.word));
      }),
    supervision: (request) =>
      actOnUser(basis, request, (user) => {
        const team = teamNamed(user, request.team);
        const words = withWord(user.subject.words, 'supervises', team, request.word);
        return said(user, words, supervisionWarnings(basis, user));
      }),
    mainTeam: (request) =>
      actOnUser(basis, request, (user) => {
        const team = request.team === null ? null : teamNamed(user, request.team);
        refuseStranger(user, team);
        return said(user, { ...user.subject.words, mainTeam: team });
      }),
  };
}

const reassertWarning = 'roles.reassert is on: the agent role comes back at the next sync.';

/** Null where it was said before. */
function said({ subject }: ActingUser, words: Words, warnings: readonly string[] = []): Act | null {
  const sorted = (each: Words): unknown =>
    Object.values(each).map((list: unknown) => (Array.isArray(list) ? [...(list as unknown[])].sort() : list));
  if (JSON.stringify(sorted(words)) === JSON.stringify(sorted(subject.words))) return null;
  return { event: { type: 'user-changed', source: null }, words, warnings };
}

/** Spec 10.2: roles must exist in the catalogue. */
function refuseUnknownRole(role: string, catalogue: readonly string[]): void {
  if (catalogue.includes(role)) return;
  throw new ActionRefusedError(
    'role-unknown',
    `There is no role "${role}" in the catalogue (roles.catalogue), which has ${catalogue.join(', ')}.`,
  );
}

function teamNamed({ teamNames }: ActingUser, name: string): TeamId {
  const found = [...teamNames].find(([, each]) => fold(each) === fold(name));
  if (found !== undefined) return found[0];
  throw new ActionRefusedError('team-unknown', `There is no team "${name}".`);
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
function supervisionWarnings({ rules }: UserActionBasis, { subject, linkedSources }: ActingUser): string[] {
  const { syncEnabled, syncOffSources } = subject.user;
  return linkedSources
    .filter((source) => rules.ownsSupervision(source) && syncEnabled && !syncOffSources.includes(source))
    .map(
      (source) =>
        `${source} owns the supervision of this user: what people say of it is lost at the next sync, unless the user's sync is off or the source has \`supervision: merge\`.`,
    );
}
