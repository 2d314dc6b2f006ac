import { bidderOf } from '../apply/decisions.ts';
import { sentFile } from '../connector-kit/file.ts';
import { readCsv, type CsvRow } from '../connector-kit/csv.ts';
import type { GuardClass } from '../domain/change.ts';
import { guardClasses } from '../domain/change.ts';
import { claimKey } from '../domain/claim.ts';
import { fold } from '../domain/text.ts';
import { emptyValue, type UserId } from '../domain/user.ts';
import { exceededClasses, type GuardLimits } from '../reconcile/guard.ts';
import { carryOutRows, decide, planDigest, type CarriedOut, type CarryingOut } from './carry-out.ts';
import { clearsWhenMissing, columnNames, columnOfField, type ColumnName } from './columns.ts';
import { placeColumns, type FileProblem, type Mapping, type Places } from './mapping.ts';
import { NameMoves, withErrors, type Decided } from './name-moves.ts';
import type { PlanWorld } from './plan-world.ts';
import type { DoneRow, ImportTx, NewImport, RowUndo, RunningImport, ShownImport, ShownRow } from './ports.ts';
import { rowClasses, type RowClass, type RowPlan, type RowSubject } from './row-plan.ts';
import { readRow, type RowError, type SaidRow } from './said-row.ts';
import { newSubject, rowSubjects, worldOf } from './subjects.ts';

/** A file that is no people.csv: nothing of it was kept. */
class FileRefusedError extends Error {
  override readonly name = 'FileRefusedError';
  readonly code = 'import-file-invalid';
  readonly problems: readonly FileProblem[];

  constructor(problems: readonly FileProblem[]) {
    super(problems.map(({ message }) => message).join(' '));
    this.problems = problems;
  }
}

/** What is to be checked: a file, or what an import did. */
export interface Checking extends CarryingOut {
  readonly limits: GuardLimits;
  readonly batchSize: number;
}

/** One row to be decided on. */
interface Entry {
  readonly row: number;
  readonly said: SaidRow | null;
  readonly undo: RowUndo | null;
  readonly userId: UserId | null;
  readonly errors: readonly RowError[];
  readonly name: string;
}

/** Checks every row of a file, and keeps what each would change and what is wrong with it (spec 17.4, 17.5). @throws FileRefusedError */
export async function checkFile(
  basis: Checking,
  request: Omit<NewImport, 'missing' | 'undoes'> & {
    readonly content: Buffer;
    readonly mapping: Mapping;
    readonly keepMissing: boolean;
  },
): Promise<number> {
  let checked: { readonly work: Check; readonly places: Places } | null = null;
  const rows = readCsv(sentFile(request.content, request.mapping.encoding));
  try {
    for (;;) {
      const { value, done } = await rows.next();
      if (done === true) {
        if (value !== undefined || checked === null) throw unreadable(value ?? 'the file is empty');
        return await checked.work.end();
      }
      if (value.header !== undefined) {
        const { places, problems } = placeColumns(value.header, request.mapping);
        if (problems.length > 0) throw new FileRefusedError(problems);
        const missing = request.keepMissing
          ? []
          : columnNames.filter((column) => clearsWhenMissing(column) && !places.columns.has(column));
        checked = { places, work: await Check.begin(basis, { ...request, missing, undoes: null }, places.unread) };
      }
      if (checked === null) continue;
      const { work, places } = checked;
      for (const { line, reason } of value.flaws) await work.flaw(line, reason);
      for (const row of value.rows) await work.add(entryOf(row, places));
    }
  } catch (error) {
    await checked?.work.drop();
    throw error;
  }
}

/** Shows what taking back an import would change. */
export async function checkUndo(basis: Checking, request: NewImport & { readonly undoes: number }): Promise<number> {
  const work = await Check.begin(basis, request, []);
  try {
    for (let before: number | null = null; ;) {
      const done: readonly DoneRow[] = await basis.store.done(request.undoes, before, basis.batchSize);
      for (const { row, userId, undo, name } of done)
        await work.add({ row, said: null, undo, userId, errors: [], name });
      before = done.at(-1)?.row ?? null;
      if (before === null) return await work.end();
    }
  } catch (error) {
    await work.drop();
    throw error;
  }
}

