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
