import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nodeId } from "./index.js";
import type { NodeId } from "./index.js";
import { BlockStatusTree, BroadcastTree } from "./trees.js";

/** Node ids whose order is that of their numbers. */
function ids(count: number): NodeId[] {
  return Array.from({ length: count }, (_, i) => nodeId(i.toString(16).padStart(128, "0")));
}

function pick(nodes: readonly NodeId[], indices: readonly number[]): NodeId[] {
  return indices.map((index) => nodes[index] as NodeId);
}

/** All nodes but `self` and those that are down. */
function reachable(nodes: readonly NodeId[], self: NodeId, down: ReadonlySet<NodeId> = new Set()): Set<NodeId> {
  return new Set(nodes.filter((node) => node !== self && !down.has(node)));
}

describe("transaction tree", () => {
  const nodes = ids(13);
  const [n0, n1, n5] = [nodes[0]!, nodes[1]!, nodes[5]!];

  test("the root tells three, each of these tells three, by hand", () => {
    expect(new BroadcastTree(nodes, n0).children(0, reachable(nodes, n0), true)).toEqual(pick(nodes, [1, 2, 3]));
    expect(new BroadcastTree(nodes, n1).children(0, reachable(nodes, n1), false)).toEqual(pick(nodes, [4, 5, 6]));
    expect(new BroadcastTree(nodes, n5).children(0, reachable(nodes, n5), false)).toEqual([]);
  });

  test("another root turns the list round", () => {
    // Root 5: node 5 stands at position 0, node 1 at (1 + 13 − 5) mod 13 = 9, node 6 at 1 with children 4, 5, 6.
    const n6 = nodes[6]!;
    expect(new BroadcastTree(nodes, n5).children(5, reachable(nodes, n5), true)).toEqual(pick(nodes, [6, 7, 8]));
    expect(new BroadcastTree(nodes, n6).children(5, reachable(nodes, n6), false)).toEqual(pick(nodes, [9, 10, 11]));
    expect(new BroadcastTree(nodes, n1).ancestors(5, reachable(nodes, n1))).toEqual(pick(nodes, [7, 5]));
  });

  test("who is not connected is replaced by its children", () => {
    const connected = reachable(nodes, n0, new Set(pick(nodes, [1, 5])));
    expect(new BroadcastTree(nodes, n0).children(0, connected, true)).toEqual(pick(nodes, [4, 6, 2, 3]));
  });

  test("ancestors are the connected ones up to the root, nearest first", () => {
    const n12 = nodes[12]!;
    const tree = new BroadcastTree(nodes, n12);
    expect(tree.ancestors(0, reachable(nodes, n12))).toEqual(pick(nodes, [3, 0]));
    expect(tree.ancestors(0, reachable(nodes, n12, new Set([nodes[3]!])))).toEqual([n0]);
    expect(new BroadcastTree(nodes, n0).ancestors(0, reachable(nodes, n0))).toEqual([]);
  });

  test("a node outside sends only what starts at it: to the root, or as the C++ node finds the others", () => {
    const outsider = nodeId("f".repeat(128));
    const tree = new BroadcastTree(nodes, outsider);
    expect(tree.ownIndex).toBe(-1);
    expect(tree.children(2, reachable(nodes, outsider), true)).toEqual([nodes[2]]);
    expect(tree.children(2, reachable(nodes, outsider), false)).toEqual([]);
    // Position 2 under root 2: positions 7, 8, 9, which are nodes 9, 10, 11.
    const down = new Set([nodes[2]!]);
    expect(tree.children(2, reachable(nodes, outsider, down), true)).toEqual(pick(nodes, [9, 10, 11]));
  });

  test("B14: roots that no honest node names do no harm", () => {
    for (const root of [13, 14, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
      const children = new BroadcastTree(nodes, n0).children(root, reachable(nodes, n0), false);
      expect(children.every((child) => nodes.includes(child) && child !== n0)).toBe(true);
      expect(new BroadcastTree([], n0).children(root, new Set(), true)).toEqual([]);
    }
  });

  test("every connected node is reached exactly once, whoever starts and whoever is down", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.nat(),
        fc.array(fc.nat(), { maxLength: 30 }),
        (count, from, gone) => {
          const all = ids(count);
          const root = from % count;
          const down = new Set(gone.map((index) => all[index % count] as NodeId));
          down.delete(all[root] as NodeId);
          const reached: NodeId[] = [all[root] as NodeId];
          for (const node of reached) {
            const connected = reachable(all, node, down);
            reached.push(...new BroadcastTree(all, node).children(root, connected, node === all[root]));
          }
          expect([...reached].sort()).toEqual(all.filter((node) => !down.has(node)));
        },
      ),
    );
  });
});

