import type { AccountContent, SourceTeam } from '../domain/account.ts';

/** A set of account ids as a bit each: one million accounts take 125 kB (architecture 4). */
export class SeenAccounts {
  #bits = new Uint8Array(4096);
  #count = 0;

  /** Adds an id; false when it was there before. */
  add(id: number): boolean {
    const byte = id >> 3;
    if (byte >= this.#bits.length) {
      const grown = new Uint8Array(Math.max(byte + 1, this.#bits.length * 2));
      grown.set(this.#bits);
      this.#bits = grown;
    }
    if (this.has(id)) return false;
    this.#bits[byte] = (this.#bits[byte] ?? 0) | (1 << (id & 7));
    this.#count++;
    return true;
  }

  has(id: number): boolean {
    return ((this.#bits[id >> 3] ?? 0) & (1 << (id & 7))) !== 0;
  }

  get count(): number {
    return this.#count;
  }
}

/** The teams that a read has shown, and whether it showed all of them. */
export class SeenTeams {
  readonly #names = new Map<SourceTeam['id'], string>();
  readonly #read = { teams: 0, supervises: 0 };
  #records = 0;
  #missed = false;

  /** Takes note of the teams of some records; gives those whose name this read has not shown yet. */
  take(contents: readonly AccountContent[]): SourceTeam[] {
    this.#records += contents.length;
    return contents.flatMap((content) => {
      if (content.teams !== undefined) this.#read.teams++;
      if (content.supervises !== undefined) this.#read.supervises++;
      return [...(content.teams ?? []), ...(content.supervises ?? [])].filter((team) => this.#isNew(team));
    });
  }

  /** A record was rejected: its teams are not known. */
  missSome(): void {
    this.#missed = true;
  }

  /** Every team of the source; null where a record's teams were not read, so that nothing can be concluded (spec 2.3, 3.1). */
  all(): SourceTeam['id'][] | null {
    const { teams, supervises } = this.#read;
    const whole = [teams, supervises].every((count) => count === 0 || count === this.#records);
    return this.#missed || !whole || teams + supervises === 0 ? null : [...this.#names.keys()];
  }

  #isNew(team: SourceTeam): boolean {
    if (this.#names.get(team.id) === team.name) return false;
    this.#names.set(team.id, team.name);
    return true;
  }
}
