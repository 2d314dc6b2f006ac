import type { Asker } from '../domain/permissions.ts';
import { isField } from '../domain/fields.ts';
import { answersOf, asksTogether, type PerAnswer } from '../domain/review-answers.ts';
import { normalise } from '../domain/text.ts';
import { activate, askAbout, deactivate, type AskSource } from './activation.ts';
import { setField } from './edit-fields.ts';
import { moveLinkBetween } from './duplicate-link.ts';
import { ActionRefusedError } from './errors.ts';
import { linkAct } from './links.ts';
import type { LockedItem, UserTx } from './ports.ts';
import { repurpose } from './repurpose.ts';
import { answerRole, answerTeamName, concernedSentences } from './review-names.ts';
import { actOnUser, type Act, type ActingUser, type UserActionBasis } from './user-action.ts';
import type { ShownChange } from './events.ts';

/** `review resolve ITEM ANSWER [VALUE]` (spec 4.10). */
interface AnswerRequest extends Asker {
  readonly item: number;
  readonly answer: string;
  /** What the answer needs beside: see {@link Reviews}. */
  readonly value?: string | undefined;
  /** The user whom the value names, for *this user*. */
  readonly userId?: number | undefined;
  readonly reason?: string | undefined;
  readonly preview?: boolean | undefined;
}

/** What an answer has changed or, as a preview, would change. */
interface Answered {
  readonly item: number;
  readonly kind: string;
  readonly answer: string;
  /** The user whom it changed; null where the next reconcile does what was answered. */
  readonly userId: number | null;
  readonly changes: readonly ShownChange[];
  readonly warnings: readonly string[];
}

/** People's answers to review items. */
export interface Reviews {
  /**
   * Does what the answer says and closes the item, in one transaction. `value` is: for *this user* the user, for *new person*
   * the username that the old user keeps, for *another value* that value; for *new user* and *ignore* of a question about
   * several accounts the external id of the one that is meant; for *map to* the role or team, for *create* the team's name;
   * for *move link* the source whose link it is, where several could move.
   *
   * @throws ActionRefusedError
   */
  resolve(request: AnswerRequest): Promise<Answered>;
}

/** One question with what was asked. */
interface Question {
  readonly basis: UserActionBasis;
  readonly askSource: AskSource;
  readonly request: AnswerRequest;
  readonly item: LockedItem;
}

type Answer = (question: Question) => Promise<Answered>;

const ofAccounts = { ignore: ignoreAnswer, 'separate-user': separateAnswer } as const;

const answers: PerAnswer<Answer> = {
  'ambiguous-match': { 'this-user': thisUser, 'new-user': separateAnswer, ignore: ignoreAnswer },
  'already-linked': { 'replace-link': replaceLink, ...ofAccounts },
  'inactive-match': { 'link-inactive': linkInactive, reactivate, ...ofAccounts },
  'possible-id-reuse': { 'same-person': samePerson, 'new-person': newPerson },
  'unique-taken': { 'another-value': anotherValue, 'link-to-holder': linkToHolder, ignore: ignoreTaken },
  'unknown-role': { 'map-to': roleAnswer, ignore: roleAnswer },
  'team-name-taken': { 'map-to': teamAnswer, create: teamAnswer, ignore: teamAnswer },
  'possible-duplicate': { 'move-link': moveLink, 'not-the-same': notTheSame },
  'contradicted-match': {
    'this-user': thisUser,
    'new-user': separateAnswer,
    ignore: ignoreAnswer,
    'same-people': togetherAnswer,
    'ask-about-each': togetherAnswer,
  },
  'shared-value': { 'identifies-nobody': sharedAnswer, 'ask-about-each': sharedAnswer },
};

function answerTo(item: LockedItem, answer: string): Answer | undefined {
  const ofKind: Readonly<Partial<Record<string, Readonly<Partial<Record<string, Answer>>>>>> = answers;
  return answersOf(item).includes(answer) ? ofKind[item.kind]?.[answer] : undefined;
}

export function createReviews(basis: UserActionBasis, askSource: AskSource): Reviews {
  return {
    async resolve(request) {
      const item = await basis.store.transaction(request.operator, 'drop', (tx) => openItem(tx, request));
      const answer = answerTo(item, request.answer);
      if (answer === undefined)
        throw new ActionRefusedError(
          'answer-unknown',
          `Item ${String(item.id)}, ${item.kind}, takes no answer ${request.answer}: ${answersOf(item).join(', ') || 'none yet'}.`,
        );
      return answer({ basis, askSource, request, item });
    },
  };
}

