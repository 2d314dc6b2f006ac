import { bidderOf, keysBefore } from '../apply/decisions.ts';
import type { ClaimWrite } from '../apply/ports.ts';
import type { Change } from '../domain/change.ts';
import { claimKey } from '../domain/claim.ts';
import type { UniqueField } from '../domain/fields.ts';
import type { Permission } from '../domain/permissions.ts';
import type { TeamNames } from '../domain/fold.ts';
import type { SourceId, TeamId, UserId } from '../domain/user.ts';
import { resolveBids, type Bidder } from '../reconcile/bids.ts';
import type { Subject } from '../reconcile/decide.ts';
import { userKeys } from '../reconcile/match-keys.ts';
import type { TeamBindings } from '../reconcile/project.ts';
import type { SourceRules } from '../reconcile/rules.ts';
import { decideUndo, type KeptChange, type UndoDecision } from '../reconcile/undo.ts';
import { ActionRefusedError } from './errors.ts';
import type { RequestReconcile } from './events.ts';
import { refuseUnpermitted } from '../domain/permitted.ts';
import type { ActionRules } from './ports.ts';
import {
  mostNamed,
  type Undo,
  type UndoableEvent,
  type UndoneLink,
  type UndoneUser,
  type Undone,
  type UndoRequest,
  type UndoStep,
  type UndoStore,
  type UndoTarget,
  type UndoTransaction,
  type UndoWatch,
  type UndoWrite,
} from './undo-ports.ts';
import { undoPolicyRun } from './undo-policy.ts';
import { isOfMany, policyMoved, undoSteps } from './undo-steps.ts';

/** Undoes batch by batch; what was undone before a crash is found to be back already when it is asked for again. */
export function createUndo(
  store: UndoStore,
  rules: Pick<ActionRules, 'rulesOf' | 'allMatchRules'>,
  requestReconcile: RequestReconcile,
  batchSize: number,
  /** What undoes people's acts by their event; each gives null for an event of another kind. */
  ofPeople: readonly ((request: UndoRequest, event: number) => Promise<Undone | null>)[],
): Undo {
  return async (request, watch) => {
    if ('event' in request.target)
      for (const undo of ofPeople) {
        const undone = await undo(request, request.target.event);
        if (undone !== null) return undone;
      }
    const moved = await policyMoved(store, request.target);
    if (moved !== null) return undoPolicyRun(store, request, moved, requestReconcile, batchSize, watch);
    // Of several decisions on one user the later goes back first: a preview has to carry that out to see the earlier.
    if (request.preview && 'since' in request.target)
      return store.dropping(request.operator, async (dropped) => {
        const shown = new Undoing(dropped, rules, { ...request, preview: false }, true);
        await undoAll(shown, dropped, request.target, batchSize, watch);
        return shown.result();
      });
    // Whole batches are kept: who may not do all of it hears so before the first.
    if (!request.preview && !everythingOfUndo.every((permission) => request.may.has(permission)))
      await undoAll(new Undoing(store, rules, { ...request, preview: true }), store, request.target, batchSize, watch);
    const work = new Undoing(store, rules, request);
    await undoAll(work, store, request.target, batchSize, watch);
    if (!request.preview && work.sources.size > 0) await requestReconcile([...work.sources].sort());
    return work.result();
  };
}

/** What undoing decisions of the sync can need, by what they did. */
const everythingOfUndo: readonly Permission[] = ['edit-users', 'assign-user-roles', 'activate', 'edit-qm-views'];

async function undoAll(
  work: Undoing,
  store: UndoStore,
  target: UndoTarget,
  batchSize: number,
  watch: UndoWatch | undefined,
): Promise<void> {
  for await (const batch of undoSteps(store, target, batchSize)) {
    watch?.signal.throwIfAborted();
    await work.batch(batch, false);
    watch?.wentThrough(batch.length);
  }
  await work.batch(work.deferred, true);
}

/** A user of a batch, as far as it has been decided. */
interface Candidate {
  readonly event: UndoableEvent;
  readonly subject: Subject;
  readonly linkedSources: readonly SourceId[];
  readonly links: readonly UndoneLink[];
}

interface Decided extends Candidate {
  readonly decision: UndoDecision;
  readonly bidder: Bidder;
}

interface World {
  readonly teamNames: TeamNames;
  readonly bindings: ReadonlyMap<SourceId, TeamBindings>;
  readonly rules: ReadonlyMap<SourceId, SourceRules>;
  readonly now: string;
}

