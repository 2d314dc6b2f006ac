import { isDeepStrictEqual } from 'node:util';
import type { Gone, Read, ReadEnd, Session } from '../../src/connector-kit/contract.ts';
import type { AccountContent, AccountRecord } from '../../src/domain/account.ts';
import { merge, validateRecord } from '../../src/import/content.ts';

/** What one read has changed. */
export type MirrorChange = {
  /** The ids of accounts that came, came back, or differ from before. */
  readonly changed: readonly string[];
  readonly gone: readonly Gone[];
  /** The ids of accounts that a list of everybody did not show. */
  readonly missing: readonly string[];
  readonly end: ReadEnd;
};

/** The accounts of one source as an import would hold them, and the cursor that it would keep: for comparing reads. */
export class AccountMirror {
  readonly accounts = new Map<string, AccountContent>();
  /** What was known of accounts that have gone. */
  readonly #gone = new Map<string, AccountContent>();
  cursor = '';

  /** The same accounts, to be read in another way. */
  copy(): AccountMirror {
    const copy = new AccountMirror();
    for (const [id, content] of this.accounts) copy.accounts.set(id, content);
    return copy;
  }

  async readAll(session: Session, signal: AbortSignal): Promise<MirrorChange> {
    return this.#take(session.readAll(signal), true);
  }

  /** Reads the changes since the last read. */
  async readChanges(session: Session, signal: AbortSignal): Promise<MirrorChange> {
    if (session.readChanges === undefined) throw new Error('it reads no changes');
    return this.#take(session.readChanges(this.cursor, signal), false);
  }

  async #take(read: Read, full: boolean): Promise<MirrorChange> {
    const before = new Map(this.accounts);
    const seen = new Set<string>();
    const gone: Gone[] = [];
    for (;;) {
      const step = await read.next();
      if (step.done === true) return this.#end(step.value, { before, seen, gone, full });
      for (const record of step.value.records) {
        if (seen.has(record.externalId)) throw new Error(`${record.externalId} came twice`);
        seen.add(record.externalId);
        this.#put(record);
      }
      for (const record of step.value.sighted ?? []) {
        seen.add(record.externalId);
        if (this.accounts.has(record.externalId) || this.#gone.has(record.externalId)) this.#put(record);
      }
      for (const each of step.value.gone) if (this.#drop(each.externalId)) gone.push(each);
    }
  }

  #end(
    end: ReadEnd,
    so: { before: ReadonlyMap<string, AccountContent>; seen: ReadonlySet<string>; gone: Gone[]; full: boolean },
  ): MirrorChange {
    const missing: string[] = [];
    if (end.whole && (so.full || end.showsEverybody === true))
      for (const id of this.accounts.keys()) if (!so.seen.has(id) && this.#drop(id)) missing.push(id);
    if (end.whole && end.cursor !== undefined) this.cursor = end.cursor;
    const changed = [...this.accounts].flatMap(([id, content]) =>
      isDeepStrictEqual(content, so.before.get(id)) ? [] : [id],
    );
    return { changed, gone: so.gone, missing, end };
  }

  #put(record: AccountRecord): void {
    const said = validateRecord(record);
    if ('reason' in said) return;
    const known = this.accounts.get(said.externalId) ?? this.#gone.get(said.externalId);
    this.accounts.set(said.externalId, known === undefined ? said.content : merge(known, said.content, said));
    this.#gone.delete(said.externalId);
  }

  #drop(id: string): boolean {
    const content = this.accounts.get(id);
    if (content === undefined) return false;
    this.#gone.set(id, content);
    return this.accounts.delete(id);
  }
}
