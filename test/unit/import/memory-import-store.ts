import { silentProofs } from '../../../src/domain/absence.ts';
import type { AccountContent, SourceTeam } from '../../../src/domain/account.ts';
import type { Lease } from '../../../src/domain/lease.ts';
import { contentHash } from '../../../src/import/content.ts';
import type { AccountWrite, ImportStore, ImportTx } from '../../../src/import/ports.ts';

export interface StoredAccount {
  readonly id: number;
  readonly externalId: string;
  content: AccountContent;
  contentHash: string;
  disabled: boolean;
  keys: readonly string[];
  readonly linked: boolean;
  /** How its absence was proven; null while it is present. */
  absence: string | null;
}

/** Accounts of one source in memory: the only thing that is faked when an import is tested. Counts its transactions. */
export class MemoryImportStore implements ImportStore {
  readonly accounts: StoredAccount[] = [];
  /** Teams by id, with their names; null where they are noted as absent. */
  readonly teams = new Map<string, string | null>();
  transactions = 0;

  /** Puts an account there as a former import left it. */
  put(externalId: string, content: Partial<AccountContent> = {}, more: Partial<StoredAccount> = {}): void {
    const whole = { values: {}, ...content };
    this.accounts.push({
      id: this.accounts.length + 1,
      externalId,
      content: whole,
      contentHash: contentHash(whole),
      disabled: whole.disabled ?? false,
      keys: [],
      linked: false,
      absence: null,
      ...more,
    });
    for (const team of whole.teams ?? []) this.teams.set(team.id, team.name);
  }

  of(externalId: string): StoredAccount {
    const found = this.accounts.find((account) => account.externalId === externalId);
    if (found === undefined) throw new Error(`no account ${externalId}`);
    return found;
  }

  /** External ids of accounts that count as present. */
  present(): string[] {
    return this.accounts.flatMap((account) => (account.absence === null ? [account.externalId] : [])).sort();
  }

  anyKnown: ImportStore['anyKnown'] = () => Promise.resolve(this.accounts.length > 0);

  known: ImportStore['known'] = (_source, externalIds) =>
    Promise.resolve(
      this.accounts
        .filter((account) => externalIds.includes(account.externalId))
        .map(({ id, externalId, contentHash: hash, absence }) => ({
          id,
          externalId,
          contentHash: hash,
          absent: absence !== null,
        })),
    );

  contents: ImportStore['contents'] = (ids) =>
    Promise.resolve(
      new Map(this.#some(ids).map((account) => [account.id, { content: account.content, linked: account.linked }])),
    );

  countPresent: ImportStore['countPresent'] = () => Promise.resolve(this.present().length);

  countTeamsMissing: ImportStore['countTeamsMissing'] = (_source, seen) =>
    Promise.resolve([...this.teams].filter(([id, name]) => name !== null && !seen.includes(id)).length);

  presentIds: ImportStore['presentIds'] = (_source, after, limit) =>
    Promise.resolve(
      this.accounts
        .filter((account) => account.absence === null && account.id > after)
        .slice(0, limit)
        .map((account) => account.id),
    );

  inLease<T>(_lease: Lease, work: (tx: ImportTx) => Promise<T>): Promise<T> {
    this.transactions++;
    return work(this.#tx);
  }

  analyse: ImportStore['analyse'] = () => Promise.resolve();

  readonly #tx: ImportTx = {
    insertAccounts: (_source, written) => {
      const accounts = written.filter(
        (account) => !this.accounts.some((known) => known.externalId === account.externalId),
      );
      const inserted = accounts.map((account) => this.#insert(account));
      return Promise.resolve(inserted);
    },
    updateAccounts: (accounts) => {
      for (const { id, ...write } of accounts) Object.assign(this.#one(id), write);
      return Promise.resolve();
    },
    markSeen: (ids) => {
      for (const account of this.#some(ids)) account.absence = null;
      return Promise.resolve();
    },
    markAbsent: (ids, proof) => {
      for (const account of this.#some(ids))
        if (account.absence === null || !silentProofs.includes(proof)) account.absence = proof;
      return Promise.resolve();
    },
    saveTeams: (_source, teams: readonly SourceTeam[]) => {
      for (const team of teams) this.teams.set(team.id, team.name);
      return Promise.resolve();
    },
    markTeamsAbsent: (_source, seen) => {
      for (const id of this.teams.keys()) if (!seen.includes(id)) this.teams.set(id, null);
      return Promise.resolve();
    },
  };

  #insert(account: AccountWrite): { id: number; externalId: string } {
    if (this.accounts.some((known) => known.externalId === account.externalId))
      throw new Error(`the account ${account.externalId} is there already`);
    const id = this.accounts.length + 1;
    this.accounts.push({ ...account, id, linked: false, absence: null });
    return { id, externalId: account.externalId };
  }

  #some(ids: readonly number[]): StoredAccount[] {
    return this.accounts.filter((account) => ids.includes(account.id));
  }

  #one(id: number): StoredAccount {
    const [found] = this.#some([id]);
    if (found === undefined) throw new Error(`no account with the id ${id}`);
    return found;
  }
}
