/**
 * Remembers which ids one read has brought, in 8 bytes each instead of whole texts, so that memory stays small for a million.
 * Ids are told apart by 64 bits of hash: among a million the chance of taking two for one is below 1 in 10 million, and then
 * the read merely cannot prove absence.
 */
export class SeenIds {
  #slots = new Uint32Array(2 * 4_096);
  #count = 0;

  /** True the first time that an id comes. */
  add(id: string): boolean {
    const [high, low] = hash(id);
    if (!place(this.#slots, high, low)) return false;
    this.#count += 1;
    if (this.#count * 4 > this.#slots.length) this.#grow();
    return true;
  }

  /** Keeps the table at most half full. */
  #grow(): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(old.length * 2);
    for (let at = 0; at < old.length; at += 2) {
      const high = old[at] ?? 0;
      if (high !== 0) place(this.#slots, high, old[at + 1] ?? 0);
    }
  }
}

/** Puts a hash into the first free slot of its run; false when it is there already. A free slot has 0 in its first half. */
function place(slots: Uint32Array, high: number, low: number): boolean {
  const mask = slots.length / 2 - 1;
  for (let index = low & mask; ; index = (index + 1) & mask) {
    const found = slots[2 * index];
    if (found === 0) {
      slots[2 * index] = high;
      slots[2 * index + 1] = low;
      return true;
    }
    if (found === high && slots[2 * index + 1] === low) return false;
  }
}

/** Two FNV-1a hashes with different starts and a final mix; the first is never 0. */
function hash(id: string): [high: number, low: number] {
  let high = 0x811c9dc5;
  let low = 0x01000193;
  for (let at = 0; at < id.length; at += 1) {
    const unit = id.charCodeAt(at);
    high = Math.imul(high ^ unit, 0x01000193);
    low = Math.imul(low ^ unit, 0x85ebca6b);
  }
  return [mix(high) || 1, mix(low)];
}

function mix(value: number): number {
  let mixed = value ^ (value >>> 16);
  mixed = Math.imul(mixed, 0x7feb352d);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}