/** The item under lock, as long as it asks what it asked (spec 4.10). */
async function openItem(tx: UserTx, { item: id, operator }: AnswerRequest): Promise<LockedItem> {
  const item = await tx.lockItem(id, operator);
  if (item === null) throw new ActionRefusedError('item-unknown', `There is no review item ${String(id)}.`);
  if (!item.open && item.successor !== null)
    throw new ActionRefusedError(
      'evidence-changed',
      `What item ${String(id)} asked about has changed; item ${String(item.successor.id)} asks now: ${JSON.stringify(item.successor.evidence)}`,
    );
  if (item.answered !== null) {
    const { answer, by, at } = item.answered;
    throw new ActionRefusedError('item-closed', `Item ${String(id)} was answered by ${by} at ${at}: ${answer}.`);
  }
  if (!item.open)
    throw new ActionRefusedError('item-closed', `Item ${String(id)} is closed: the question no longer arises.`);
  // What a value that many share says of each of them is no part of the question.
  const changed = item.kind === 'shared-value' ? undefined : item.accounts.find((account) => account.changed);
  if (changed !== undefined)
    throw new ActionRefusedError(
      'evidence-changed',
      `${changed.source} ${changed.externalId} says something else than item ${String(id)} was asked about, and is decided on anew first: ${JSON.stringify(changed.content.values)}`,
    );
  return item;
}

/** Does what an answer comes to for one user, and closes the item in the same transaction. */
async function answerForUser(
  { basis, request, item }: Question,
  userId: number,
  decide: (user: ActingUser, also: ShownChange[]) => Promise<Act | null> | Act | null,
): Promise<Answered> {
  // What else is done, and has an event of its own.
  const also: ShownChange[] = [];
  const { reason, operator, may, preview } = request;
  const acted = await actOnUser(basis, { userId, operator, may, reason, preview }, async (user) => {
    const locked = await openItem(user.tx, request);
    const act = (await decide(user, also)) ?? { event: { type: 'review-answered', source: item.source } };
    return {
      ...act,
      told: [...(act.told ?? []), toldAnswer(item, request.answer)],
      write: async () => {
        await act.write?.();
        await user.tx.answerItem(locked, request.answer, operator);
      },
    };
  });
  if (preview !== true) await basis.requestReconcile(sourcesOf(item));
  const { changes, warnings } = acted;
  return { item: item.id, kind: item.kind, answer: request.answer, userId, changes: [...changes, ...also], warnings };
}

/** An answer that changes nobody by itself: the reconcile that follows does. */
async function answerForAccounts(
  { basis, request, item }: Question,
  write: (tx: UserTx) => Promise<readonly string[] | undefined>,
): Promise<Answered> {
  const { operator, may, reason, preview } = request;
  const warnings = await basis.store.transaction(operator, preview === true ? 'drop' : 'keep', async (tx) => {
    const locked = await openItem(tx, request);
    const told = await write(tx);
    await tx.answerItem(locked, request.answer, operator);
    const [first] = item.accounts;
    await tx.appendEvent({
      ...{ operator, may, type: 'review-answered', source: item.source, userId: item.userIds[0] ?? null },
      ...(first === undefined ? {} : { account: { id: first.id, externalId: first.externalId } }),
      changes: [toldAnswer(item, [request.answer, ...settled(item, request)].join(' '))],
      reason: reason ?? null,
    });
    return told ?? [];
  });
  if (preview !== true) await basis.requestReconcile(sourcesOf(item));
  return { item: item.id, kind: item.kind, answer: request.answer, userId: null, changes: [], warnings };
}

/** What a name means from now on is told with the answer. */
function settled({ accounts }: LockedItem, { value }: AnswerRequest): string[] {
  return accounts.length > 0 || value === undefined ? [] : [value];
}

function toldAnswer(item: LockedItem, answer: string): ShownChange {
  return { field: `review.${item.kind}`, before: null, after: answer };
}

function sourcesOf(item: LockedItem): string[] {
  const own = item.source === null ? [] : [item.source];
  return [...new Set([...item.accounts.map((account) => account.source), ...own])];
}

/** The account that is meant: the only one, or the one that the value names. */
function accountOf({ item, request }: Question): LockedItem['accounts'][number] {
  const [only, ...others] = item.accounts;
  const named = others.length === 0 ? only : item.accounts.find((each) => each.externalId === request.value);
  if (named !== undefined) return named;
  const ids = item.accounts.map((each) => each.externalId).join(', ');
  throw new ActionRefusedError('value-needed', `Item ${String(item.id)} is about several accounts, ${ids}: say which.`);
}

function userOf({ item }: Question): number {
  const [user] = item.userIds;
  if (user === undefined) throw notPossible(item, 'it names no user');
  return user;
}

