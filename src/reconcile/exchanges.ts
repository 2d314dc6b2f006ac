import { claimKey } from '../domain/claim.ts';
import type { UserId } from '../domain/user.ts';
import type { Bidder, Outcome } from './bids.ts';

/**
 * Users between whom won names move, in an order in which they can be written: who gives a name up comes before who takes it. Those
 * that exchange names with each other in a circle stand together: only they must be written at once (architecture 1). Pure, and
 * linear in the number of names.
 */
export function exchanges(outcomes: ReadonlyMap<Bidder, Outcome>): readonly (readonly UserId[])[] {
  const givers = new Map(
    [...outcomes.keys()].flatMap((bidder) => bidder.gives.map((claim) => [claimKey(claim), bidder])),
  );
  const from = new Map<Bidder, Bidder[]>();
  for (const [bidder, outcome] of outcomes) {
    if (!outcome.swaps) continue;
    const lost = new Set(outcome.lost.map(({ claim }) => claimKey(claim)));
    const keys = bidder.wants.map(claimKey).filter((key) => !lost.has(key));
    from.set(
      bidder,
      keys.flatMap((key) => givers.get(key) ?? []).filter((giver) => giver !== bidder),
    );
  }
  return circles([...from.keys()], (bidder) => from.get(bidder) ?? []).map((group) => group.map(({ user }) => user));
}

interface Visit<Node> {
  readonly node: Node;
  readonly edges: readonly Node[];
  next: number;
  readonly index: number;
  low: number;
}

/** Tarjan's strongly connected components, without recursion: what a node's edges lead to comes before the node. */
function circles<Node>(nodes: readonly Node[], edgesOf: (node: Node) => readonly Node[]): Node[][] {
  const found = new Map<Node, Visit<Node>>();
  const done = new Set<Node>();
  const open: Node[] = [];
  const groups: Node[][] = [];
  const begin = (node: Node): Visit<Node> => {
    const visit = { node, edges: edgesOf(node), next: 0, index: found.size, low: found.size };
    found.set(node, visit);
    open.push(node);
    return visit;
  };
  for (const start of nodes) {
    if (found.has(start)) continue;
    const path = [begin(start)];
    for (let at = path.at(-1); at !== undefined; at = path.at(-1)) {
      const edge = at.edges[at.next++];
      if (edge !== undefined) {
        const known = found.get(edge);
        if (known === undefined) path.push(begin(edge));
        else if (!done.has(edge)) at.low = Math.min(at.low, known.index);
        continue;
      }
      path.pop();
      const before = path.at(-1);
      if (before !== undefined) before.low = Math.min(before.low, at.low);
      if (at.low !== at.index) continue;
      const group = open.splice(open.lastIndexOf(at.node));
      for (const node of group) done.add(node);
      groups.push(group);
    }
  }
  return groups;
}

/** Groups in their order, put together as long as no more than so many users are in one part; a larger group is one by itself. */
export function inParts(groups: readonly (readonly UserId[])[], most: number): UserId[][] {
  const parts: UserId[][] = [];
  for (const group of groups) {
    const last = parts.at(-1);
    if (last !== undefined && last.length + group.length <= most) last.push(...group);
    else parts.push([...group]);
  }
  return parts;
}
