import type { Asker } from '../domain/permissions.ts';
import { isUniqueField, type Field } from '../domain/fields.ts';
import type { SourceId, UserId } from '../domain/user.ts';
import { without } from './edit-fields.ts';
import { ActionRefusedError } from './errors.ts';
import { accountOf, linkAct } from './links.ts';
import type { UserLink, UserTx } from './ports.ts';
import { actWithin, type Act, type ActingUser, type UserActed, type UserActionBasis } from './user-action.ts';

/** *Move the link to the other user* (spec 4.10), of two users who may be the same person. */
interface MoveRequest extends Asker {
  readonly pair: readonly [UserId, UserId];
  /** Whose link moves; needed where several could. */
  readonly source: SourceId | undefined;
  readonly reason: string | undefined;
  /** What the event of the user who gets the link tells beside. */
  readonly told: Act['told'];
}

interface Moved extends Omit<UserActed, 'changed'> {
  /** Who has the link now. */
  readonly userId: UserId;
  readonly woken: readonly SourceId[];
}

/**
 * Ends one user's link and links the account to the other, as if each had been asked for by itself: the old user keeps the
 * values of the day but for unique ones, which go with the account, and only that pair is barred.
 *
 * @throws ActionRefusedError
 */
export async function moveLinkBetween(tx: UserTx, basis: UserActionBasis, request: MoveRequest): Promise<Moved> {
  await tx.lockUsers(request.pair);
  const { from, to, link } = await linkToMove(tx, request);
  const { operator, may, reason } = request;
  const dropped: Field[] = [];
  const ended = await actWithin(tx, basis.rules, { userId: from, operator, may, reason }, (user) => {
    dropped.push(...fieldsThatGo(user, link));
    return endingOf(user, link, dropped, request);
  });
  const made = await actWithin(tx, basis.rules, { userId: to, operator, may, reason }, async (user) => {
    const { source, externalId } = link;
    const act = await linkAct(basis, user, { userId: to, source, externalId, operator, may, reason });
    return act === null ? null : { ...act, told: [...(act.told ?? []), ...(request.told ?? [])] };
  });
  const lost = dropped.length === 0 ? [] : [`With the link user ${from} loses ${dropped.join(', ')}.`];
  return {
    userId: to,
    changes: made.changes,
    warnings: [...lost, ...ended.warnings, ...made.warnings],
    woken: [...new Set([...ended.woken, ...made.woken])],
  };
}

interface Move {
  readonly from: UserId;
  readonly to: UserId;
  readonly link: UserLink;
}

/** A user has one link per source (spec 4.4), so a link can only move to a user who has none of that source. */
async function linkToMove(tx: UserTx, { pair, source }: MoveRequest): Promise<Move> {
  const [a, b] = pair;
  const [ofA, ofB] = [await tx.linksOf(a), await tx.linksOf(b)];
  const movable = (from: UserId, to: UserId, own: readonly UserLink[], others: readonly UserLink[]): Move[] =>
    own.filter((link) => others.every((other) => other.source !== link.source)).map((link) => ({ from, to, link }));
  const all = [...movable(a, b, ofA, ofB), ...movable(b, a, ofB, ofA)];
  const [move, ...more] = source === undefined ? all : all.filter(({ link }) => link.source === source);
  const named = all.map(({ from, link }) => `${link.source} (${link.externalId}, of user ${from})`).join(', ');
  if (move === undefined)
    throw new ActionRefusedError(
      'answer-not-possible',
      `No such link of users ${a} and ${b} can move to the other: ${named === '' ? 'each has one of the same sources' : named} could.`,
    );
  if (more.length > 0) throw new ActionRefusedError('value-needed', `Say which link moves, by its source: ${named}.`);
  return move;
}

/** Unique values that the account supplied; the username stays, since it follows the source that created the user. */
function fieldsThatGo({ subject }: ActingUser, { source }: UserLink): Field[] {
  const slot = subject.snapshots.find((each) => each.source === source);
  return (Object.keys(slot?.values ?? {}) as Field[]).filter((field) => isUniqueField(field) && field !== 'username');
}

function endingOf(
  { tx, subject, linkedSources }: ActingUser,
  link: UserLink,
  dropped: readonly Field[],
  { operator, reason }: MoveRequest,
): Act {
  const { id } = subject.user;
  const { source } = link;
  return {
    event: { type: 'link-ended', source, account: accountOf(link) },
    snapshots: subject.snapshots.map((slot) => (slot.source === source ? dropped.reduce(without, slot) : slot)),
    linkedSources: linkedSources.filter((each) => each !== source),
    told: [{ field: `link.${source}`, before: link.externalId, after: null }],
    write: async () => {
      await tx.endLink(id, source, 'moved');
      await tx.bar(link.accountId, id, 'release', { operator, reason: reason ?? null });
      for (const field of dropped) await tx.dropSlotValue(id, source, field);
    },
  };
}