/** One undo under way. */
class Undoing {
  readonly sources = new Set<SourceId>();
  /** Users whose former unique name somebody else has: decided once more at the end, together. */
  deferred: UndoStep[] = [];
  readonly #store: UndoStore;
  readonly #rules: Pick<ActionRules, 'rulesOf' | 'allMatchRules'>;
  readonly #request: UndoRequest;
  readonly #counts = { linksEnded: 0, deactivated: 0 };
  /** Of several decisions on one user, what became of all of them. */
  readonly #outcomes = new Map<UserId, UndoneUser['outcome']>();
  readonly #namesAll: boolean;
  readonly #named: UndoneUser[] = [];
  /** Names that a preview has seen go, by who gave them up: the store still has them there. */
  readonly #freed = new Map<string, UserId>();

  constructor(
    store: UndoStore,
    rules: Pick<ActionRules, 'rulesOf' | 'allMatchRules'>,
    request: UndoRequest,
    namesAll = !isOfMany(request.target),
  ) {
    this.#namesAll = namesAll;
    this.#store = store;
    this.#rules = rules;
    this.#request = request;
  }

  result(): Undone {
    const outcomes = [...this.#outcomes.values()];
    const of = (outcome: UndoneUser['outcome']): number => outcomes.filter((each) => each === outcome).length;
    const users = { back: of('back'), partly: of('partly'), untouched: of('untouched'), already: of('already') };
    return { counts: { ...users, ...this.#counts }, named: this.#named, told: [] };
  }

  async batch(batch: readonly UndoStep[], last: boolean): Promise<void> {
    if (batch.length === 0) return;
    const { operator, preview } = this.#request;
    const settled = await this.#store.transaction(operator, !preview, async (tx) => {
      const candidates = await this.#load(tx, batch);
      const { decided, left } = await this.#settle(tx, candidates, last);
      const writes = decided.flatMap((entry) => this.#writeOf(entry) ?? []);
      for (const write of writes) refuseUnpermitted(this.#request, write);
      if (!preview && writes.length > 0) await this.#write(tx, decided, writes);
      return { decided, left, writes };
    });
    this.deferred.push(...settled.left);
    this.#note(settled.decided, settled.writes);
  }

  async #load(tx: UndoTransaction, batch: readonly UndoStep[]): Promise<Candidate[]> {
    const { target, operator, preview } = this.#request;
    const seen = await tx.seenUsers(
      operator,
      batch.map(({ userId }) => userId),
    );
    const steps = batch.filter(({ userId }) => seen.has(userId));
    if (steps.length === 0 && 'event' in target)
      throw new ActionRefusedError('event-unknown', `There is no event ${target.event}.`);
    const userIds = steps.map(({ userId }) => userId);
    const users = new Map((await tx.users(userIds, !preview)).map((row) => [row.subject.user.id, row]));
    const links = Map.groupBy(await tx.currentLinks(userIds), (link) => link.userId);
    return (await tx.undoable(steps.map(({ id }) => id))).flatMap((event): Candidate[] => {
      const row = users.get(event.userId);
      return row === undefined ? [] : [{ event, ...row, links: links.get(event.userId) ?? [] }];
    });
  }

  /** Decides until nobody of the rest loses a unique name. Who does is left for the end; at the end the field is kept. */
  async #settle(
    tx: UndoTransaction,
    candidates: readonly Candidate[],
    last: boolean,
  ): Promise<{ decided: Decided[]; left: UndoStep[] }> {
    const world = await this.#world(tx, candidates);
    const lost = new Map<UserId, Set<UniqueField>>();
    const left: UndoStep[] = [];
    let rest = candidates;
    let holders: ReadonlyMap<string, UserId> | undefined;
    for (;;) {
      const decided = rest.map((candidate) => this.#decide(candidate, world, lost.get(candidate.event.userId)));
      holders ??= await this.#holders(tx, decided);
      const outcomes = resolveBids(
        decided.map(({ bidder }) => bidder),
        holders,
      );
      const losers = decided.filter(({ bidder }) => (outcomes.get(bidder)?.lost.length ?? 0) > 0);
      if (losers.length === 0) return { decided, left };
      if (last)
        for (const { bidder, event } of losers)
          for (const { claim } of outcomes.get(bidder)?.lost ?? [])
            lost.set(event.userId, (lost.get(event.userId) ?? new Set<UniqueField>()).add(claim.field));
      else {
        left.push(...losers.map(({ event }) => ({ id: event.id, userId: event.userId })));
        const leaving = new Set(losers.map(({ event }) => event.userId));
        rest = rest.filter(({ event }) => !leaving.has(event.userId));
      }
    }
  }

  async #world(tx: UndoTransaction, candidates: readonly Candidate[]): Promise<World> {
    const bindings = new Map<SourceId, TeamBindings>();
    const rules = new Map<SourceId, SourceRules>();
    for (const source of new Set(candidates.map(({ event }) => event.source))) {
      bindings.set(source, new Map((await tx.sourceTeams(source)).map((team) => [team.externalId, team.teamId])));
      const configured = this.#rules.rulesOf(source);
      if (configured === undefined) continue;
      const [roleMeanings, sharedKeys] = [await tx.roleMeanings(source), await tx.sharedKeys()];
      rules.set(source, { ...configured, roleMeanings, sharedKeys });
    }
    const teamNames = new Map((await tx.teams()).map((team) => [team.id, team.name]));
    return { teamNames, bindings, rules, now: await tx.now() };
  }

  async #holders(tx: UndoTransaction, decided: readonly Decided[]): Promise<ReadonlyMap<string, UserId>> {
    const holders = await tx.claimHolders(decided.flatMap(({ bidder }) => bidder.wants));
    return new Map([...holders].filter(([key, holder]) => this.#freed.get(key) !== holder));
  }

  #decide(candidate: Candidate, world: World, lost: ReadonlySet<UniqueField> = new Set()): Decided {
    const { event, subject } = candidate;
    const ended = this.#isLeft(event) ? [] : this.#endedLinks(candidate);
    const decision = decideUndo({
      ends: ended.map((link) => link.source),
      ...{ subject, source: event.source, ownsSlot: event.ownsSlot, content: this.#ends(event) ? null : event.content },
      changes: event.former === null ? [] : this.#asked(event),
      leave: this.#isLeft(event),
      former: event.former ?? { values: {}, silentSince: {} },
      rules: world.rules.get(event.source) ?? null,
      bindings: world.bindings.get(event.source) ?? new Map<string, TeamId | null>(),
      teamNames: world.teamNames,
      lost,
      now: world.now,
    });
    const account = { id: event.accountId, externalId: event.externalId };
    return { ...candidate, decision, bidder: bidderOf(account, event.userId, subject.user.value, decision.after) };
  }

  get #field(): string | null {
    const { target } = this.#request;
    return ('field' in target ? target.field : undefined) ?? null;
  }

  #asked({ changes }: UndoableEvent): readonly Change[] {
    const field = this.#field;
    return field === null ? changes : changes.filter((change) => change.field === field);
  }