function unreadable(reason: string): FileRefusedError {
  return new FileRefusedError([
    { column: null, code: 'file-unreadable', message: `The file cannot be read to its end: ${reason}.` },
  ]);
}

function entryOf({ line, cells }: CsvRow, { columns }: Places): Entry {
  const { said, errors } = readRow(line, cells, columns);
  const { 'First Name': first, 'Last Name': last, Login: login } = said.cells;
  const full = [first, last].filter((each) => typeof each === 'string').join(' ');
  const name = full === '' ? (typeof login === 'string' ? login : '') : full;
  return { row: line, said, undo: null, userId: said.userId, errors, name };
}

/** One check under way: rows come in, batches are decided on and kept. */
class Check {
  readonly #basis: Checking;
  readonly #running: RunningImport;
  readonly #unread: readonly string[];
  readonly #counts = new Map<RowClass, number>();
  readonly #guarded = new Map<GuardClass, number>();
  /** The row in which each user was met first. */
  readonly #users = new Map<UserId, number>();
  readonly #moves = new NameMoves();
  #waiting: Entry[] = [];
  #rows = 0;
  #unchanged = 0;
  #errors = 0;

  private constructor(basis: Checking, running: RunningImport, unread: readonly string[]) {
    this.#basis = basis;
    this.#running = running;
    this.#unread = unread;
  }

  static async begin(basis: Checking, request: NewImport, unread: readonly string[]): Promise<Check> {
    const id = await basis.store.add(request);
    const { reason, missing, operator, may } = request;
    return new Check(basis, { id, reason, missing, operator, may }, unread);
  }

  async drop(): Promise<void> {
    await this.#basis.store.drop(this.#running.id);
  }

  async flaw(row: number, reason: string): Promise<void> {
    const error = { column: null, code: 'row-unreadable', message: `The row ${reason}.` };
    await this.add({ row, said: null, undo: null, userId: null, errors: [error], name: '' });
  }