function notPossible(item: LockedItem, why: string): ActionRefusedError {
  return new ActionRefusedError('answer-not-possible', `Item ${String(item.id)} cannot be answered so: ${why}.`);
}

/** Both names are one person's: what the account says is applied, as far as nothing else holds it. */
function samePerson(question: Question): Promise<Answered> {
  const account = accountOf(question);
  const userId = userOf(question);
  return answerForUser(question, userId, ({ tx }) => ({
    event: { type: 'review-answered', source: account.source, account },
    write: () => tx.acceptNames(account.id, userId),
    apply: [account.source],
  }));
}

/** The account is somebody else's now: the old user is deactivated and lets go of it, the next run finds the new one. */
async function newPerson(question: Question): Promise<Answered> {
  const { basis, askSource, request } = question;
  const account = accountOf(question);
  const userId = userOf(question);
  const { operator, may, reason, preview } = request;
  const asked = await askAbout(basis, askSource, { userId, operator, may }, account.id);
  return answerForUser(question, userId, async (user, also) => {
    const ending = await deactivate(user, {}, asked, account.id);
    const link = (await user.tx.linksOf(userId)).find((each) => each.accountId === account.id);
    if (link === undefined) throw notPossible(question.item, `user ${String(userId)} is linked to it no longer`);
    also.push(...(ending?.told ?? []));
    const act = repurpose(user, { userId, operator, may, reason, preview, username: keptName(question, user) }, link);
    return {
      ...act,
      write: async () => {
        await alsoDone(user, question, userId, ending);
        await act.write?.();
      },
    };
  });
}

/** What an answer does beside has an event of its own, so that it is found where one looks for it: `activated`, `deactivated`. */
async function alsoDone(
  { tx }: ActingUser,
  { request: { operator, may, reason } }: Question,
  userId: number,
  act: Act | null,
): Promise<void> {
  if (act === null) return;
  await act.write?.();
  await tx.appendEvent({ ...act.event, operator, may, userId, changes: act.told ?? [], reason: reason ?? null });
}

/** What the old user keeps: as typed, else the present username. */
function keptName({ request }: Question, { subject }: ActingUser): string | undefined {
  return request.value ?? (request.preview === true ? undefined : subject.user.value.fields.username);
}

function thisUser(question: Question): Promise<Answered> {
  const { item, request } = question;
  const [only, ...moreUsers] = item.userIds;
  const userId = request.userId ?? (request.value === undefined && moreUsers.length === 0 ? only : undefined);
  const [account, ...others] = item.accounts;
  if (userId === undefined)
    throw new ActionRefusedError('value-needed', 'Say which user: an id or a username, as the value of the answer.');
  if (account === undefined || others.length > 0)
    throw notPossible(item, 'it is about several accounts; link one with `rosterd user link`');
  return linkTo(question, userId);
}

function linkTo(
  question: Question,
  userId: number,
  more: (user: ActingUser) => Act | null = () => null,
): Promise<Answered> {
  const { basis, request } = question;
  const { source, externalId } = accountOf(question);
  const { operator, may, reason } = request;
  return answerForUser(question, userId, async (user, also) => {
    const act = await linkAct(basis, user, { userId, source, externalId, operator, may, reason });
    const beside = more(user);
    if (act === null || beside === null) return act;
    also.push(...(beside.told ?? []));
    return {
      ...act,
      apply: [...(act.apply ?? []), ...(beside.apply ?? [])],
      write: async () => {
        await alsoDone(user, question, userId, beside);
        await act.write?.();
      },
    };
  });
}

function linkInactive(question: Question): Promise<Answered> {
  return linkTo(question, userOf(question));
}

function reactivate(question: Question): Promise<Answered> {
  return linkTo(question, userOf(question), activate);
}

function replaceLink(question: Question): Promise<Answered> {
  const { basis, request, item } = question;
  const { source, externalId } = accountOf(question);
  const [userId, ...others] = item.userIds;
  if (userId === undefined || others.length > 0) throw notPossible(item, 'it does not name exactly one user');
  const { operator, may, reason } = request;
  return answerForUser(question, userId, async (user) => {
    const present = (await user.tx.linksOf(userId)).find((link) => link.source === source);
    return linkAct(basis, user, { userId, source, externalId, operator, may, reason }, present);
  });
}

/**
 * The account is none of these users, nor any of the other accounts: it creates its own user where its source creates users, and
 * stays unmatched elsewhere.
 */
function separateAnswer(question: Question): Promise<Answered> {
  const { request, item } = question;
  const account = accountOf(question);
  const by = { operator: request.operator, reason: request.reason ?? null };
  return answerForAccounts(question, async (tx) => {
    for (const userId of item.userIds) await tx.bar(account.id, userId, 'release', by);
    if (item.accounts.length > 1) await tx.sayOfItsOwn(account.id, by);
  });
}

