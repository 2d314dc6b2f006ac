import type { AccountRecord, RejectedRecord } from '../domain/account.ts';
import type { Page } from './contract.ts';
import { SeenIds } from './seen-ids.ts';

/** In records, rejected ones included. */
const pageSize = 1000;

/** What one read of a list has met: the page that is being filled, and what keeps the read from proving absence (spec 2.2). */
export class Collected {
  readonly #seen = new SeenIds();
  #records: AccountRecord[] = [];
  #rejected: RejectedRecord[] = [];
  #count = 0;
  #withoutId = 0;
  #repeated = 0;

  get pageIsFull(): boolean {
    return this.#records.length + this.#rejected.length >= pageSize;
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  add(record: AccountRecord, position: string): void {
    if (this.#isNew(record.externalId)) this.#records.push(record);
    else this.#rejected.push({ externalId: record.externalId, position, reason: 'its id came before in this read' });
  }

  reject(rejected: RejectedRecord): void {
    if (rejected.externalId === undefined) {
      this.#count += 1;
      this.#withoutId += 1;
    } else {
      this.#isNew(rejected.externalId);
    }
    this.#rejected.push(rejected);
  }

  takePage(): Page {
    const page = { records: this.#records, gone: [], rejected: this.#rejected };
    this.#records = [];
    this.#rejected = [];
    return page;
  }

  /** Why absence proves nothing, apart from the list itself. */
  doubts(): readonly string[] {
    return [
      ...(this.#withoutId === 0 ? [] : [`records without a usable id: ${String(this.#withoutId)}`]),
      ...(this.#repeated === 0 ? [] : [`ids that came twice: ${String(this.#repeated)}`]),
    ];
  }

  #isNew(externalId: string): boolean {
    this.#count += 1;
    if (this.#seen.add(externalId)) return true;
    this.#repeated += 1;
    return false;
  }
}
