import type { SourceId } from '../domain/user.ts';
import { ActionRefusedError } from './errors.ts';
import type { NamedAccount, UserLink } from './ports.ts';
import {
  actOnUser,
  type Act,
  type ActingUser,
  type UserActed,
  type UserActionBasis,
  type UserRequest,
} from './user-action.ts';

/** `user unlink USER SOURCE` (spec 7.1). */
interface UnlinkRequest extends UserRequest {
  readonly source: SourceId;
}

/** `user link USER SOURCE EXTERNAL-ID` (spec 7.2). */
export interface LinkRequest extends UserRequest {
  readonly source: SourceId;
  readonly externalId: string;
}

/** People's links. Each throws an ActionRefusedError. */
export interface Links {
  /**
   * Ends the link to a directory, or to an ACD that the user is no agent of any more: its values stay, and neither side links
   * there again until a person says so.
   */
  unlink(request: UnlinkRequest): Promise<UserActed>;
  /** Links explicitly and applies what the account says; lifts what held it. */
  link(request: LinkRequest): Promise<UserActed>;
}

export function createLinks(basis: UserActionBasis): Links {
  return {
    unlink: (request) => actOnUser(basis, request, (user) => unlink(user, request)),
    link: (request) => actOnUser(basis, request, (user) => linkAct(basis, user, request)),
  };
}

async function unlink({ tx, linkedSources }: ActingUser, request: UnlinkRequest): Promise<Act> {
  const { userId, source, operator, reason } = request;
  const current = (await tx.linksOf(userId)).find((each) => each.source === source);
  if (current === undefined)
    throw new ActionRefusedError('not-linked', `User ${userId} has no link to ${source}: there is nothing to end.`);
  if (!mayEnd(current))
    throw new ActionRefusedError(
      'not-a-directory',
      `${source} is an ACD that has the agent ${current.externalId}, whose link does not end by unlinking: switch the sync off for ${source}, or, when the id goes to another person, deactivate and repurpose user ${userId}. It can end once the account is gone or ${source} is retired.`,
    );
  return {
    event: { type: 'link-ended', source, account: accountOf(current) },
    linkedSources: linkedSources.filter((each) => each !== source),
    told: [{ field: `link.${source}`, before: current.externalId, after: null }],
    write: async () => {
      await tx.endLink(userId, source, 'unlinked');
      await tx.bar(current.accountId, userId, 'wait', { operator, reason: reason ?? null });
    },
  };
}

/** The link to an ACD stands as long as the ACD has the agent, unless it was a person who made it (spec 5.8). */
function mayEnd({ as, state, retired, origin }: UserLink): boolean {
  return as === 'directory' || state === 'gone' || retired || origin === 'manual';
}

export function accountOf({ accountId, externalId }: UserLink): { id: number; externalId: string } {
  return { id: accountId, externalId };
}

/** Null where the account is linked to this user already. `replacing`: the user's present link to the source ends. */
export async function linkAct(
  { rules }: UserActionBasis,
  user: ActingUser,
  request: LinkRequest,
  replacing?: UserLink,
): Promise<Act | null> {
  const { tx, linkedSources } = user;
  const { userId, source, externalId } = request;
  if (rules.rulesOf(source) === undefined)
    throw new ActionRefusedError('source-not-configured', `There is no source ${source} in the configuration.`);
  const account = await tx.lockAccount(source, externalId);
  if (account === null)
    throw new ActionRefusedError(
      'account-unknown',
      `${source} has no account ${externalId}; \`rosterd account list --source ${source}\` lists them.`,
    );
  if (account.userId === userId) return null;
  await refuseImpossibleLink(user, request, account, replacing);
  return {
    event: { type: 'link-made', source, account: { id: account.id, externalId } },
    linkedSources: [...new Set([...linkedSources, source])],
    told: [{ field: `link.${source}`, before: replacing?.externalId ?? null, after: externalId }],
    write: async () => {
      if (replacing !== undefined) {
        await tx.endLink(userId, source, 'replaced');
        const by = { operator: request.operator, reason: request.reason ?? null };
        await tx.bar(replacing.accountId, userId, 'release', by);
      }
      await tx.liftHolds(account.id, userId);
      await tx.insertLinks([{ accountId: account.id, userId, origin: 'manual', rule: null }], source, null);
    },
    apply: [source],
  };
}

async function refuseImpossibleLink(
  { tx }: ActingUser,
  { userId, source, externalId }: LinkRequest,
  account: NamedAccount,
  replacing: UserLink | undefined,
): Promise<void> {
  const own = (await tx.linksOf(userId)).find((each) => each.source === source);
  if (own !== undefined && own.accountId !== replacing?.accountId)
    throw new ActionRefusedError(
      'already-linked',
      `User ${userId} is linked to ${source} ${own.externalId} already: end that link first.`,
    );
  if (account.userId !== null)
    throw new ActionRefusedError(
      'account-linked',
      `${source} ${externalId} is linked to ${await tx.nameOfUser(account.userId)}: end that link first.`,
    );
  if (account.gone)
    throw new ActionRefusedError('account-gone', `${source} ${externalId} is gone: there is nothing to link to.`);
  if (account.ignored)
    throw new ActionRefusedError(
      'account-ignored',
      `${source} ${externalId} is ignored: \`rosterd account unignore ${source} ${externalId}\` comes first.`,
    );
}