describe("block status tree", () => {
  test("a consensus node tells all of its kind and the first three of its slot, by hand", () => {
    // Ten members, four of them consensus nodes: slots of three members, 0..2, 3..5, 6..8, 9.
    const members = ids(10);
    const consensus = pick(members, [1, 4, 6, 9]);
    const n4 = members[4]!;
    const targets = new BlockStatusTree(consensus, members, n4).targets(reachable(members, n4));
    // Slot of node 4: members 3, 4, 5; itself is no peer.
    expect(targets).toEqual(pick(members, [1, 6, 9, 3, 5]));
  });

  test("another member tells its parent and its children within the slot, by hand", () => {
    // Eleven members, one consensus node: one slot of eleven.
    const members = ids(11);
    const consensus = pick(members, [10]);
    const of = (index: number): NodeId[] =>
      new BlockStatusTree(consensus, members, members[index]!).targets(reachable(members, members[index]!));
    // Member 0 stands at position 1: children at positions 4, 5, 6; its parent would stand before the list.
    expect(of(0)).toEqual(pick(members, [3, 4, 5]));
    // Member 3 at position 4: parent at position 1, no children within eleven: 13 is beyond.
    expect(of(3)).toEqual([members[0]]);
    // Member 2 at position 3: children at positions 10 and 11, the next one is beyond.
    expect(of(2)).toEqual(pick(members, [9, 10]));
  });

  test("in the second slot the parent of the first three is the member before the slot, as in the C++ node", () => {
    const members = ids(8);
    const consensus = pick(members, [0, 1]);
    const n5 = members[5]!;
    expect(new BlockStatusTree(consensus, members, n5).targets(reachable(members, n5))).toEqual([members[3]]);
  });

  test("who is not in the group tells nobody", () => {
    const members = ids(4);
    const outsider = nodeId("f".repeat(128));
    expect(new BlockStatusTree(members, members, outsider).targets(new Set(members))).toEqual([]);
    expect(new BlockStatusTree([], [], outsider).targets(new Set())).toEqual([]);
  });

  test("every member hears of a new block, or stands below a consensus node that has a slot of its own", () => {
    // The second half is a hole in the tree itself: gossip fills it.
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 50 }),
        fc.nat(),
        (count, sealers, from) => {
          const members = ids(count);
          const consensus = members.filter((_, index) => (index * 7) % count < Math.min(sealers, count));
          const slot = Math.ceil(count / consensus.length);
          const reached = new Set([consensus[from % consensus.length] as NodeId]);
          for (const node of reached) {
            const targets = new BlockStatusTree(consensus, members, node).targets(reachable(members, node));
            for (const target of targets) reached.add(target);
          }
          for (const [index, member] of members.entries()) {
            if (reached.has(member)) continue;
            const start = Math.floor(index / slot) * slot;
            const above: NodeId[] = [];
            for (let k = index + 1 - start; k > 3;) {
              k = Math.floor((k - 1) / 3);
              above.push(members[start + k - 1] as NodeId);
            }
            expect(above.some((node) => consensus.includes(node))).toBe(true);
          }
          if (slot <= 3) expect(reached.size).toBe(count);
        },
      ),
    );
  });
});
