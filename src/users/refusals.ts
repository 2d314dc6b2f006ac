import type { Change } from '../domain/change.ts';
import type { Asker } from '../domain/permissions.ts';
import type { SourceId, UserId } from '../domain/user.ts';
import { decideValues } from '../reconcile/decide.ts';
import { activate } from './activation.ts';
import { ActionRefusedError } from './errors.ts';
import type { PersonsEvent, RequestReconcile } from './events.ts';
import { linkAct } from './links.ts';
import type { UserTx } from './ports.ts';
import { actWithin, type UserActionBasis } from './user-action.ts';

/** Which refusals are meant: of a run, a user, a source, a part; all that are named have to hold. */
export interface RefusalFilter {
  readonly run?: number | undefined;
  readonly userId?: UserId | undefined;
  readonly source?: SourceId | undefined;
  /** A part of an account: a field, roles, teams, supervises, gone, identity; or `link` for an undone one. */
  readonly part?: string | undefined;
}

/** `refusal lift` (spec 15.3). */
interface LiftRequest extends Asker {
  readonly filter: RefusalFilter;
  readonly reason?: string | undefined;
  /** Shows what would come of it and keeps nothing. */
  readonly preview: boolean;
}

/** A standing refusal; of an undone link the pair that waits. */
export interface StandingRefusal {
  readonly accountId: number;
  readonly part: string;
  readonly said: string;
  readonly source: SourceId;
  readonly externalId: string;
  /** Whom the account is linked to; of an undone link whom it was. */
  readonly userId: UserId | null;
}

/** What lifting comes to for one account. */
interface LiftedAccount {
  readonly source: SourceId;
  readonly externalId: string;
  readonly userId: UserId | null;
  readonly username: string | null;
  readonly parts: readonly string[];
  /** What of the user the next run applies, or has been applied where a link is back. */
  readonly changes: readonly {
    readonly field: string;
    readonly before: Change['before'];
    readonly after: Change['after'];
  }[];
  /** Why it stays refused; null where it is lifted. */
  readonly refused: { readonly code: string; readonly message: string } | null;
}

interface Lifted {
  readonly preview: boolean;
  readonly counts: {
    readonly refusals: number;
    readonly accounts: number;
    readonly links: number;
    readonly refused: number;
  };
  readonly named: readonly LiftedAccount[];
}

/** What lifting needs of the database. */
export interface RefusalStore {
  /** Refusals behind this account, by account; whole accounts only. */
  page(filter: RefusalFilter, afterAccount: number, limit: number): Promise<readonly StandingRefusal[]>;
  /** The run, as far as reopening depends on it; null where there is none. */
  run(id: number): Promise<{ readonly source: SourceId | null; readonly discarded: boolean } | null>;
  transaction<T>(operator: string, end: 'keep' | 'drop', work: (tx: LiftTx) => Promise<T>): Promise<T>;
}

/** A transaction of people's acts, and what lifting adds to it. */
export type LiftTx = UserTx & {
  /** Takes these refusals away and makes their accounts due, with an event for each account. */
  lift(
    refusals: readonly StandingRefusal[],
    by: { readonly operator: string; readonly reason: string | null },
  ): Promise<void>;
  /** The policy of a discarded run counts again (spec 14.4). */
  liftPolicy(run: number): Promise<void>;
  /** The user is inactive because their creation was undone, and for no later reason. */
  deactivatedByUndo(userId: UserId): Promise<boolean>;
  appendEvent(event: PersonsEvent): Promise<void>;
};

export interface Refusals {
  /** What was refused is decided on anew, by a guarded run; undone links are made again, with their users. @throws ActionRefusedError */
  lift(request: LiftRequest): Promise<Lifted>;
  /** Takes a discard back: the next run proposes it again (spec 13.2). @throws ActionRefusedError */
  reopen(
    request: Asker & { readonly run: number; readonly reason?: string | undefined },
  ): Promise<{ readonly lifted: number }>;
}

const batchSize = 500;
/** Accounts that an answer names. */
const mostNamed = 10_000;

/** What people do about refusals. */
export function createRefusals(
  basis: UserActionBasis,
  store: RefusalStore,
  requestReconcile: RequestReconcile,
): Refusals {
  return {
    async lift(request) {
      const { run, userId, source, part } = request.filter;
      if (run === undefined && userId === undefined && (source === undefined || part === undefined))
        throw new ActionRefusedError(
          'filter-needed',
          'Say what is lifted: of a run, of a user, or a field of a source.',
        );
      const counts = { refusals: 0, accounts: 0, links: 0, refused: 0 };
      const named: LiftedAccount[] = [];
      const sources = new Set<SourceId>();
      await eachBatch(store, request.filter, async (page) => {
        for (const each of await liftBatch(basis, store, request, page)) {
          counts.accounts += 1;
          counts.refusals += each.parts.length;
          if (each.parts.includes('link') && each.refused === null) counts.links += 1;
          if (each.refused !== null) counts.refused += 1;
          if (named.length < mostNamed) named.push(each);
          sources.add(each.source);
        }
      });
      if (counts.accounts === 0)
        throw new ActionRefusedError(
          'nothing-refused',
          'Nothing of that is refused: `rosterd refusal list` shows what is.',
        );
      if (!request.preview) await requestReconcile([...sources].sort());
      return { preview: request.preview, counts, named };
    },
    async reopen({ run: id, operator, may, reason }) {
      const run = await store.run(id);
      if (run === null) throw new ActionRefusedError('run-unknown', `There is no run ${String(id)}.`);
      if (!run.discarded)
        throw new ActionRefusedError(
          'run-not-discarded',
          `Run ${String(id)} was not discarded: what an undo refused is lifted by \`rosterd refusal lift --run ${String(id)}\`.`,
        );
      let lifted = 0;
      const by = { operator, reason: reason ?? `run ${String(id)} reopened` };
      await eachBatch(store, { run: id }, async (page) => {
        await store.transaction(operator, 'keep', (tx) => tx.lift(page, by));
        lifted += page.length;
      });
      await store.transaction(operator, 'keep', async (tx) => {
        if (run.source === null) await tx.liftPolicy(id);
        await tx.appendEvent({
          ...{ operator, may, type: 'run-reopened', source: run.source, userId: null, runId: id, changes: [] },
          reason: reason ?? null,
        });
      });
      await requestReconcile(run.source === null ? [] : [run.source]);
      return { lifted };
    },
  };
}