  /** Whom a person has changed since an undone run stays as they are, wholly, and is named. */
  #isLeft({ editedSince }: UndoableEvent): boolean {
    return editedSince && isOfMany(this.#request.target);
  }

  /** Undoing a link or a creation as a whole ends links; a single field leaves them. */
  #ends({ type }: UndoableEvent): boolean {
    return type !== 'user-changed' && this.#field === null;
  }

  /** A creation ends every link of its user. */
  #endedLinks({ event, links }: Candidate): readonly UndoneLink[] {
    if (!this.#ends(event)) return [];
    return event.type === 'user-created' ? links : links.filter((link) => link.accountId === event.accountId);
  }

  /** Null where there is nothing to write. */
  #writeOf(entry: Decided): UndoWrite | null {
    const { event, decision, subject } = entry;
    if (this.#isLeft(event)) return null;
    const creation = this.#ends(event) && event.type === 'user-created';
    const ended = this.#endedLinks(entry);
    const deactivates = creation && subject.user.active;
    if (decision.slot === null && ended.length === 0 && !deactivates) return null;
    return {
      ...{ event, decision, ended, deactivates, value: decision.after },
      type: deactivates ? 'deactivated' : ended.length > 0 ? 'link-ended' : 'user-changed',
      changes: [
        ...decision.changes,
        ...(deactivates ? [{ field: 'active', before: 'yes', after: 'no' }] : []),
        ...ended.map((link) => ({ field: `link.${link.source}`, before: link.externalId, after: null })),
      ],
    };
  }

  async #write(tx: UndoTransaction, decided: readonly Decided[], writes: readonly UndoWrite[]): Promise<void> {
    const byUser = new Map(decided.map((entry) => [entry.event.userId, entry]));
    const entries = writes.flatMap((write) => {
      const entry = byUser.get(write.event.userId);
      return entry === undefined ? [] : [{ ...entry, write }];
    });
    await tx.saveUsers(writes.map((write) => ({ userId: write.event.userId, value: write.value })));
    await tx.saveClaims(
      entries.map(({ bidder }): ClaimWrite => ({ userId: bidder.user, take: bidder.wants, release: bidder.gives })),
    );
    await tx.saveUndone(writes, this.#request);
    await tx.saveVoices(
      writes.flatMap(({ event: { userId }, decision: { silenced } }) =>
        silenced.map((source) => ({ userId, source, voice: 'ended' as const })),
      ),
    );
    const keys = entries.map((entry) => ({ userId: entry.event.userId, ...this.#keys(entry, entry.write) }));
    const moved = keys.filter((each) => each.before.join('\n') !== each.keys.join('\n'));
    await tx.saveUserKeys(moved);
    await tx.wakeByKeys([...new Set(moved.flatMap((each) => [...each.before, ...each.keys]))]);
    await tx.wakeByItems(
      writes.map((write) => write.event.userId),
      entries.flatMap(({ bidder }) => bidder.gives.map(claimKey)),
    );
  }

  #keys(entry: Decided, write: UndoWrite): { keys: string[]; before: string[] } {
    const { subject, linkedSources, decision, event } = entry;
    const still = linkedSources.filter((source) => !write.ended.some((link) => link.source === source));
    const slots = subject.snapshots
      .filter((slot) => still.includes(slot.source))
      .map((slot) => (slot.source === event.source ? (decision.slot ?? slot) : slot));
    const { allMatchRules } = this.#rules;
    return {
      keys: userKeys(decision.after.fields, slots, allMatchRules),
      before: keysBefore(subject, linkedSources, { allMatchRules }),
    };
  }

  #note(decided: readonly Decided[], writes: readonly UndoWrite[]): void {
    const written = new Map(writes.map((write) => [write.event.userId, write]));
    for (const entry of decided) {
      const write = written.get(entry.event.userId);
      const user = undoneUser(entry, write, this.#ends(entry.event));
      this.#outcomes.set(user.userId, together(this.#outcomes.get(user.userId), user.outcome));
      this.#counts.linksEnded += write?.ended.length ?? 0;
      this.#counts.deactivated += write?.deactivates === true ? 1 : 0;
      if (write !== undefined) for (const source of sourcesOf(write)) this.sources.add(source);
      if ((this.#namesAll || user.kept.length > 0) && this.#named.length < mostNamed) this.#named.push(user);
      if (this.#request.preview) for (const claim of entry.bidder.gives) this.#freed.set(claimKey(claim), user.userId);
    }
  }
}

/** Decisions on one user that went back, and one that did not, are a user who is partly back. */
function together(before: UndoneUser['outcome'] | undefined, now: UndoneUser['outcome']): UndoneUser['outcome'] {
  if (before === undefined || before === now) return now;
  const rest = [before, now].filter((outcome) => outcome !== 'already');
  return rest.length === 1 ? (rest[0] ?? now) : 'partly';
}

function sourcesOf({ event, ended }: UndoWrite): SourceId[] {
  return [event.source, ...ended.map((link) => link.source)];
}

function undoneUser(
  { event, decision, subject, links }: Decided,
  write: UndoWrite | undefined,
  ends: boolean,
): UndoneUser {
  const base = { userId: event.userId, username: subject.user.value.fields.username ?? null };
  const kept = [...decision.kept, ...(write === undefined && ends ? keptLinks(event, links) : [])];
  const changes = write?.changes ?? [];
  if (write === undefined) return { ...base, outcome: kept.length > 0 ? 'untouched' : 'already', changes, kept };
  return { ...base, outcome: kept.length > 0 ? 'partly' : 'back', changes, kept };
}

/** The link that a decision made, where it stays because a person has changed the user since. */
function keptLinks({ accountId, source, externalId }: UndoableEvent, links: readonly UndoneLink[]): KeptChange[] {
  const stands = links.some((link) => link.accountId === accountId);
  return stands ? [{ field: `link.${source}`, undone: externalId, now: externalId, why: 'edited-since' }] : [];
}