  async add(entry: Entry): Promise<void> {
    this.#waiting.push(entry);
    if (this.#waiting.length >= this.#basis.batchSize) await this.#decideWaiting();
  }

  async end(): Promise<number> {
    await this.#decideWaiting();
    const { store, limits } = this.#basis;
    const { arranged, failed } = this.#moves.end();
    for (let start = 0; start < arranged.length; start += arrangedTogether)
      await store.arrange(this.#running.id, arranged.slice(start, start + arrangedTogether));
    for (const each of failed) this.#countChange(each, -1);
    this.#errors += failed.length;
    const active = await store.transaction(this.#running.operator, 'drop', (tx) => tx.activeUsers());
    const numbers = (of: ReadonlyMap<GuardClass, number>): Record<GuardClass, number> =>
      Object.fromEntries(guardClasses.map((name) => [name, of.get(name) ?? 0])) as Record<GuardClass, number>;
    const shown: ShownImport = {
      ...{ rows: this.#rows, unchanged: this.#unchanged, errors: this.#errors, unread: this.#unread },
      counts: Object.fromEntries(
        rowClasses.map((name) => [name, this.#counts.get(name) ?? 0]),
      ) as ShownImport['counts'],
      // Of nobody there are no per cent: into an empty store everything is beyond the limits.
      exceeded: exceededClasses(numbers(this.#guarded), numbers(new Map()), Math.max(active, 1), limits),
    };
    await store.show(this.#running.id, shown);
    return this.#running.id;
  }

  async #decideWaiting(): Promise<void> {
    const entries = this.#waiting;
    this.#waiting = [];
    if (entries.length === 0) return;
    const { store } = this.#basis;
    // Before the transaction: on the embedded database another question would wait for its end.
    const policy = entries.some(({ userId }) => userId === 0) ? await this.#basis.policyInForce() : null;
    const decided = await store.transaction(this.#running.operator, 'drop', (tx) => this.#decide(tx, entries, policy));
    const rows: ShownRow[] = [];
    for (const { shown, plan } of await this.#played(decided)) {
      this.#count(shown, plan);
      if (shown.digest !== null || shown.errors.length > 0 || shown.kept.length > 0) rows.push(shown);
    }
    await store.addRows(this.#running.id, rows);
  }

  /** A fixed number of statements for all of them. */
  async #decide(
    tx: ImportTx,
    entries: readonly Entry[],
    policy: Awaited<ReturnType<Checking['policyInForce']>> | null,
  ): Promise<readonly Decided[]> {
    const named = await this.#named(tx, entries);
    const { operator, missing } = this.#running;
    const world = await worldOf(tx, this.#running, missing, this.#basis.rules.roleCatalogue);
    const ids = [...new Set(named.flatMap(({ userId }) => (userId === null || userId === 0 ? [] : [userId])))];
    const subjects = await rowSubjects(tx, operator, ids);
    const decided = named.map((entry) => {
      const subject =
        entry.userId === 0 && policy !== null ? newSubject(policy.content, world) : subjects.get(entry.userId ?? 0);
      return this.#planned(entry, subject, world);
    });
    return this.#movesOf(tx, decided);
  }

  /** Finds whom a row names by the login alone, and names twice. */
  async #named(tx: ImportTx, entries: readonly Entry[]): Promise<Entry[]> {
    const loginOf = (entry: Entry): string | null => {
      const login = entry.said?.cells.Login;
      const unreadable = entry.errors.some(({ column }) => column === 'User ID');
      return entry.userId === null && typeof login === 'string' && !unreadable ? login : null;
    };
    const claims = entries.flatMap((entry) => {
      const login = loginOf(entry);
      return login === null ? [] : [{ field: 'username', kind: 'username', value: fold(login) } as const];
    });
    const holders = claims.length === 0 ? new Map<string, UserId>() : await tx.claimHolders(claims);
    return entries.map((entry) => {
      const login = loginOf(entry);
      const holder = login === null ? null : (holders.get(claimKey({ kind: 'username', value: fold(login) })) ?? null);
      const userId = holder ?? entry.userId;
      const errors = [...entry.errors];
      if (login !== null && holder === null)
        errors.push({
          column: 'Login',
          code: 'user-unknown',
          message: `Nobody has the Login "${login}"; a new user has the User ID 0.`,
        });
      const before = userId === null || userId === 0 ? undefined : this.#users.get(userId);
      if (before !== undefined)
        errors.push({
          column: 'User ID',
          code: 'row-repeated',
          message: `Row ${String(before)} is about user ${String(userId)} already.`,
        });
      else if (userId !== null && userId !== 0) this.#users.set(userId, entry.row);
      return { ...entry, userId, errors };
    });
  }

  #planned(entry: Entry, subject: RowSubject | undefined, world: PlanWorld): Decided {
    const unknown =
      subject === undefined && entry.userId !== null
        ? [{ column: 'User ID' as const, code: 'user-unknown', message: `There is no user ${entry.userId}.` }]
        : [];
    const plan =
      subject === undefined || (entry.said === null && entry.undo === null) ? null : decide(entry, subject, world);
    // A cell that could not be read is no blank one: what follows from that is no second mistake.
    const unread = new Set(entry.errors.map(({ column }) => column));
    const further = (plan?.errors ?? []).filter(({ column }) => column === null || !unread.has(column));
    const errors = [...entry.errors, ...unknown, ...further];
    const creates = subject?.creates === true;
    const { fields } = subject?.subject.user.value ?? emptyValue;
    const known = [fields.firstName, fields.lastName].filter((each) => each !== undefined).join(' ');
    const digest = plan === null || errors.length > 0 ? null : planDigest(plan);
    return {
      plan,
      subject: subject ?? null,
      shown: {
        row: entry.row,
        userId: creates || subject === undefined ? null : entry.userId,
        name: known === '' ? entry.name : known,
        // What changes nothing is not kept, nor is what cannot be carried out.
        said: digest === null ? null : entry.said,
        undo: digest === null ? null : entry.undo,
        changes: plan?.changes ?? [],
        kept: plan?.kept ?? [],
        classes: digest === null || plan === null ? [] : plan.classes,
        ...{ errors, digest },
      },
    };
  }

  /**
   * Notes what each takes and gives up of unique names (spec 4.7): that an earlier row takes one is known at once, whether
   * somebody who has one gives it up when all rows are there.
   */
  async #movesOf(tx: ImportTx, decided: readonly Decided[]): Promise<readonly Decided[]> {
    const moves = decided.map(({ plan, subject, shown }) => {
      if (plan === null || subject === null || shown.digest === null) return noMove;
      const before = subject.creates ? emptyValue : subject.subject.user.value;
      return bidderOf({ id: 0, externalId: '' }, 0, before, plan.value);
    });
    const all = moves.flatMap(({ wants }) => wants);
    const holders = all.length === 0 ? new Map<string, UserId>() : await tx.claimHolders(all);
    const seen = await tx.seenUsers(this.#running.operator, [...new Set(holders.values())]);
    return decided.map((each, index) => {
      const { wants, gives } = moves[index] ?? noMove;
      return this.#moves.add(each, { wants, gives }, holders, seen);
    });
  }

  /** Activating applies what the sources say, and deactivating asks them: such rows are played through, all at once. */
  async #played(decided: readonly Decided[]): Promise<readonly Decided[]> {
    const acting = decided.filter(
      ({ shown: { classes, digest, userId } }) =>
        digest !== null && userId !== null && (classes.includes('activated') || classes.includes('deactivated')),
    );
    if (acting.length === 0) return decided;
    const rows = acting.map(({ shown }) => ({ ...shown, withoutWords: this.#moves.isContested(shown.row) }));
    const { done } = await carryOutRows(this.#basis, this.#running, rows, 'drop');
    const byRow = new Map(done.map((each) => [each.result.row, each]));
    return decided.map((each) => {
      const one = byRow.get(each.shown.row);
      if (one === undefined) return each;
      if (one.result.outcome === 'refused') this.#moves.drop(each.shown.row);
      return { ...each, shown: withPlayed(each.shown, one) };
    });
  }

  #count({ errors, digest, classes }: ShownRow, plan: RowPlan | null): void {
    this.#rows += 1;
    if (errors.length > 0) this.#errors += 1;
    else if (digest === null) this.#unchanged += 1;
    this.#countChange({ classes, guardClasses: digest === null ? [] : (plan?.guardClasses ?? []) }, 1);
  }

  #countChange({ classes, guardClasses }: Pick<RowPlan, 'classes' | 'guardClasses'>, by: 1 | -1): void {
    for (const each of classes) this.#counts.set(each, (this.#counts.get(each) ?? 0) + by);
    for (const each of guardClasses) this.#guarded.set(each, (this.#guarded.get(each) ?? 0) + by);
  }
}

const noMove = { wants: [], gives: [] };
/** Rows that one statement arranges. */
const arrangedTogether = 1_000;

/** What playing a row through brings to light: what the sources say, or why it may not be done. */
function withPlayed(shown: ShownRow, { result, changes }: CarriedOut): ShownRow {
  const column: ColumnName = 'Deactivated';
  if (result.outcome === 'refused')
    return withErrors(shown, [{ column, code: result.code ?? 'internal', message: result.message ?? '' }]);
  const known = new Set(shown.changes.map(({ field }) => field));
  const further = changes.filter(({ field }) => !known.has(field) && !/^(override|localValue|account)\./.test(field));
  const added = further.map((change) => ({ ...change, column: columnOfField(change.field), how: 'changed' as const }));
  return { ...shown, changes: [...shown.changes, ...added] };
}
