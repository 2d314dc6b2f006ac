/** Something with one key per rule, the strongest rule first; null where a rule has none. */
export interface Related {
  readonly keys: readonly (string | null)[];
}

/** Members that have something in common. */
interface Topic<Member> {
  readonly members: readonly Member[];
  /** Rules stronger than this one tell members apart; null where nothing does. */
  readonly rule: number | null;
}

/**
 * Puts members that cannot be told apart into one group, also by way of others: linear in their number, whatever they share. Two
 * members of a topic are told apart by a stronger rule that both have a key of, and not the same one (spec 4.12). Pure.
 */
export function unite<Member extends Related>(topics: Iterable<Topic<Member>>): ReadonlyMap<Member, readonly Member[]> {
  const sets = new DisjointSets<Member>();
  for (const { members, rule } of topics) {
    if (rule === null) sets.unite(members);
    else uniteAlike(members, rule, sets);
  }
  return sets.groups();
}

/**
 * Members whose keys of the rules before `rule` do not differ. They are compared by which of those rules they have a key of, which
 * is one of few patterns: of two patterns the rules of both count.
 */
function uniteAlike<Member extends Related>(
  members: readonly Member[],
  rule: number,
  sets: DisjointSets<Member>,
): void {
  const patterns = [
    ...Map.groupBy(members, ({ keys }) => {
      return keys.slice(0, rule).reduce((bits, key, at) => bits | (key === null ? 0 : 1 << at), 0);
    }),
  ];
  for (const [index, [pattern, ones]] of patterns.entries()) {
    for (const same of byKeys(ones, pattern).values()) sets.unite(same);
    for (const [other, others] of patterns.slice(index + 1)) {
      const theirs = byKeys(others, pattern & other);
      for (const [keys, own] of byKeys(ones, pattern & other)) {
        const alike = theirs.get(keys);
        if (alike !== undefined) sets.unite([...own, ...alike]);
      }
    }
  }
}

function byKeys<Member extends Related>(members: readonly Member[], pattern: number): Map<string, Member[]> {
  return Map.groupBy(members, ({ keys }) => keys.filter((_, at) => (pattern & (1 << at)) !== 0).join('\n'));
}

class DisjointSets<Member> {
  readonly #parents = new Map<Member, Member>();

  unite([first, ...rest]: readonly Member[]): void {
    if (first === undefined) return;
    for (const member of rest) {
      const [a, b] = [this.#root(first), this.#root(member)];
      if (a !== b) this.#parents.set(b, a);
    }
  }

  /** Shortens the ways that it goes. */
  #root(member: Member): Member {
    let root = member;
    for (let next = this.#parents.get(root); next !== undefined; next = this.#parents.get(root)) root = next;
    for (let at = member; at !== root;) {
      const next = this.#parents.get(at) ?? root;
      this.#parents.set(at, root);
      at = next;
    }
    return root;
  }

  /** Who is in a group with others. */
  groups(): ReadonlyMap<Member, readonly Member[]> {
    const groups = new Map<Member, Member[]>();
    const all = new Set([...this.#parents.entries()].flat());
    for (const member of all) {
      const root = this.#root(member);
      const group = groups.get(root) ?? [];
      groups.set(root, group);
      group.push(member);
    }
    return new Map([...groups.values()].flatMap((group) => group.map((member) => [member, group] as const)));
  }
}
