import type { Field } from '../domain/fields.ts';
import { fold, normalise } from '../domain/text.ts';
import type { Snapshot, SourceId, UserValue, Words } from '../domain/user.ts';
import { valueProblem } from '../domain/field-values.ts';
import { without } from './edit-fields.ts';
import { ActionRefusedError } from './errors.ts';
import { accountOf } from './links.ts';
import type { UserLink } from './ports.ts';
import {
  actOnUser,
  type Act,
  type ActingUser,
  type UserActed,
  type UserActionBasis,
  type UserRequest,
} from './user-action.ts';
import { withValue } from './words.ts';

/** `user repurpose USER [SOURCE]` (spec 8.2). */
interface RepurposeRequest extends UserRequest {
  /** Needed where several links could be meant. */
  readonly source?: SourceId | undefined;
  /** The username that the old user keeps, as the person has typed it; only a preview goes without. */
  readonly username?: string | undefined;
}

export type Repurpose = (request: RepurposeRequest) => Promise<UserActed>;

/**
 * Lets the account of an inactive user go to its next owner: the link ends, only this pair is barred, and everything unique
 * that came from the account leaves the old user. The next run links the account to whom it matches, or creates them.
 *
 * @throws ActionRefusedError
 */
export function createRepurpose(basis: UserActionBasis): Repurpose {
  return (request) =>
    actOnUser(basis, request, async (user) => {
      const link = await linkToEnd(basis, user, request.source);
      refuseActive(user);
      return repurpose(user, request, link);
    });
}

async function linkToEnd(
  { rules }: UserActionBasis,
  { tx, subject }: ActingUser,
  source: SourceId | undefined,
): Promise<UserLink> {
  const { id } = subject.user;
  const links = await tx.linksOf(id);
  const named = source === undefined ? links : links.filter((link) => link.source === source);
  const [link, ...others] = named.filter((each) => rules.hasReusableIds(each.source));
  if (link === undefined)
    throw new ActionRefusedError(
      named.length === 0 ? 'not-linked' : 'ids-not-reusable',
      named.length === 0
        ? `User ${id} has no link${source === undefined ? '' : ` to ${source}`}.`
        : `Only an account of an Avaya, or of a file with \`idsLike: avaya\`, is given to another person; user ${id} has none of ${named.map((each) => each.source).join(', ')} that is.`,
    );
  if (others.length === 0) return link;
  const sources = [link, ...others].map((each) => each.source).join(', ');
  throw new ActionRefusedError('source-needed', `User ${id} has such links to ${sources}: say which one ends.`);
}

function refuseActive({ subject }: ActingUser): void {
  const { id, active } = subject.user;
  if (!active) return;
  throw new ActionRefusedError('user-active', `User ${id} is active: deactivate first, then repurpose.`);
}

/** What it comes to, for a user who is inactive, or becomes so by the same act (spec 8.3, *new person*). */
export function repurpose({ tx, subject, linkedSources }: ActingUser, request: RepurposeRequest, link: UserLink): Act {
  const { userId, operator, reason } = request;
  const slot = subject.snapshots.find((each) => each.source === link.source);
  const { username: present } = subject.user.value.fields;
  const username = keptUsername(request, link, present);
  const carried = carriedFields(subject.user.value, link, slot);
  const released = username === present ? carried.filter((field) => field !== 'username') : carried;
  const dropped = released.filter((field) => slot?.values[field] !== undefined);
  const words = released.reduce(withoutSaid, subject.words);
  return {
    event: { type: 'link-ended', source: link.source, account: accountOf(link) },
    words: username === present ? words : withValue(words, 'overrides', 'username', username),
    snapshots: subject.snapshots.map((each) => (each === slot ? dropped.reduce(without, slot) : each)),
    linkedSources: linkedSources.filter((source) => source !== link.source),
    told: [{ field: `link.${link.source}`, before: link.externalId, after: null }],
    write: async () => {
      await tx.endLink(userId, link.source, 'repurposed');
      await tx.bar(link.accountId, userId, 'release', { operator, reason: reason ?? null });
      for (const field of dropped) await tx.dropSlotValue(userId, link.source, field);
    },
    warnings:
      request.username === undefined && carried.includes('username')
        ? [`The username "${present ?? ''}" goes with the id: user ${userId} has to keep another one.`]
        : [],
  };
}

/** What a person has said of a field that goes with the account goes with it. */
function withoutSaid(words: Words, field: Field): Words {
  return withValue(withValue(words, 'overrides', field, null), 'localValues', field, null);
}

/** The unique values that came with the account: its id and whatever is a copy of it (spec 8.2). */
function carriedFields({ fields }: UserValue, { externalId }: UserLink, slot: Snapshot | undefined): Field[] {
  const ids = [externalId, slot?.values.acdId].flatMap((id) => (id === undefined ? [] : [fold(id)]));
  const candidates: Field[] = ['acdId', 'attribute.agentId', 'employeeId', 'username'];
  return candidates.filter((field) => ids.includes(fold(fields[field] ?? '')));
}

/** It must be another than the id that the account takes with it. A preview goes with the present one. */
function keptUsername(request: RepurposeRequest, link: UserLink, present: string | undefined): string {
  const { username, userId, preview } = request;
  if (username === undefined && preview === true) return present ?? '';
  const name = normalise(username ?? '');
  const problem = valueProblem('username', name);
  if (problem !== null) throw new ActionRefusedError('value-invalid', `username ${problem}.`);
  if (fold(name) === fold(link.externalId))
    throw new ActionRefusedError(
      'username-needed',
      `"${name}" is the id that goes to the next owner: type another username for user ${userId} to keep.`,
    );
  return name;
}
