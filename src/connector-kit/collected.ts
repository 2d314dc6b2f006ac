import { idCameTwice } from '../domain/account.ts';
import type { AccountRecord, RejectedRecord } from '../domain/account.ts';
import type { Page } from './contract.ts';
import { SeenIds } from './seen-ids.ts';

/** In records, rejected ones included. */
const pageSize = 1000;

/** What one read of a list has met: the page that is being filled. Of records with one id the first counts (spec 2.2). */
export class Collected {
  readonly #seen = new SeenIds();
  #records: AccountRecord[] = [];
  #rejected: RejectedRecord[] = [];
  #count = 0;

  get pageIsFull(): boolean {
    return this.#records.length + this.#rejected.length >= pageSize;
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  add(record: AccountRecord, position: string): void {
    const { externalId } = record;
    if (this.#isNew(externalId)) this.#records.push(record);
    else this.#rejected.push({ externalId, position, reason: idCameTwice, repeated: true });
  }

  reject(rejected: RejectedRecord): void {
    if (rejected.externalId === undefined) this.#count += 1;
    const repeated = rejected.externalId !== undefined && !this.#isNew(rejected.externalId);
    this.#rejected.push(repeated ? { ...rejected, repeated } : rejected);
  }

  takePage(): Page {
    const page = { records: this.#records, gone: [], rejected: this.#rejected };
    this.#records = [];
    this.#rejected = [];
    return page;
  }

  #isNew(externalId: string): boolean {
    this.#count += 1;
    return this.#seen.add(externalId);
  }
}
