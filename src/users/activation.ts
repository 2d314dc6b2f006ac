import type { Lookup } from '../connector-kit/contract.ts';
import type { SourceId, UserId } from '../domain/user.ts';
import { ActionRefusedError } from './errors.ts';
import type { ShownChange } from './events.ts';
import type { UserLink } from './ports.ts';
import {
  actOnUser,
  type Act,
  type ActingUser,
  type UserActed,
  type UserActionBasis,
  type UserRequest,
} from './user-action.ts';

/** `user deactivate` (spec 9.3). */
interface DeactivationRequest extends UserRequest {
  /** Although the ACD still has the agent; needs the permission override-acd-presence. */
  readonly insist?: boolean | undefined;
}

/**
 * Asks a source about one account, now. `unsupported` where it cannot be asked (files, and sources that are not configured
 * or not enabled). Throws where the source cannot be reached.
 */
export type AskSource = (source: SourceId, externalId: string) => Promise<Lookup>;

/** People's activation and deactivation, which only they do (spec 9.1). Each throws an ActionRefusedError. */
export interface Activation {
  deactivate(request: DeactivationRequest): Promise<UserActed>;
  /** Applies at once what the sources say now (spec 9.5). */
  activate(request: UserRequest): Promise<UserActed>;
}

export function createActivation(basis: UserActionBasis, askSource: AskSource): Activation {
  return {
    async deactivate(request) {
      if (request.insist === true && request.reason === undefined)
        throw new ActionRefusedError('reason-required', 'Insisting on a deactivation needs a reason.');
      const asked = await askAbout(basis, askSource, request);
      return actOnUser(basis, request, (user) => deactivate(user, request, asked));
    },
    activate: (request) => actOnUser(basis, request, activate),
  };
}

/**
 * Asks about the user's living ACD accounts, `except` one that now belongs to another person. Before the transaction: an
 * answer may take seconds, and a lock must not.
 */
export function askAbout(
  basis: UserActionBasis,
  askSource: AskSource,
  { operator, userId }: UserRequest,
  except?: number,
): Promise<ReadonlyMap<string, Answer>> {
  return askAboutAll(basis, askSource, { operator, userIds: [userId] }, except);
}

/** The same of many users. */
export async function askAboutAll(
  { store }: UserActionBasis,
  askSource: AskSource,
  { operator, userIds }: { readonly operator: string; readonly userIds: readonly UserId[] },
  except?: number,
): Promise<ReadonlyMap<string, Answer>> {
  const links = await store.transaction(operator, 'drop', (tx) => tx.linksOfAll(userIds));
  const asked = new Map<string, Answer>();
  // A source that cannot be asked about one account, or does not answer, is not asked about the next hundred.
  const silent = new Map<SourceId, Answer>();
  for (const link of [...links.values()].flat()) {
    if (!forbids(link) || link.accountId === except) continue;
    const answer = silent.get(link.source) ?? (await ask(askSource, link));
    if ('unreachable' in answer || answer.said === 'unsupported') silent.set(link.source, answer);
    asked.set(identity(link), answer);
  }
  return asked;
}

/** What a source said of an account, or why it could not be asked. */
type Answer = { readonly said: Lookup } | { readonly unreachable: string };

async function ask(askSource: AskSource, { source, externalId }: UserLink): Promise<Answer> {
  try {
    return { said: await askSource(source, externalId) };
  } catch (error) {
    return { unreachable: error instanceof Error ? error.message : String(error) };
  }
}

/** A linked ACD account that, as far as is known, is living; those of a retired source do not count (spec 9.3). */
function forbids(link: UserLink): boolean {
  return link.as === 'acd' && !link.retired && link.state === 'present';
}

function identity({ source, externalId }: Pick<UserLink, 'source' | 'externalId'>): string {
  return `${source} ${externalId}`;
}

/** Null where the user is inactive already. `except`: an account that now belongs to another person (spec 9.3). */
export async function deactivate(
  { tx, subject }: ActingUser,
  { insist }: Pick<DeactivationRequest, 'insist'>,
  asked: ReadonlyMap<string, Answer>,
  except?: number,
): Promise<Act | null> {
  const userId = subject.user.id;
  if (!subject.user.active) return null;
  const living = (await tx.linksOf(userId)).filter((link) => forbids(link) && link.accountId !== except);
  const overridden: string[] = [];
  const answers: ShownChange[] = [];
  for (const link of living) {
    const refusal = refusalOf(userId, link, asked.get(identity(link)));
    if (refusal === null) answers.push(evidenceOf(link, asked.get(identity(link))));
    else if (insist === true) overridden.push(`${link.source} ${link.externalId}`);
    else throw refusal;
  }
  const insisted = { field: 'insistedAgainst', before: null, after: overridden };
  return {
    event: { type: 'deactivated', source: null },
    told: [{ field: 'active', before: 'yes', after: 'no' }, ...answers, ...(overridden.length > 0 ? [insisted] : [])],
    write: () => tx.setActive(userId, false),
  };
}

/** What the source has just said, beside what the last import knew (spec 3.1: an answer is evidence by itself). */
function evidenceOf({ source, externalId, goneRefused }: UserLink, answer: Answer | undefined): ShownChange {
  const said = answer !== undefined && 'said' in answer ? answer.said : null;
  const after = said === 'unsupported' && goneRefused ? 'absent' : said;
  return { field: `account.${source}.${externalId}`, before: 'present', after };
}

function refusalOf(userId: number, link: UserLink, answer: Answer | undefined): ActionRefusedError | null {
  const { source, externalId } = link;
  if (answer !== undefined && 'unreachable' in answer)
    return new ActionRefusedError(
      'source-unreachable',
      `Whether ${source} still has the agent ${externalId} could not be asked (${answer.unreachable}): user ${userId} stays active. Try again when ${source} answers.`,
    );
  if (answer !== undefined && (answer.said === 'absent' || answer.said === 'disabled')) return null;
  // That the account is gone was refused, and a file cannot be asked: its last complete import is its answer (spec 9.3).
  if (answer?.said === 'unsupported' && link.goneRefused) return null;
  const known = answer?.said === 'present' ? 'has' : 'had, in its last complete import,';
  return new ActionRefusedError(
    'acd-still-has-the-agent',
    `${source} still ${known} the agent ${externalId} of user ${userId}: delete the user in the ACD first${
      answer?.said === 'present' ? '' : ', then let it be read'
    }.`,
  );
}

/** Null where the user is active already. */
export function activate({ tx, subject, linkedSources }: ActingUser): Act | null {
  const { id, active } = subject.user;
  if (active) return null;
  return {
    event: { type: 'activated', source: null },
    told: [{ field: 'active', before: 'no', after: 'yes' }],
    write: () => tx.setActive(id, true),
    apply: linkedSources,
  };
}
