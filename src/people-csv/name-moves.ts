import { claimKey, type Claim } from '../domain/claim.ts';
import type { UserId } from '../domain/user.ts';
import type { Bidder } from '../reconcile/bids.ts';
import { exchanges } from '../reconcile/exchanges.ts';
import { lostNames, type LostName } from '../reconcile/name-moves.ts';
import { columnOfField } from './columns.ts';
import type { ArrangedRow, ShownRow } from './ports.ts';
import type { RowPlan, RowSubject } from './row-plan.ts';
import type { RowError } from './said-row.ts';

/** A row that was decided on, before its import is shown. */
export interface Decided {
  readonly shown: ShownRow;
  readonly plan: RowPlan | null;
  readonly subject: RowSubject | null;
}

/** A row with mistakes more: it is not carried out. */
export function withErrors(shown: ShownRow, errors: readonly RowError[]): ShownRow {
  return { ...shown, errors: [...shown.errors, ...errors], classes: [], digest: null, said: null, undo: null };
}

/** A row that takes a name which somebody has, or gives one up. */
interface Move extends Pick<RowPlan, 'classes' | 'guardClasses'> {
  readonly row: number;
  /** Of somebody who would be created, a number that is nobody's. */
  readonly userId: UserId;
  readonly wants: readonly Claim[];
  readonly gives: readonly Claim[];
}

/**
 * How unique names move between the rows of one file (spec 4.7), decided over all of them: two may exchange theirs, and a name that one
 * row gives up may be taken by another.
 */
export class NameMoves {
  /** The row in which each wanted name that nobody has was met first. */
  readonly #first = new Map<string, number>();
  readonly #moves = new Map<number, Move>();
  readonly #contested = new Set<number>();
  readonly #holders = new Map<string, UserId>();
  readonly #unseen = new Set<UserId>();

  /** Notes a row; gives it with what is wrong with its names already. */
  add(
    decided: Decided,
    { wants, gives }: Pick<Move, 'wants' | 'gives'>,
    holders: ReadonlyMap<string, UserId>,
    seen: ReadonlySet<UserId>,
  ): Decided {
    const { shown, plan } = decided;
    const userId = shown.userId ?? -shown.row;
    const errors: RowError[] = [];
    const held: Claim[] = [];
    for (const claim of wants) {
      const key = claimKey(claim);
      const [earlier, holder] = [this.#first.get(key), holders.get(key)];
      if (holder === userId) continue;
      if (holder === undefined) {
        if (earlier === undefined) this.#first.set(key, shown.row);
        else errors.push(repeated(claim, earlier));
        continue;
      }
      held.push(claim);
      this.#holders.set(key, holder);
      if (!seen.has(holder)) this.#unseen.add(holder);
    }
    if (errors.length > 0) return { ...decided, shown: withErrors(shown, errors) };
    if (held.length > 0) this.#contested.add(shown.row);
    if (held.length + gives.length > 0) {
      const { classes } = shown;
      this.#moves.set(shown.row, {
        row: shown.row,
        userId,
        wants: held,
        gives,
        classes,
        guardClasses: plan?.guardClasses ?? [],
      });
    }
    return decided;
  }

  /** The row is not carried out for another reason: it takes no name and gives none up. */
  drop(row: number): void {
    this.#moves.delete(row);
    this.#contested.delete(row);
  }

  /** It takes a name that somebody has now. */
  isContested(row: number): boolean {
    return this.#contested.has(row);
  }

  /** What becomes of the rows behind the last one; `failed` are those that were taken for good until now. */
  end(): { readonly arranged: readonly ArrangedRow[]; readonly failed: readonly Move[] } {
    if (this.#contested.size === 0) return { arranged: [], failed: [] };
    const moves = [...this.#moves.values()];
    const lost = lostNames(moves, this.#holders);
    const rowOf = new Map(moves.map(({ userId, row }) => [userId, row]));
    const failing = moves.filter((move) => lost.has(move));
    const errors = failing.map((move) => ({ ...move, errors: [this.#lost(lost.get(move), rowOf)] }));
    const standing = moves.filter((move) => !lost.has(move));
    const outcomes = new Map(standing.map((move) => [bidder(move), { lost: [], swaps: move.wants.length > 0 }]));
    const turns = exchanges(outcomes).flatMap((group, index) =>
      group.map((userId) => ({ row: rowOf.get(userId) ?? 0, turn: index + 1, errors: [] })),
    );
    return {
      arranged: [...turns, ...errors.map(({ row, errors: wrong }) => ({ row, turn: 0, errors: wrong }))],
      failed: failing,
    };
  }

  #lost(loss: LostName | undefined, rowOf: ReadonlyMap<UserId, number>): RowError {
    if (loss === undefined) throw new Error('a row that loses no name is not refused for one');
    const { claim, holder } = loss;
    const row = rowOf.get(holder);
    if (row !== undefined && this.#holders.get(claimKey(claim)) !== holder) return repeated(claim, row);
    const who = this.#unseen.has(holder) ? 'somebody whom you do not see' : `user ${String(holder)}`;
    const why =
      row === undefined
        ? 'give another value, or change that user first'
        : `row ${String(row)} would change that, and cannot be carried out itself`;
    return {
      ...{ column: columnOfField(claim.field), code: 'unique-taken' },
      message: `"${claim.value}" is that of ${who}: ${why}.`,
    };
  }
}

function repeated({ field, value }: Claim, earlier: number): RowError {
  return {
    ...{ column: columnOfField(field), code: 'unique-repeated' },
    message: `Row ${String(earlier)} takes "${value}" already.`,
  };
}

function bidder({ userId, wants, gives }: Move): Bidder {
  return { user: userId, accountId: 0, externalId: '', wants, gives, allOrNothing: false };
}
