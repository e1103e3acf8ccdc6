/**
 * Who tells whom: trees of width three, computed by every node for itself from sorted lists that all of them share.
 *
 * Nodes without a live connection are skipped over: their children are told instead.
 *
 * @see docs/protocol/sync.md#trees
 */
import type { NodeId } from "./brands.js";

/** Children of a node. Fixed: all nodes must agree. */
export const TREE_WIDTH = 3;

/** A tree as the walks below need it: nodes by their position relative to the root. */
interface Tree {
  /** Last relative position that has a node. */
  readonly last: number;
  /** Node at a relative position; undefined when there is none. */
  nodeAt(position: number): NodeId | undefined;
}

/** Adds the connected children of `position` to `found`, with the children of those that are not connected. */
function collectChildren(tree: Tree, position: number, connected: ReadonlySet<NodeId>, found: Set<NodeId>): void {
  for (let branch = 1; branch <= TREE_WIDTH; branch++) {
    const child = position * TREE_WIDTH + branch;
    if (child > tree.last) return;
    const node = tree.nodeAt(child);
    if (node !== undefined && connected.has(node)) found.add(node);
    else collectChildren(tree, child, connected, found);
  }
}

/** The connected nodes on the way from `position` to the root, nearest first. The root itself has none. */
function connectedAncestors(tree: Tree, position: number, connected: ReadonlySet<NodeId>): NodeId[] {
  const found: NodeId[] = [];
  for (let at = position; at > 0;) {
    at = Math.floor((at - 1) / TREE_WIDTH);
    const node = tree.nodeAt(at);
    if (node !== undefined && connected.has(node)) found.push(node);
  }
  return found;
}

/**
 * The tree along which something spreads over the consensus nodes, rooted where it began: transactions at the node that
 * got them from a client, proposals of rPBFT at the leader.
 */
export class BroadcastTree {
  readonly #nodes: readonly NodeId[];
  /** Our position in the sorted list of consensus nodes; −1 when we are not among them. */
  readonly ownIndex: number;

  /** @param nodes sorted consensus nodes */
  constructor(nodes: readonly NodeId[], self: NodeId) {
    this.#nodes = nodes;
    this.ownIndex = nodes.indexOf(self);
  }

  /**
   * The nodes to which we pass what started at `root`.
   *
   * @param root index of a consensus node, 0 or more; one beyond the list wraps around
   * @param isStart true for the node that got them from a client: the only case in which a node outside the list sends
   */
  children(root: number, connected: ReadonlySet<NodeId>, isStart: boolean): NodeId[] {
    const found = new Set<NodeId>();
    if (this.#nodes.length === 0) return [];
    if (this.ownIndex >= 0) {
      collectChildren(this.#rootedAt(root), this.#relative(root), connected, found);
    } else if (isStart) {
      const node = this.#nodes[root];
      if (node !== undefined && connected.has(node)) return [node];
      // As the C++ node does it: from position `root`, where one would expect position 0.
      collectChildren(this.#rootedAt(root), root, connected, found);
    }
    return [...found];
  }

  /** The connected nodes between us and `root`, nearest first: they had it before us. */
  ancestors(root: number, connected: ReadonlySet<NodeId>): NodeId[] {
    if (this.ownIndex < 0) return [];
    return connectedAncestors(this.#rootedAt(root), this.#relative(root), connected);
  }

  #relative(root: number): number {
    if (this.ownIndex >= root) return this.ownIndex - root;
    const count = this.#nodes.length;
    return (this.ownIndex + count - (root % count)) % count;
  }

  #rootedAt(root: number): Tree {
    const count = this.#nodes.length;
    return { last: count - 1, nodeAt: (position) => this.#nodes[(position + root) % count] };
  }
}

/**
 * The tree along which block status travels: all consensus nodes tell each other, and each of them has a slot of the
 * list of all members below it.
 */
export class BlockStatusTree {
  readonly #consensusNodes: readonly NodeId[];
  readonly #members: readonly NodeId[];
  readonly #isConsensusNode: boolean;
  readonly #memberIndex: number;
  readonly #start: number;
  readonly #size: number;

  /**
   * @param consensusNodes sorted consensus nodes
   * @param members sorted sealers and observers
   */
  constructor(consensusNodes: readonly NodeId[], members: readonly NodeId[], self: NodeId) {
    this.#consensusNodes = consensusNodes;
    this.#members = members;
    const consensusIndex = consensusNodes.indexOf(self);
    this.#isConsensusNode = consensusIndex >= 0;
    this.#memberIndex = members.indexOf(self);
    const slot = consensusNodes.length === 0 ? 1 : Math.ceil(members.length / consensusNodes.length);
    const start = this.#isConsensusNode ? slot * consensusIndex : Math.floor(this.#memberIndex / slot) * slot;
    this.#start = Math.min(start, members.length - 1);
    this.#size = Math.min(this.#start + slot - 1, members.length - 1) - this.#start + 1;
  }

  /** The connected nodes that are to hear of our new block from us. None when we are not in the group. */
  targets(connected: ReadonlySet<NodeId>): NodeId[] {
    const found = new Set<NodeId>();
    const tree = this.#tree();
    if (this.#isConsensusNode) {
      for (const node of this.#consensusNodes) if (connected.has(node)) found.add(node);
      collectChildren(tree, 0, connected, found);
    } else if (this.#memberIndex >= 0) {
      const position = this.#memberIndex + 1 - this.#start;
      const [parent] = connectedAncestors(tree, position, connected);
      if (parent !== undefined) found.add(parent);
      collectChildren(tree, position, connected, found);
    }
    return [...found];
  }

  /** Position 0 stands for the consensus node of the slot; the C++ node looks for it just before the slot, if anywhere. */
  #tree(): Tree {
    const count = this.#members.length;
    return {
      last: this.#size,
      nodeAt: (position) => {
        const index = position + this.#start - 1;
        return index < 0 ? undefined : this.#members[index % count];
      },
    };
  }
}