/** All contradicted matches of the source that nobody is asked about one by one (spec 4.12). */
function togetherAnswer(question: Question): Promise<Answered> {
  const { request, item } = question;
  const { source } = item;
  if (source === null || !asksTogether(item)) throw notPossible(item, 'it is about one account');
  const by = { operator: request.operator, reason: request.reason ?? null };
  const said = request.answer === 'same-people' ? 'same' : 'each';
  return answerForAccounts(question, async (tx) => {
    await tx.sayTogether(source, said, by);
  });
}

/** Whether a value that many share identifies anybody (spec 4.11). */
function sharedAnswer(question: Question): Promise<Answered> {
  const { request, item } = question;
  const { key } = item.evidence;
  const { source } = item;
  if (source === null || typeof key !== 'string') throw new Error('the question about a value does not say which');
  const by = { operator: request.operator, reason: request.reason ?? null };
  const answer = request.answer === 'ask-about-each' ? 'each' : 'nobody';
  return answerForAccounts(question, async (tx) => {
    await tx.answerShared({ source, key }, answer, by);
    // Where it identifies somebody again, everybody who has it is asked about.
    await tx.wakeByKeys([key]);
  });
}

function ignoreAnswer(question: Question): Promise<Answered> {
  const account = accountOf(question);
  const { operator, reason } = question.request;
  return answerForAccounts(question, async (tx) => {
    await tx.ignoreAccount(account.id, { operator, reason: reason ?? null });
  });
}

/** Whom the account that wants the name belongs to; null for one that would create a user. */
function wantingUser({ item }: Question): number | null {
  const { user } = item.evidence;
  return typeof user === 'number' ? user : null;
}

function anotherValue(question: Question): Promise<Answered> {
  const { item, request } = question;
  const [userId, field] = [wantingUser(question), item.part ?? ''];
  if (userId === null) throw notPossible(item, 'its account has no user yet; change the value of the one who has it');
  if (request.value === undefined || !isField(field))
    throw new ActionRefusedError('value-needed', `Say which ${field} user ${String(userId)} gets instead.`);
  const value = normalise(request.value);
  return answerForUser(question, userId, (user) => setField(user, field, value));
}

function linkToHolder(question: Question): Promise<Answered> {
  const { item } = question;
  if (wantingUser(question) !== null) throw notPossible(item, 'its account is linked to another user already');
  return linkTo(question, userOf(question));
}

function ignoreTaken(question: Question): Promise<Answered> {
  const { item, request } = question;
  if (wantingUser(question) === null || item.part === null) return ignoreAnswer(question);
  const { part } = item;
  const account = accountOf(question);
  const by = { operator: request.operator, reason: request.reason ?? null };
  return answerForAccounts(question, async (tx) => {
    await tx.refusePart(account.id, part, `answer to item ${String(item.id)}`, by);
  });
}

function teamAnswer(question: Question): Promise<Answered> {
  const { item, request } = question;
  const { answer, value } = request;
  return answerForAccounts(question, async (tx) => {
    const concerned = await concernedSentences(tx, item, request.operator);
    await answerTeamName(tx, { item, answer, value }, request);
    return concerned;
  });
}

function roleAnswer(question: Question): Promise<Answered> {
  const { basis, item, request } = question;
  const { answer, value, operator, reason = null } = request;
  return answerForAccounts(question, async (tx) => {
    const concerned = await concernedSentences(tx, item, operator);
    await answerRole(tx, { item, answer, value }, basis.rules.roleCatalogue, { operator, reason });
    return concerned;
  });
}

/** The account is the other user's. */
async function moveLink({ basis, request, item }: Question): Promise<Answered> {
  const [a, b] = item.userIds;
  if (a === undefined || b === undefined) throw notPossible(item, 'it does not name two users');
  const { operator, may, reason, preview, answer, value: source } = request;
  const { woken, ...moved } = await basis.store.transaction(
    operator,
    preview === true ? 'drop' : 'keep',
    async (tx) => {
      const locked = await openItem(tx, request);
      const told = [toldAnswer(item, answer)];
      const done = await moveLinkBetween(tx, basis, { pair: [a, b], source, operator, may, reason, told });
      await tx.answerItem(locked, answer, operator);
      return done;
    },
  );
  if (preview !== true) await basis.requestReconcile(woken);
  return { item: item.id, kind: item.kind, answer, ...moved };
}

function notTheSame(question: Question): Promise<Answered> {
  return answerForAccounts(question, () => Promise.resolve(undefined));
}