async function eachBatch(
  store: RefusalStore,
  filter: RefusalFilter,
  work: (page: readonly StandingRefusal[]) => Promise<void>,
): Promise<void> {
  for (let after = 0; ;) {
    const page = await store.page(filter, after, batchSize);
    const last = page.at(-1);
    if (last === undefined) return;
    after = last.accountId;
    await work(page);
  }
}

/** Parts by one statement for all accounts; links one by one, each in a transaction of its own. */
async function liftBatch(
  basis: UserActionBasis,
  store: RefusalStore,
  request: LiftRequest,
  page: readonly StandingRefusal[],
): Promise<LiftedAccount[]> {
  const { operator, reason = null, preview } = request;
  const parts = page.filter(({ part }) => part !== 'link');
  const lifted =
    parts.length === 0
      ? []
      : await store.transaction(operator, preview ? 'drop' : 'keep', async (tx) => {
          const accounts = await foreseen(basis, tx, parts);
          if (!preview) await tx.lift(parts, { operator, reason });
          return accounts;
        });
  const links: LiftedAccount[] = [];
  for (const link of page.filter(({ part }) => part === 'link'))
    links.push(await linkAgain(basis, store, request, link));
  return [...lifted, ...links];
}

/** What the accounts' users would become by what is refused, were it applied now. */
async function foreseen(
  basis: UserActionBasis,
  tx: UserTx,
  parts: readonly StandingRefusal[],
): Promise<LiftedAccount[]> {
  const teamNames = new Map((await tx.teams()).map((team) => [team.id, team.name]));
  const now = await tx.now();
  const changesOf = new Map<number, Pick<LiftedAccount, 'username' | 'changes'>>();
  for (const [source, of] of Map.groupBy(parts, (each) => each.source)) {
    const configured = basis.rules.rulesOf(source);
    const users = [...new Set(of.flatMap(({ userId }) => userId ?? []))];
    if (configured === undefined || users.length === 0) continue;
    const rules = { ...configured, roleMeanings: await tx.roleMeanings(source) };
    const bindings = new Map((await tx.sourceTeams(source)).map((team) => [team.externalId, team.teamId]));
    const liftedParts = Map.groupBy(of, (each) => each.accountId);
    for (const { subject, account } of await tx.subjects(source, users, false)) {
      const gone = liftedParts.get(account.id)?.map(({ part }) => part) ?? [];
      const refusals = new Map([...account.refusals].filter(([part]) => !gone.includes(part)));
      const { changes } = decideValues(subject, { ...account, refusals }, { rules, teamNames, bindings, now });
      changesOf.set(account.id, { username: subject.user.value.fields.username ?? null, changes });
    }
  }
  return [...Map.groupBy(parts, (each) => each.accountId)].flatMap(([accountId, of]): LiftedAccount[] => {
    const [first] = of;
    if (first === undefined) return [];
    const { source, externalId, userId } = first;
    const known = changesOf.get(accountId) ?? { username: null, changes: [] };
    return [{ source, externalId, userId, ...known, parts: of.map(({ part }) => part), refused: null }];
  });
}

/** The link that an undo ended is made again; a user whom the undo of their creation deactivated is active again. */
async function linkAgain(
  basis: UserActionBasis,
  store: RefusalStore,
  { operator, may, reason, preview }: LiftRequest,
  { userId, source, externalId }: StandingRefusal,
): Promise<LiftedAccount> {
  const base = { source, externalId, userId, username: null, parts: ['link'] };
  if (userId === null) return { ...base, changes: [], refused: null };
  const request = { userId, operator, may, reason };
  try {
    const changes = await store.transaction(operator, preview ? 'drop' : 'keep', async (tx) => {
      const back = await tx.deactivatedByUndo(userId);
      const active = await actWithin(tx, basis.rules, request, (user) => (back ? activate(user) : null));
      const linked = await actWithin(tx, basis.rules, request, (user) =>
        linkAct(basis, user, { ...request, source, externalId }),
      );
      return [...active.changes, ...linked.changes];
    });
    return { ...base, changes, refused: null };
  } catch (error) {
    if (!(error instanceof ActionRefusedError)) throw error;
    return { ...base, changes: [], refused: { code: error.code, message: error.message } };
  }
}
